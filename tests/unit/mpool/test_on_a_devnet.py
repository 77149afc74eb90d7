"""The pool on a real chain: trials on its state, its view, and blocks made of what it chose."""

from dataclasses import replace

import pytest
from mined_chain import GAS_LIMIT, MinedChain
from pool_chain import Clock

from papyrus.chain.head_changes import HeadChange, path_between
from papyrus.consensus.transition import World
from papyrus.consensus.verdicts import Fault
from papyrus.mpool.chain_view import Account, StoredChainView
from papyrus.mpool.gas_estimation import GasEstimator, GasHistory, SendSpec
from papyrus.mpool.pool import MessagePool
from papyrus.mpool.trial_run import run_trial
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import ActorError, Invalid
from papyrus.primitives.exit_codes import ExitCode
from papyrus.types.message import Message

FIL = 10**18


class Keeper:
    """The tipsets of a chain and its head, as the chain store keeps them."""

    def __init__(self, mined):
        self.mined = mined

    @property
    def head(self):
        return self.mined.head

    def tipset(self, key):
        return self.mined.source.tipset(key)

    def path(self, start, end) -> HeadChange:
        return path_between(self.mined.source, self.tipset(start), self.tipset(end))


@pytest.fixture
def mined():
    return MinedChain()


@pytest.fixture
def view(mined):
    return StoredChainView(
        Keeper(mined), mined.store, mined.network, lambda one: mined.state_after(one).state_root
    )


@pytest.fixture
def pool(mined, view):
    return MessagePool(view, mined.network, Clock())


@pytest.fixture
def world(mined):
    return World(mined.network, mined.source, mined.store, mined.verifier, mined.engine)


def payment(mined, to, value=1, **fields):
    message = mined.message(mined.people.accounts[0].key, to, TokenAmount(value)).message
    return replace(message, **fields)


def free(message):
    return replace(message, gas_limit=10**10, gas_fee_cap=ZERO, gas_premium=ZERO)


def test_accounts_are_those_of_the_state(mined, view):
    alice = mined.people.accounts[0]
    found = view.account_after(mined.head, alice.key.address)
    assert found == Account(0, mined.balance(alice.key.address), True)
    assert view.account_after(mined.head, alice.ethereum.address).may_send
    assert not view.account_after(mined.head, Address.from_id(1000)).may_send
    assert view.account_after(mined.head, Address.from_id(98765)) is None
    number = Address.from_id(mined.tree.resolve(alice.key.address))
    assert view.key_of(number) == alice.key.address
    with pytest.raises(LookupError):
        view.key_of(Address.from_id(1000))


def test_the_base_fee_is_the_next_blocks(mined, view):
    before = mined.head
    mined.mine()
    assert view.base_fee_after(before) == mined.head.parent_base_fee


def test_what_a_transfer_takes_is_what_the_chain_then_counts(mined, world):
    to = mined.people.accounts[1].key.address
    message = payment(mined, to)
    trial = run_trial(world, mined.head, (), message)
    assert trial.result.receipt.exit_code == 0
    signed = mined.signed(message, mined.people.accounts[0].key)
    receipt = mined.mine(signed).receipts[0]
    assert trial.result.receipt.gas_used == receipt.gas_used


def test_a_trial_leaves_nothing_behind(mined, world):
    before = dict(mined.store.blocks)
    run_trial(world, mined.head, (), free(payment(mined, mined.people.accounts[1].key.address)))
    assert mined.store.blocks == before


def test_a_trial_has_the_turn_after_what_waits(mined, world):
    key = mined.people.accounts[0].key
    to = mined.people.accounts[1].key.address
    mined.mine(mined.message(key, to))
    prior = tuple(mined.message(key, to, later=later) for later in range(3))
    trial = run_trial(world, mined.head, prior, free(payment(mined, to)))
    assert trial.message.nonce == 4
    assert trial.tipset == mined.head
    assert trial.result.receipt.exit_code == 0


def test_what_waits_may_use_up_the_senders_funds(mined, world):
    key = mined.people.accounts[0].key
    to = mined.people.accounts[1].key.address
    most = mined.balance(key.address) - GAS_LIMIT * 10**9
    prior = (mined.message(key, to, TokenAmount(most)),)
    message = free(payment(mined, to, FIL))
    assert run_trial(world, mined.head, (), message).result.receipt.exit_code == 0
    spent = run_trial(world, mined.head, prior, message).result.receipt
    assert spent.exit_code == ExitCode.SYS_INSUFFICIENT_FUNDS


def test_gas_is_paid_for_in_a_trial_where_a_fee_cap_is_set(mined, world):
    to = mined.people.accounts[1].key.address
    message = payment(mined, to)
    paid = run_trial(world, mined.head, (), message).result
    nothing = run_trial(world, mined.head, (), free(message)).result
    assert paid.miner_tip > 0 == nothing.miner_tip
    saved = message.chain_length - free(message).chain_length  # zeros take no bytes
    assert paid.receipt.gas_used - nothing.receipt.gas_used == 1300 * saved


def test_nobody_tries_as_a_sender_that_is_not_there(mined, world):
    message = free(payment(mined, mined.people.accounts[1].key.address))
    with pytest.raises(Invalid) as error:
        run_trial(world, mined.head, (), replace(message, sender=Address.actor(b"nobody")))
    assert error.value.fault == Fault.SENDER_NOT_FOUND


def test_an_actor_that_is_no_account_fails_its_trial(mined, world):
    message = replace(free(payment(mined, Address.from_id(99))), sender=Address.from_id(1000))
    receipt = run_trial(world, mined.head, (), message).result.receipt
    assert receipt.exit_code == ExitCode.SYS_SENDER_INVALID


def estimator(view, pool, world):
    return GasEstimator(
        view,
        GasHistory(view),
        pool.pending_of,
        lambda message, prior: run_trial(world, view.head, prior, message).result,
        lambda: 1.0,
    )


def open_message(mined, to, value=1):
    return payment(mined, to, value, gas_limit=0, gas_fee_cap=ZERO, gas_premium=ZERO)


def test_an_estimated_message_is_taken_and_executed(mined, view, pool, world):
    key = mined.people.accounts[0].key
    to = mined.people.accounts[1].key.address
    gas = estimator(view, pool, world)
    for nonce in range(3):
        message: Message = replace(
            gas.message_gas(open_message(mined, to), SendSpec()), nonce=nonce
        )
        pool.push(mined.signed(message, key))
    chosen = pool.select(mined.head, 0.5)
    assert [signed.message.nonce for signed in chosen] == [0, 1, 2]
    before = mined.head
    made = mined.mine(*chosen)
    assert [receipt.exit_code for receipt in made.receipts] == [0, 0, 0]
    pool.on_head_change(path_between(mined.source, before, mined.head))
    assert pool.pending() == []
    assert pool.next_nonce(key.address) == 3
    pool.on_head_change(path_between(mined.source, mined.head, before))
    assert pool.pending() == []  # the head has not moved: it says that the nonces are used


def test_a_call_that_fails_has_no_gas(mined, view, pool, world):
    gas = estimator(view, pool, world)
    message = replace(open_message(mined, Address.from_id(99)), method=12345)
    with pytest.raises(ActorError) as error:
        gas.gas_limit(message)
    assert error.value.exit_code == ExitCode.USR_UNHANDLED_MESSAGE
