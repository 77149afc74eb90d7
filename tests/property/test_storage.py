"""The durable store against a dict, whatever is done to it in whatever order."""

import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from papyrus.ipld.cid import DAG_CBOR, IDENTITY, RAW, SHA2_256, Cid
from papyrus.storage.lmdb_store import Batch, LmdbBlockstore

SMALL_MAP = 1 << 18
DATA = st.one_of(
    st.binary(max_size=40),
    st.integers(0, 255).map(lambda byte: bytes([byte]) * 5000),
)
CIDS = st.one_of(
    st.builds(Cid.of, DATA, st.sampled_from((DAG_CBOR, RAW)), st.just(SHA2_256)),
    st.builds(Cid.of, DATA, st.sampled_from((DAG_CBOR, RAW))),
    st.builds(Cid.of, st.binary(max_size=40), st.just(RAW), st.just(IDENTITY)),
)
PAIRS = st.tuples(CIDS, DATA)


class StoreMachine(RuleBasedStateMachine):
    """A store, opened and closed again and again, and the dict it must equal.

    The store does not look at what a CID says of its block, so the two need not fit. A block that
    is there stays as it is.
    """

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="papyrus-test-"))
        self.model: dict[Cid, bytes] = {}

    @initialize()
    def open(self) -> None:
        self.store = LmdbBlockstore(self.folder / "blocks", map_size=SMALL_MAP)

    @rule(pair=PAIRS)
    def put(self, pair: tuple[Cid, bytes]) -> None:
        self.store.put(*pair)
        self.model.setdefault(*pair)

    @rule(pairs=st.lists(PAIRS, max_size=40))
    def put_many(self, pairs: list[tuple[Cid, bytes]]) -> None:
        before = len(self.model)
        for pair in pairs:
            self.model.setdefault(*pair)
        assert self.store.put_many(pairs) == len(self.model) - before

    @rule(pairs=st.lists(PAIRS, max_size=40), fails=st.booleans())
    def batch(self, pairs: list[tuple[Cid, bytes]], fails: bool) -> None:
        def fill(batch: Batch) -> None:
            for cid, data in pairs:
                batch.put(cid, data)
                assert (batch.get(cid), batch.has(cid)) == (data, True)
                assert self.store.get(cid) == self.model.get(cid)
            if fails:
                raise KeyError

        try:
            with self.store.batch() as batch:
                fill(batch)
        except KeyError:
            return
        for cid, data in dict(pairs).items():
            self.model.setdefault(cid, data)

    @rule(cids=st.lists(CIDS, max_size=5))
    def remove(self, cids: list[Cid]) -> None:
        gone = sum(self.model.pop(cid, None) is not None for cid in cids)
        assert self.store.remove(cids) == gone

    @rule(data=st.data())
    @precondition(lambda self: self.model)
    def remove_known(self, data: st.DataObject) -> None:
        cid = data.draw(st.sampled_from(sorted(self.model)))
        del self.model[cid]
        assert self.store.remove([cid, cid]) == 1

    @rule(cid=CIDS)
    def look(self, cid: Cid) -> None:
        assert self.store.get(cid) == self.model.get(cid)
        assert self.store.has(cid) == (cid in self.model)

    @rule()
    def walk(self) -> None:
        assert list(self.store.blocks()) == sorted(self.model.items())

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.open()

    @invariant()
    def counts(self) -> None:
        assert len(self.store) == len(self.model)

    def teardown(self) -> None:
        assert dict(self.store.blocks()) == self.model
        self.store.close()
        shutil.rmtree(self.folder)


TestStore = StoreMachine.TestCase
TestStore.settings = settings(stateful_step_count=30, max_examples=settings().max_examples // 2)
