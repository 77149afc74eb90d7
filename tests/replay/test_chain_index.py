"""The index made from chains of Lotus, against what Lotus says of their messages."""

import base64
from pathlib import Path

import pytest

from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import LocalFault
from papyrus.storage.chain_index import (
    IndexedTipset,
    find_message,
    messages_in,
    messages_of,
    rebuild,
    tipset_at,
    tipsets,
)
from papyrus.storage.chain_index_file import counts, open_index
from papyrus.storage.chain_reading import read_chain, read_outcomes
from papyrus.storage.database import check_index
from papyrus.storage.event_index import EventFilter, FieldValue, events_of, find_events

CHAINS = ["fevm", "multisig", "migration-nv22-nv23"]


@pytest.fixture
def index(tmp_path: Path, lotus_chain):
    opened = open_index(tmp_path / "index.sqlite")
    head = lotus_chain.tipsets[0].key
    made = rebuild(opened, read_chain(lotus_chain.store, head, lotus_chain.network))
    assert made == len(lotus_chain.tipsets)
    yield opened
    opened.close()


@pytest.mark.parametrize("lotus_chain", CHAINS, indirect=True)
def test_index_is_of_the_chain(index, lotus_chain) -> None:
    expected = [IndexedTipset(tipset.height, tipset.key) for tipset in lotus_chain.tipsets]
    assert list(tipsets(index)) == expected[::-1]
    assert check_index(index, lotus_chain.store) == []


@pytest.mark.parametrize("lotus_chain", CHAINS, indirect=True)
def test_messages_have_the_receipts_that_lotus_gave(index, lotus_chain) -> None:
    compared = 0
    for epoch, trace in lotus_chain.traces.items():
        explicit = [
            row for row in trace["out"]["Trace"] or [] if row["Msg"]["From"].lstrip("ft") != "00"
        ]
        found = tipset_at(index, epoch)
        known = [] if found is None else messages_in(index, found.key)
        if epoch == 0:
            assert known == []
            continue
        assert [str(each.cid) for each in known] == [row["MsgCid"]["/"] for row in explicit]
        for each, row in zip(known, explicit, strict=True):
            assert find_message(index, each.cid) == each
            here = (epoch, epoch)
            assert each in messages_of(index, [each.sender], received=False, heights=here)
            assert each in messages_of(index, [each.recipient], sent=False, heights=here)
            if epoch == lotus_chain.tipsets[0].height:
                assert each.receipt is None
                continue
            receipt, expected = each.receipt, row["MsgRct"]
            assert receipt is not None
            assert (receipt.exit_code, receipt.gas_used) == (
                expected["ExitCode"], expected["GasUsed"],
            )  # fmt: skip
            assert receipt.return_data == base64.b64decode(expected["Return"] or "")
            root = expected["EventsRoot"]
            assert receipt.events_root == (root and Cid.from_string(root["/"]))
            assert bool(events_of(index, each.cid)) == (root is not None)
            compared += 1
    assert compared > 0


@pytest.mark.usefixtures("lotus_chain")
@pytest.mark.parametrize("lotus_chain", ["fevm"], indirect=True)
def test_every_event_is_found_by_each_of_its_fields(index) -> None:
    events = find_events(index, EventFilter())
    assert len(events) == counts(index)["event"] > 0
    for event in events:
        for entry in event.stamped.event.entries:
            value = {entry.key: [FieldValue(entry.codec, entry.value)]}
            assert event in find_events(index, EventFilter(fields=value))
            narrow = EventFilter(emitters=(event.stamped.emitter,), fields=value)
            assert event in find_events(index, narrow)


@pytest.mark.parametrize("lotus_chain", ["multisig"], indirect=True)
def test_what_is_missing_or_wrong_is_found(index, lotus_chain) -> None:
    first, second = lotus_chain.tipsets[-1], lotus_chain.tipsets[-2]
    index.connection.execute("DELETE FROM tipset WHERE height = ?", (second.height,))
    third = lotus_chain.tipsets[-3].height
    assert check_index(index, lotus_chain.store) == [
        f"tipset at {third}: its parent is not the one before it"
    ]
    index.connection.execute("UPDATE tipset SET height = height + 100000 WHERE height = 0")
    said = check_index(index, lotus_chain.store)[-2:]
    assert said == [
        "tipset at 100000: its blocks say 0",
        "tipset at 100000: its parent is not the one before it",
    ]
    missing = check_index(index, MemoryBlockstore())
    assert f"tipset at {third}: block" in missing[0]
    with pytest.raises(LocalFault, match="is missing from the store"):
        list(read_chain(MemoryBlockstore(), first.key, lotus_chain.network))
    with pytest.raises(LocalFault, match="cannot be read"):
        read_outcomes(lotus_chain.store, second.parent_state_root)


@pytest.mark.parametrize("lotus_chain", ["multisig"], indirect=True)
def test_headers_alone_are_indexed_by_height(lotus_chain) -> None:
    headers = MemoryBlockstore(
        {
            cid: lotus_chain.store.get(cid)
            for tipset in lotus_chain.tipsets
            for cid in tipset.key.cids
        }
    )
    entries = list(read_chain(headers, lotus_chain.tipsets[0].key, lotus_chain.network))
    assert [entry.tipset.key for entry in entries] == [each.key for each in lotus_chain.tipsets]
    assert all(entry.messages == () for entry in entries)
