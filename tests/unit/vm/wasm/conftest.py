"""Modules written as text, and the parts of what becomes of them."""

import pytest
import wasmtime

from papyrus.vm.wasm.binary import Section, read_sections, read_u32
from papyrus.vm.wasm.engine import Engine
from papyrus.vm.wasm.rewrite import rewrite


def binary(text):
    return bytes(wasmtime.wat2wasm(text))


def entries(section):
    """Return the sized entries of a code section."""
    count, position = read_u32(section, 0)
    found = []
    for _ in range(count):
        size, position = read_u32(section, position)
        found.append(section[position : position + size])
        position += size
    return found


@pytest.fixture(scope="session")
def wasm():
    """Return what turns the text of a module into its bytes."""
    return binary


@pytest.fixture(scope="session")
def bodies():
    """Return what gives the function bodies of a module: its text, its bytes or its sections."""

    def of(module):
        if isinstance(module, dict):
            return entries(module[Section.CODE])
        code = binary(module) if isinstance(module, str) else module
        return entries(read_sections(code)[Section.CODE])

    return of


@pytest.fixture(scope="session")
def rewritten():
    """Return what gives the sections of the instrumented form of a module's text."""

    def of(text):
        return read_sections(rewrite(binary(text)))

    return of


@pytest.fixture(scope="session")
def rewritten_bodies(bodies):
    """Return what gives the function bodies of the instrumented form of a module's text."""

    def of(text):
        return bodies(rewrite(binary(text)))

    return of


@pytest.fixture(scope="session")
def engine():
    """Return one engine for all tests."""
    return Engine()


@pytest.fixture(scope="session")
def compiled(engine):
    """Return what compiles the text of a module, instrumented."""

    def of(text, *, inline_charges=True):
        code = binary(text)
        engine.validate(code)
        rewritten = rewrite(code, inline_charges=inline_charges, count_growth=True)
        return engine.compile(rewritten)

    return of


@pytest.fixture(scope="session")
def started(engine, compiled):
    """Return what makes an instance of a module's text."""

    def of(
        text,
        *functions,
        gas=10**12,
        memory_limit=1 << 29,
        memory_room=1 << 31,
        context=None,
        inline_charges=True,
    ):
        module = compiled(text, inline_charges=inline_charges)
        linker = engine.linker(functions)
        return linker.instantiate(module, context, gas, memory_limit, memory_room)

    return of
