"""Telling actors of pieces, as provers of commitments and of replica updates alike do."""

import pytest
from sealing import (
    ACCEPTING,
    FAILING,
    MULTISIG,
    MUMBLING,
    NOBODY_AT_ALL,
    PLACEHOLDER,
    RAMBLING,
    REFUSING,
    REVERTING,
    SILENT,
    codes,
    prove_commit,
    told,
)
from upkeep import NOBODY, SEALING, announce, new_miner, piece, sector, wait

from papyrus.actors.miner.params.numbers import (
    NOTIFICATION_RECEIVER_ABORTED,
    NOTIFICATION_REJECTED,
    NOTIFICATION_RESPONSE_INVALID,
    NOTIFICATION_SEND_FAILED,
)
from papyrus.actors.singletons import BURNT_FUNDS, DATACAP, STORAGE_MARKET
from papyrus.primitives.address import Address

ABORTED, REJECTED = NOTIFICATION_RECEIVER_ABORTED, NOTIFICATION_REJECTED
INVALID, UNSENT = NOTIFICATION_RESPONSE_INVALID, NOTIFICATION_SEND_FAILED
STRANGER = Address.secp256k1(b"\x04" + bytes(64))


def tell(vm, *receivers, sectors=1):
    """Prove sectors with pieces that some actors are to be told of, who must accept them.

    Returns the exit code, after it was seen that without that duty sectors are proven in any case.
    """
    miner = new_miner(vm)
    pieces = {number: [told(piece(number), *receivers)] for number in range(sectors)}
    assert announce(vm, miner, pieces).code == 0
    wait(vm, SEALING)
    outcome = prove_commit(vm, miner, pieces, require_notification_success=True)
    if outcome.code != 0:
        assert sector(vm, miner, 0) is None
        assert codes(prove_commit(vm, miner, pieces)) == [0] * sectors
    assert sector(vm, miner, 0) is not None
    return outcome.code


@pytest.mark.parametrize(
    ("receiver", "code"),
    [
        (NOBODY.id, INVALID),
        (NOBODY.key, INVALID),
        (BURNT_FUNDS, INVALID),
        (MULTISIG, INVALID),
        (PLACEHOLDER, INVALID),
        (STRANGER, INVALID),
        (NOBODY_AT_ALL, UNSENT),
        (Address.actor(b"nobody"), UNSENT),
        (Address.delegated(99, b"nobody"), UNSENT),
        (DATACAP, ABORTED),
        (1000, ABORTED),
    ],
)
def test_actors_that_do_not_answer(vm, receiver, code):
    assert tell(vm, receiver) == code


def test_the_market_refuses_what_is_no_deal(vm):
    assert tell(vm, STORAGE_MARKET) == REJECTED


def test_nobody_need_be_told(vm):
    assert tell(vm) == 0


@pytest.mark.bundle("v18/testing-fake-proofs")
@pytest.mark.parametrize(
    ("receivers", "code"),
    [
        ((ACCEPTING,), 0),
        ((REFUSING,), REJECTED),
        ((SILENT,), INVALID),
        ((MUMBLING,), INVALID),
        ((RAMBLING,), INVALID),
        ((FAILING,), ABORTED),
        ((REVERTING,), ABORTED),
        # They are told in order of their addresses, by what these mean and not by their bytes.
        ((REFUSING, ACCEPTING), REJECTED),
        ((SILENT, REFUSING), REJECTED),
        ((NOBODY_AT_ALL, REFUSING), REJECTED),
        ((STRANGER, NOBODY_AT_ALL), UNSENT),
        ((NOBODY_AT_ALL, 1), ABORTED),
        ((REFUSING, 120), UNSENT),
        ((FAILING, 191), UNSENT),
        ((FAILING, 2**40), ABORTED),
    ],
)
def test_contracts_answer_as_they_please(twins, receivers, code):
    assert tell(twins, *receivers) == code


@pytest.mark.bundle("v18/testing-fake-proofs")
def test_an_answer_must_name_each_sector(twins):
    assert tell(twins, ACCEPTING, sectors=2) == INVALID


@pytest.mark.bundle("v18/testing-fake-proofs")
def test_who_is_named_twice_is_told_twice_at_once(twins):
    """So the answer has one place too few."""
    assert tell(twins, ACCEPTING, ACCEPTING) == INVALID
    assert tell(twins, RAMBLING, RAMBLING) == 0


@pytest.mark.bundle("v18/testing-fake-proofs")
def test_shorter_names_come_first(twins):
    """Each is given the next ID, so that the order shows in the state."""
    assert (
        tell(twins, Address.delegated(10, b"\x01\x01"), Address.delegated(10, b"\xff")) == INVALID
    )
    ids = [twins.one.resolve(Address.delegated(10, name)) for name in (b"\xff", b"\x01\x01")]
    assert ids[0] < ids[1]
