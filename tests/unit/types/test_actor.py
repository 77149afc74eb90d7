"""Actors in the state tree, and its root."""

import pytest

from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError
from papyrus.types.actor import ActorState, StateInfo0, StateRoot

CODE = Cid.of(b"\x01")
HEAD = Cid.of(b"\x80")
ETHEREUM = Address.from_ethereum(bytes(19) + b"\x01")


def test_actor_has_five_fields_with_a_place_for_the_delegated_address():
    actor = ActorState(CODE, HEAD, 3, TokenAmount(5), ETHEREUM)
    assert actor.to_ipld() == [CODE, HEAD, 3, b"\x00\x05", bytes(ETHEREUM)]
    assert ActorState.from_cbor(actor.to_cbor()) == actor


def test_actor_had_four_fields_before_version_5():
    actor = ActorState(CODE, HEAD, 3, TokenAmount(5))
    assert actor.to_ipld(fields=4) == [CODE, HEAD, 3, b"\x00\x05"]
    assert ActorState.from_cbor(actor.to_cbor(fields=4)) == actor


@pytest.mark.parametrize("value", [[], [CODE, HEAD, 0], [CODE, HEAD, 0, b"", None, None], None])
def test_other_shapes_are_refused(value):
    with pytest.raises(DecodeError, match="an actor is an array of 4 or 5 fields"):
        ActorState.from_ipld(value)


def test_changed_copies_keep_the_rest():
    actor = ActorState(CODE, HEAD, 3, TokenAmount(5), ETHEREUM)
    assert actor.with_head(CODE) == ActorState(CODE, CODE, 3, TokenAmount(5), ETHEREUM)
    assert actor.with_nonce(4) == ActorState(CODE, HEAD, 4, TokenAmount(5), ETHEREUM)
    assert actor.with_balance(TokenAmount(6)).balance == 6


def test_state_info_is_an_empty_array():
    assert StateInfo0().to_cbor() == b"\x80"
    assert StateInfo0.from_cbor(b"\x80") == StateInfo0()


def test_state_root_is_version_actors_info():
    root = StateRoot(5, CODE, HEAD)
    assert root.to_ipld() == [5, CODE, HEAD]
    assert StateRoot.from_cbor(root.to_cbor()) == root
