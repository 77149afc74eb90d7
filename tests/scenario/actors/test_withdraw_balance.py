"""Who may withdraw from a miner: its owner, and its beneficiary within a term."""

from calls import expected, last_call
from owners import amount, propose_beneficiary, withdraw
from upkeep import CLIENT, NOBODY, OWNER, new_miner

from papyrus.primitives.exit_codes import ExitCode

BENEFICIARY = CLIENT
QUOTA, END = 100, 1500


def paid(vm, sender, miner, asked, to):
    """Withdraw and return what was paid, to whom it must have been sent."""
    before = vm.one.balance(to.id)
    outcome = withdraw(vm, sender, miner, asked)
    assert outcome.code == ExitCode.OK, outcome.failure
    sent = amount(outcome.value)
    assert last_call(vm).calls == (expected(miner, to.address, 0, value=sent),)
    assert vm.one.balance(to.id) == before + sent
    return sent


def agree(vm, miner, *senders):
    for sender in senders:
        assert propose_beneficiary(vm, sender, miner, BENEFICIARY, QUOTA, END).code == ExitCode.OK


def test_an_owner_withdraws_and_then_a_beneficiary_up_to_its_quota(network):
    vm = network
    miner = new_miner(vm)
    assert paid(vm, OWNER, miner, 100, OWNER) == 100
    agree(vm, miner, OWNER, BENEFICIARY)
    assert paid(vm, BENEFICIARY, miner, 40, BENEFICIARY) == 40
    assert paid(vm, BENEFICIARY, miner, 100, BENEFICIARY) == QUOTA - 40


def test_nobody_else_withdraws(network):
    vm = network
    miner = new_miner(vm)
    agree(vm, miner, OWNER)
    before = vm.one.balance(BENEFICIARY.id)
    assert withdraw(vm, BENEFICIARY, miner, 100).code == ExitCode.USR_FORBIDDEN
    assert vm.one.balance(BENEFICIARY.id) == before

    agree(vm, miner, BENEFICIARY)
    before = vm.one.balance(NOBODY.id)
    assert withdraw(vm, NOBODY, miner, 50).code == ExitCode.USR_FORBIDDEN
    assert vm.one.balance(NOBODY.id) == before
    assert paid(vm, BENEFICIARY, miner, 50, BENEFICIARY) == 50
    # What an owner withdraws is the beneficiary's too.
    assert paid(vm, OWNER, miner, 50, BENEFICIARY) == 50
