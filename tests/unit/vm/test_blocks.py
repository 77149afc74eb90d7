"""The block registry: numbers, and what an actor may reach."""

import pytest

from papyrus.ipld.cid import DAG_CBOR, Cid
from papyrus.primitives.errors import SyscallError
from papyrus.primitives.exit_codes import ErrorNumber
from papyrus.vm import blocks
from papyrus.vm.blocks import NO_DATA, Block, BlockRegistry

CHILD = Cid.of(b"\x80")


def test_blocks_are_numbered_from_one():
    registry = BlockRegistry()
    first, second = Block(DAG_CBOR, b"\x01"), Block(DAG_CBOR, b"\x02")
    assert [registry.put_reachable(first), registry.put_checked(second)] == [1, 2]
    assert (registry.get(1), registry.get(2)) == (first, second)


@pytest.mark.parametrize("block_id", [NO_DATA, 2, 2**32 - 1])
def test_an_unknown_number_is_an_invalid_handle(block_id):
    registry = BlockRegistry()
    registry.put_reachable(Block(DAG_CBOR, b""))
    with pytest.raises(SyscallError) as refused:
        registry.get(block_id)
    assert refused.value.number is ErrorNumber.INVALID_HANDLE


def test_a_new_block_may_link_only_to_what_is_reachable():
    registry = BlockRegistry()
    linking = Block(DAG_CBOR, b"...", (CHILD,))
    with pytest.raises(SyscallError) as refused:
        registry.put_checked(linking)
    assert refused.value.number is ErrorNumber.NOT_FOUND
    registry.mark_reachable(CHILD)
    assert registry.put_checked(linking) == 1


def test_a_reachable_block_makes_its_links_reachable():
    registry = BlockRegistry()
    assert not registry.is_reachable(CHILD)
    registry.put_reachable(Block(DAG_CBOR, b"...", (CHILD,)))
    assert registry.is_reachable(CHILD)


def test_a_full_registry_takes_no_block(monkeypatch):
    monkeypatch.setattr(blocks, "_MAX_BLOCKS", 2)
    registry = BlockRegistry()
    for put in (registry.put_reachable, registry.put_checked):
        assert not registry.is_full
        put(Block(DAG_CBOR, b""))
    assert registry.is_full
    for put in (registry.put_reachable, registry.put_checked):
        with pytest.raises(SyscallError) as refused:
            put(Block(DAG_CBOR, b""))
        assert refused.value.number is ErrorNumber.LIMIT_EXCEEDED


def test_blocks_are_numbered_with_31_bits():
    assert blocks._MAX_BLOCKS == 2**31 - 1
