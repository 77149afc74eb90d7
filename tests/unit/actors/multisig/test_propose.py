import pytest
from multisigs import pending, proposal, propose, put_multisig, transaction

from papyrus.actors.multisig.params import (
    ADD_SIGNER,
    APPROVE,
    PROPOSE,
    AddSignerParams,
    ProposeReturn,
    TransactionIDParams,
)
from papyrus.actors.multisig.state import State
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode

FAR = Address.from_id(2**64 - 1)


def applied(code=0, returned=b"", number=0):
    return ProposeReturn(number, applied=True, exit_code=code, returned=returned)


def waiting(number=0):
    return ProposeReturn(number, applied=False, exit_code=0, returned=b"")


def test_sends_at_once_where_one_approval_is_enough(vm):
    assert propose(vm, 100, 201, 103, value=10) == applied()
    assert vm.one.balance(201) == 990
    assert pending(vm, 201) == {}
    assert vm.one.state(201, State).next_transaction_id == 1


def test_waits_with_the_proposers_approval_where_more_are_needed(vm):
    assert propose(vm, 100, 202, 103, 2, b"\x01\x02", value=10) == waiting()
    assert propose(vm, 101, 202, FAR, value=2**900) == waiting(1)
    assert pending(vm, 202) == {
        0: transaction([100], 103, 2, b"\x01\x02", 10),
        1: transaction([101], FAR, value=2**900),
    }
    assert vm.one.balance(202) == 1000


def test_is_for_signers_alone(vm):
    assert vm.send(101, 201, PROPOSE, proposal(103)).code == ExitCode.USR_FORBIDDEN


def test_refuses_a_negative_value_whoever_proposes_it(vm):
    for sender in (100, 103):
        refused = vm.send(sender, 201, PROPOSE, proposal(103, value=-1))
        assert refused.code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_refuses_to_send_more_than_there_is(vm):
    assert propose(vm, 100, 201, 103, value=1000).exit_code == ExitCode.OK
    refused = vm.send(100, 201, PROPOSE, proposal(103, value=1))
    assert refused.code == ExitCode.USR_INSUFFICIENT_FUNDS
    assert vm.one.state(201, State).next_transaction_id == 1


@pytest.mark.parametrize("value", [2**128, 2**1000])
def test_refuses_more_than_can_be_sent(vm, value):
    refused = vm.send(100, 201, PROPOSE, proposal(103, value=value))
    assert refused.code == ExitCode.USR_INSUFFICIENT_FUNDS


def test_answers_with_what_the_message_returned(vm, everyone):
    key = everyone[1].key
    assert propose(vm, 100, 201, 101, 2) == applied(returned=b"\x58\x31" + bytes(key))


@pytest.mark.parametrize(
    ("to", "method", "params", "code"),
    [
        (103, 2, b"\x80", ExitCode.USR_ILLEGAL_ARGUMENT),
        (103, 3, b"", ExitCode.USR_UNHANDLED_MESSAGE),
        (999, 0, b"", ExitCode.USR_UNSPECIFIED),
        (FAR, 0, b"", ExitCode.USR_UNSPECIFIED),
        (Address.actor(b"nobody"), 0, b"", ExitCode.USR_UNSPECIFIED),
        (202, PROPOSE, proposal(103), ExitCode.USR_FORBIDDEN),
        (201, PROPOSE, b"", ExitCode.USR_ILLEGAL_ARGUMENT),
        (201, PROPOSE, b"\xff", ExitCode.USR_SERIALIZATION),
        (201, ADD_SIGNER, AddSignerParams(Address.from_id(999), False), ExitCode.USR_NOT_FOUND),
    ],
)
def test_succeeds_where_the_message_fails_and_tells_its_exit_code(vm, to, method, params, code):
    assert propose(vm, 100, 201, to, method, params) == applied(code)


def test_a_placeholder_answers_any_number_with_nothing(vm):
    place = Address.delegated(10, b"\x22" * 20)
    vm.ok(100, place, 0, value=1)
    assert propose(vm, 100, 201, place, 7) == applied()


def test_gives_the_next_number_to_a_proposal_made_by_a_proposal(vm):
    vm.each(lambda one: put_multisig(one, 204, [100, 204]))
    inner = proposal(103, value=1)
    first = propose(vm, 100, 204, 204, PROPOSE, inner)
    # 204 has no funds for the inner message, whose proposal fails as a whole.
    assert first == applied(ExitCode.USR_INSUFFICIENT_FUNDS)
    assert propose(vm, 100, 204, 204, PROPOSE, proposal(103)) == applied(
        returned=ProposeReturn(2, applied=True, exit_code=0, returned=b"").to_cbor(), number=1
    )


def test_a_proposal_is_gone_before_it_is_sent(vm):
    vm.each(lambda one: put_multisig(one, 204, [100, 204]))
    again = TransactionIDParams(0, b"")
    assert propose(vm, 100, 204, 204, APPROVE, again) == applied(ExitCode.USR_NOT_FOUND)


def test_numbers_end_at_63_bits(vm):
    vm.each(lambda one: put_multisig(one, 204, [100], next_transaction_id=2**63 - 1))
    assert vm.send(100, 204, PROPOSE, proposal(103)).code == ExitCode.USR_ASSERTION_FAILED


def test_proposals_nest(vm):
    vm.each(lambda one: put_multisig(one, 204, [100, 204]))
    message = proposal(103)
    for _ in range(12):
        message = proposal(204, PROPOSE, message)
    assert propose(vm, 100, 204, 204, PROPOSE, message).exit_code == ExitCode.OK
    assert vm.one.state(204, State).next_transaction_id == 14


@pytest.mark.parametrize("name", ["evm", "nothing known"])
def test_contracts_and_unknown_actors_may_not_propose(vm, name):
    code = Cid.of(b"code") if name != "evm" else name
    vm.each(lambda one: one.put_actor(300, code))
    vm.each(lambda one: put_multisig(one, 204, [300]))
    assert vm.send(300, 204, PROPOSE, proposal(103)).code == ExitCode.USR_FORBIDDEN


@pytest.mark.parametrize(
    "params",
    [
        b"\x84\x42\x00\x67\x41\x01\x00\x40",
        b"\x84\x42\x00\x67\x40\x20\x40",
        b"\x84\x42\x00\x67\x00\x00\x40",
        b"\x84\x42\x00\x67\x40\x00\x60",
        b"\x84\x42\x00\x67\x40\x00\x81\x01",
        b"\x83\x42\x00\x67\x40\x00",
        b"\x84\x42\x00\x67\x42\x02\x01\x00\x40",
        b"\x84\x42\x00\x67\x58\x81" + b"\x00" + b"\xff" * 128 + b"\x00\x40",
        b"\x84\x4b\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x40\x00\x40",
        b"\x84\x42\x00\x67\x42\x00\x00\x00\x40",
    ],
)
def test_decodes_parameters_as_the_released_actors_do(vm, params):
    # Whether they decode is theirs to say: the twin compares. Some do.
    assert vm.send(100, 201, PROPOSE, params).code in (ExitCode.OK, ExitCode.USR_SERIALIZATION)


def test_wants_parameters(vm):
    assert vm.send(100, 201, PROPOSE).code == ExitCode.USR_ILLEGAL_ARGUMENT
