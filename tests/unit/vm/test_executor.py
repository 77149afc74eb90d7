"""From a message's inclusion to its receipt."""

from dataclasses import replace

import pytest

from papyrus.ipld.cid import CBOR
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import Fatal, Invalid
from papyrus.primitives.exit_codes import ExitCode
from papyrus.types.actor import ActorState
from papyrus.types.receipt import Receipt
from papyrus.vm import gas_charges as charges
from papyrus.vm.gas import round_up

FIL = 10**18
REWARD, BURNT, SENDER, ACTOR, OTHER = 2, 99, 100, 1000, 1001
FIRST_NEW = 2000
BASE_FEE = 100
RAW_LENGTH = 200
F410 = Address.from_ethereum(b"\x11" * 20)
KEY = Address.secp256k1(b"\x04" + bytes(63) + b"\x07")


def inclusion(world, length=RAW_LENGTH):
    return round_up(charges.total(charges.on_chain_message(world.prices, length)))


def refused(world, outcome, code, penalty, reason):
    """Hold a message that did not run to its code and penalty; the state is as it was."""
    assert outcome.receipt == Receipt(code, b"", 0, None)
    assert (outcome.result.penalty, outcome.result.miner_tip) == (penalty, 0)
    assert reason in outcome.result.failure
    result = outcome.result
    assert (result.base_fee_burn, result.over_estimation_burn, result.refund) == (0, 0, 0)
    assert (result.gas_refund, result.gas_burned, result.events) == (0, 0, ())
    assert outcome.root == world.genesis()
    assert outcome.everything.log == []


@pytest.mark.parametrize("limit", [0, -1, 2**63])
def test_a_gas_limit_is_positive_and_has_63_bits(world, limit):
    for implicit in (False, True):
        with pytest.raises(Invalid, match="message-gas-limit"):
            world.apply(world.message(gas_limit=limit), implicit=implicit)


def test_the_largest_gas_limit_is_taken(world):
    message = world.message(gas_limit=2**63 - 1, to=OTHER, method=0, gas_fee_cap=0, gas_premium=0)
    world.context = replace(world.context, base_fee=TokenAmount(0))
    world.put_actor(OTHER, "tester")
    assert world.apply(message, implicit=True).code == 0


def test_a_limit_below_the_inclusion_cost_is_refused(world):
    cost = inclusion(world)
    outcome = world.send(gas_limit=cost - 1)
    reason = f"Out of gas ({cost} > {cost - 1})"
    refused(world, outcome, ExitCode.SYS_OUT_OF_GAS, BASE_FEE * cost, reason)


def test_a_limit_of_the_inclusion_cost_pays_for_a_send(world):
    world.put_actor(OTHER, "tester")
    cost = inclusion(world)
    outcome = world.send(OTHER, method=0, gas_limit=cost)
    assert (outcome.code, outcome.receipt.gas_used) == (0, cost)


def test_inclusion_depends_on_the_length_on_chain(world):
    world.put_actor(OTHER, "tester")
    message = world.message(OTHER, method=0)
    outcome = world.apply(message, raw_length=333)
    assert outcome.receipt.gas_used == inclusion(world, 333)
    assert outcome.everything.log[0] == charges.on_chain_message(world.prices, 333)


def penalty_of(message):
    return BASE_FEE * message.gas_limit


@pytest.mark.parametrize(
    "sender",
    [Address.from_id(5555), Address.actor(b"nobody"), Address.bls(b"\x01" * 48)],
)
def test_an_unknown_sender_is_refused(world, sender):
    message = world.message(sender=sender)
    outcome = world.apply(message)
    reason = "Sender invalid"
    refused(world, outcome, ExitCode.SYS_SENDER_INVALID, penalty_of(message), reason)


def test_a_sender_must_be_an_account(world):
    world.put_actor(OTHER, "tester", balance=10**24)
    message = world.message(sender=Address.from_id(OTHER))
    outcome = world.apply(message)
    reason = "not from valid sender"
    refused(world, outcome, ExitCode.SYS_SENDER_INVALID, penalty_of(message), reason)


@pytest.mark.parametrize("nonce", [2, 4])
def test_a_nonce_must_be_the_next(world, nonce):
    world.put_actor(SENDER, "account", balance=10**24, nonce=3)
    message = world.message(nonce=nonce)
    outcome = world.apply(message)
    reason = f"{nonce} != 3"
    refused(world, outcome, ExitCode.SYS_SENDER_STATE_INVALID, penalty_of(message), reason)


def test_a_sender_must_hold_the_fee(world):
    message = world.message(OTHER, method=0)
    fee = message.gas_fee_cap * message.gas_limit
    world.put_actor(OTHER, "tester")
    world.put_actor(SENDER, "account", balance=fee - 1)
    outcome = world.apply(message)
    reason = f"{fee - 1} < {fee}"
    refused(world, outcome, ExitCode.SYS_SENDER_STATE_INVALID, penalty_of(message), reason)
    world.put_actor(SENDER, "account", balance=fee)
    assert world.apply(message).code == 0


def test_the_nonce_is_looked_at_before_the_balance_and_the_code_before_both(world):
    world.put_actor(SENDER, "account")
    assert "sequence" in world.send(nonce=1).result.failure
    world.put_actor(SENDER, "tester")
    assert "valid sender" in world.send(nonce=1).result.failure


def test_an_ethereum_account_may_send(world):
    world.put_actor(OTHER, "ethaccount", balance=10**24, delegated=F410)
    outcome = world.send(SENDER, method=0, sender=F410)
    assert outcome.code == 0
    assert outcome.actor(OTHER).nonce == 1


def test_a_placeholder_becomes_an_ethereum_account_by_its_first_message(world):
    head = world.put(b"\x05")
    world.put_actor(OTHER, "placeholder", head=head, balance=10**24, delegated=F410)
    outcome = world.send(SENDER, method=0, sender=F410)
    assert outcome.code == 0
    actor = outcome.actor(OTHER)
    assert (actor.code, actor.nonce) == (world.codes["ethaccount"], 1)
    assert (actor.head, actor.delegated_address) == (head, F410)


def test_a_placeholder_stays_one_if_its_message_is_refused(world):
    world.put_actor(OTHER, "placeholder", delegated=F410)
    outcome = world.send(SENDER, method=0, sender=F410)
    assert outcome.code == ExitCode.SYS_SENDER_STATE_INVALID
    assert outcome.actor(OTHER).code == world.codes["placeholder"]


@pytest.mark.parametrize(
    ("nonce", "delegated"),
    [(1, F410), (0, None), (0, Address.delegated(11, bytes(20))), (0, Address.actor(b"f2"))],
)
def test_other_placeholders_may_not_send(world, nonce, delegated):
    world.put_actor(OTHER, "placeholder", balance=10**24, nonce=nonce, delegated=delegated)
    message = world.message(SENDER, sender=Address.from_id(OTHER), nonce=nonce)
    outcome = world.apply(message)
    reason = "not from valid sender"
    refused(world, outcome, ExitCode.SYS_SENDER_INVALID, penalty_of(message), reason)


def test_the_fee_is_split_between_burn_reward_and_refund(world):
    world.put_actor(OTHER, "tester")
    before = 1_000_000 * FIL
    outcome = world.send(OTHER, method=0, value=FIL, gas_fee_cap=1000, gas_premium=10)
    result, message = outcome.result, world.message(OTHER)
    assert result.base_fee_burn == BASE_FEE * outcome.receipt.gas_used
    assert result.miner_tip == 10 * message.gas_limit
    assert result.over_estimation_burn > 0
    assert result.penalty == 0
    assert outcome.balance(BURNT) == result.base_fee_burn + result.over_estimation_burn
    assert outcome.balance(REWARD) == 1000 * FIL + result.miner_tip
    fee = 1000 * message.gas_limit
    assert outcome.balance(SENDER) == before - FIL - fee + result.refund
    assert outcome.balance(OTHER) == FIL
    assert outcome.actor(SENDER).nonce == 1


def test_a_fee_cap_below_the_base_fee_is_made_up_by_the_miner(world):
    world.put_actor(OTHER, "tester")
    limit = inclusion(world)
    outcome = world.send(OTHER, method=0, gas_limit=limit, gas_fee_cap=60, gas_premium=50)
    assert (outcome.result.penalty, outcome.result.miner_tip) == (40 * limit, 0)
    assert outcome.balance(BURNT) == 60 * limit


def test_a_negative_premium_is_no_fee(world):
    world.put_actor(OTHER, "tester")
    with pytest.raises(Invalid, match="message-fees"):
        world.send(OTHER, method=0, gas_premium=-10)


def test_fees_without_an_actor_to_receive_them_are_fatal(world):
    del world.states[REWARD]
    world.put_actor(OTHER, "tester")
    with pytest.raises(Fatal, match="no actor 2 to receive"):
        world.send(OTHER, method=0)


def test_no_fee_needs_no_actor_to_receive_it(world):
    del world.states[REWARD]
    world.put_actor(OTHER, "tester")
    assert world.send(OTHER, method=0, gas_premium=0).code == 0


def test_a_failed_message_keeps_nothing_but_its_fee_and_nonce(world):
    ending = "i32.const 16\ni32.const 0\ni32.const 0\ni32.const 0\ncall $vm.exit\nunreachable"
    world.put_actor(OTHER, "tester")
    to = bytes(Address.from_id(OTHER))
    most = 2**64 - 1
    outcome = world.run(("send.send", to, 0, 0, 0, 5, most, 0), ending=ending, balance=10, value=7)
    assert outcome.code == 16
    assert (outcome.balance(ACTOR), outcome.balance(OTHER)) == (10, 0)
    assert outcome.actor(SENDER).nonce == 1
    result = outcome.result
    paid = result.base_fee_burn + result.over_estimation_burn + result.miner_tip
    assert outcome.balance(SENDER) == 1_000_000 * FIL - paid
    assert "f01000 (method 2): actor aborted (USR_ILLEGAL_ARGUMENT(16))" in result.failure


@pytest.mark.parametrize("method", [0, 2])
def test_a_message_to_nobody_fails(world, method):
    for to in (5555, Address.actor(b"nobody"), Address.delegated(11, b"x")):
        world.root = None
        world.nonces.clear()
        outcome = world.send(to, method=method)
        assert outcome.code == ExitCode.SYS_INVALID_RECEIVER
        assert outcome.actor(SENDER).nonce == 1
        assert "NOT_FOUND" in outcome.result.failure


def test_a_message_with_more_value_than_there_is_fails(world):
    world.put_actor(OTHER, "tester")
    outcome = world.send(OTHER, method=0, value=2_000_000 * FIL)
    assert outcome.code == ExitCode.SYS_INSUFFICIENT_FUNDS
    used = charges.total(charges.on_value_transfer(world.prices)) // 1000
    assert outcome.receipt.gas_used == inclusion(world) + used


def test_a_message_with_negative_value_is_not_dispatched(world):
    world.put_actor(OTHER, "tester")
    outcome = world.send(OTHER, method=0, value=-1)
    assert outcome.code == ExitCode.SYS_ASSERTION_FAILED
    assert outcome.receipt.gas_used < world.message().gas_limit


def test_the_bls_zero_address_gets_no_account(world):
    zero = Address.bls(b"\xc0" + bytes(47))
    outcome = world.send(zero, method=0)
    assert outcome.code == ExitCode.SYS_ASSERTION_FAILED
    assert outcome.actor(FIRST_NEW) is None
    almost = Address.bls(b"\xc0" + bytes(46) + b"\x01")
    assert world.send(almost, method=0).code == 0


def test_a_send_to_a_key_makes_its_account(world):
    outcome = world.send(KEY, method=0, value=5)
    assert outcome.code == 0
    account = outcome.actor(FIRST_NEW)
    assert (account.code, account.balance, account.nonce) == (world.codes["account"], 5, 0)
    prices = world.prices
    log = outcome.call.log
    # The receiver's address counts as resolved, though nobody has it yet.
    assert log[:3] == [
        charges.on_create_actor(prices, new_address=True),
        charges.on_actor_lookup(prices),
        charges.on_actor_update(prices),
    ]
    assert log[3] == charges.on_method_invocation(prices, 0)
    assert log[-1] == charges.on_value_transfer(prices)


def test_a_second_new_address_gets_the_next_id(world):
    world.send(KEY, method=0)
    outcome = world.send(F410, method=0, value=3)
    assert outcome.actor(FIRST_NEW).code == world.codes["account"]
    assert outcome.actor(FIRST_NEW + 1) == ActorState(
        world.codes["placeholder"], outcome.actor(FIRST_NEW + 1).head, 0, 3, F410
    )
    assert outcome.tree.resolve(KEY) == FIRST_NEW
    assert outcome.tree.resolve(F410) == FIRST_NEW + 1


@pytest.mark.parametrize("length", [0, 5])
def test_parameters_are_plain_cbor_and_none_at_all_where_empty(world, length):
    outcome = world.run(("ipld.block_stat", world.params), params=bytes(length))
    if length:
        assert outcome.steps[0].unpack("QI") == (CBOR, 5)
    else:
        assert outcome.steps[0].errno == 7
    assert outcome.trace.to_lotus()["Msg"]["ParamsCodec"] == (CBOR if length else 0)


def test_parameters_of_a_send_are_raw_bytes(world):
    world.put_actor(OTHER, "tester")
    outcome = world.send(OTHER, method=0, params=b"anything")
    assert outcome.trace.to_lotus()["Msg"]["ParamsCodec"] == 0x55


def test_an_implicit_message_pays_nothing_and_has_no_nonce(world):
    world.put_actor(ACTOR, world.program())
    message = world.message(sender=Address.from_id(0), nonce=77, gas_fee_cap=0, gas_premium=0)
    outcome = world.apply(message, implicit=True)
    assert outcome.code == 0
    assert outcome.everything.log[0] == ("none", 0, 0)
    result = outcome.result
    assert (result.penalty, result.miner_tip, result.base_fee_burn) == (0, 0, 0)
    assert (result.over_estimation_burn, result.refund, result.gas_burned) == (0, 0, 0)
    assert outcome.actor(0).nonce == 0


def test_an_implicit_message_needs_a_known_sender_only(world):
    message = world.message(ACTOR, sender=Address.actor(b"nobody"))
    outcome = world.apply(message, implicit=True)
    refused(world, outcome, ExitCode.SYS_SENDER_INVALID, 0, "Sender invalid")
    world.put_actor(OTHER, "tester")
    message = world.message(OTHER, sender=Address.from_id(5555), method=0)
    assert world.apply(message, implicit=True).code == 0
