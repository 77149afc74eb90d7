"""Actor code, ready to run: fetched, instrumented and compiled once.

Compiling an actor takes up to a second, so a module is kept as long as its store lives, and its
native code in a cache if there is one. A cache is trusted: it gives back what was put, or nothing.
"""

from collections.abc import Callable
from typing import Protocol

from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import DecodeError
from papyrus.vm.wasm.engine import Engine, Module
from papyrus.vm.wasm.prices import SINCE_HYGGE, InstrumentationRules
from papyrus.vm.wasm.rewrite import REWRITER, rewrite


class CompiledCodeCache(Protocol):
    """Where native code is kept between runs of the program."""

    def get(self, key: str) -> str | None:
        """Return the path of a file that holds what was put under the key, if it is there."""

    def put(self, key: str, compiled: bytes) -> None:
        """Keep native code under a key; what cannot be kept is forgotten."""


class ModuleStore:
    """The modules of one engine, by the CID of their code."""

    __slots__ = ("_cache", "_engine", "_modules", "_rules")

    def __init__(
        self,
        engine: Engine,
        cache: CompiledCodeCache | None = None,
        rules: InstrumentationRules = SINCE_HYGGE,
    ) -> None:
        """Begin without a module."""
        self._engine = engine
        self._cache = cache
        self._rules = rules
        self._modules: dict[Cid, Module] = {}

    @property
    def engine(self) -> Engine:
        """The engine that compiles and runs the modules."""
        return self._engine

    def module(self, code_cid: Cid, load: Callable[[Cid], bytes]) -> Module:
        """Return the module of some code, calling `load` for the code where it must be compiled.

        Raises DecodeError where the code is no module an actor may have, and what `load` raises.
        """
        module = self._modules.get(code_cid)
        if module is None:
            module = self._cached(code_cid) or self._compiled(code_cid, load(code_cid))
            self._modules[code_cid] = module
        return module

    def _key(self, code_cid: Cid) -> str:
        return f"{code_cid}/{REWRITER}/{self._rules.name}/{self._engine.fingerprint}"

    def _cached(self, code_cid: Cid) -> Module | None:
        path = self._cache.get(self._key(code_cid)) if self._cache else None
        if path is None:
            return None
        try:
            return self._engine.deserialize_file(path)
        except DecodeError:
            return None

    def _compiled(self, code_cid: Cid, code: bytes) -> Module:
        self._engine.validate(code)
        rewritten = rewrite(code, self._rules, inline_charges=True, count_growth=True)
        module = self._engine.compile(rewritten)
        if self._cache:
            self._cache.put(self._key(code_cid), self._engine.serialize(module))
        return module
