"""Each actor's code is compiled once, and its native code kept where there is a cache."""

import pytest

from papyrus.ipld.cid import RAW, Cid
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.vm.wasm.modules import ModuleStore

TEXT = '(module (func (export "invoke") (param i32) (result i32) local.get 0))'
OTHER = '(module (func (export "invoke") (param i32) (result i32) i32.const 5))'


class Folder:
    """A cache that counts, over a folder."""

    def __init__(self, folder):
        self.folder = folder
        self.kept = {}

    def get(self, key):
        return self.kept.get(key)

    def put(self, key, compiled):
        path = self.folder / str(len(self.kept))
        path.write_bytes(compiled)
        self.kept[key] = str(path)


@pytest.fixture
def code(wasm):
    return wasm(TEXT)


@pytest.fixture
def cid(code):
    return Cid.of(code, codec=RAW)


@pytest.fixture
def cache(tmp_path):
    return Folder(tmp_path)


def run(engine, module):
    return engine.linker([]).instantiate(module, None, 10**9, 1 << 20, 1 << 20).invoke(9)


def never(_):
    raise LocalFault("the code was loaded again")


def test_module_is_loaded_once(engine, code, cid):
    modules = ModuleStore(engine)
    module = modules.module(cid, {cid: code}.__getitem__)
    assert modules.module(cid, never) is module
    assert run(engine, module) == 9


def test_native_code_is_taken_from_the_cache(engine, code, cid, cache):
    ModuleStore(engine, cache).module(cid, {cid: code}.__getitem__)
    assert run(engine, ModuleStore(engine, cache).module(cid, never)) == 9


def test_native_code_that_is_none_is_made_again(engine, code, cid, cache):
    ModuleStore(engine, cache).module(cid, {cid: code}.__getitem__)
    (key,) = cache.kept
    (cache.folder / "0").write_bytes(b"spoilt")
    module = ModuleStore(engine, cache).module(cid, {cid: code}.__getitem__)
    assert run(engine, module) == 9
    assert cache.kept[key].endswith("1")


def test_codes_are_kept_apart(engine, wasm, code, cid, cache):
    other = wasm(OTHER)
    codes = {cid: code, Cid.of(other, codec=RAW): other}
    modules = ModuleStore(engine, cache)
    results = [run(engine, modules.module(cid, codes.__getitem__)) for cid in codes]
    assert results == [9, 5]
    assert len(cache.kept) == 2


def test_key_names_engine_and_rules(engine, code, cid, cache):
    ModuleStore(engine, cache).module(cid, {cid: code}.__getitem__)
    (key,) = cache.kept
    assert engine.fingerprint in key
    assert "hygge" in key


@pytest.mark.parametrize(
    "text",
    [
        "(module (func drop))",
        "(module (func (result i32 i32) unreachable))",
        "(module (global i32 i32.const 1 i32.const 1 i32.add) (func))",
        "(module (memory 1))",
    ],
    ids=["invalid", "two results", "computed global", "without a function section"],
)
def test_code_that_actors_may_not_have_is_refused(engine, wasm, text, cache):
    code = wasm(text)
    cid = Cid.of(code, codec=RAW)
    with pytest.raises(DecodeError):
        ModuleStore(engine, cache).module(cid, lambda _: code)
    assert cache.kept == {}
