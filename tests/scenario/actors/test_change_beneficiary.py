"""A miner's earnings go to someone else, for a time and up to a quota (FIP-0029)."""

from owners import beneficiary, propose_beneficiary, withdraw
from upkeep import CLIENT, NOBODY, OTHER_WORKER, OWNER, go_to, new_miner

from papyrus.actors.miner.info import BeneficiaryTerm, PendingBeneficiaryChange
from papyrus.actors.miner.params.control import ActiveBeneficiary
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.exit_codes import ExitCode

QUOTA = 100
END = 1500
FIRST, SECOND = CLIENT, OTHER_WORKER


def agree(vm, miner, nominee, *senders, quota=QUOTA, end=END):
    """Have several propose and confirm the same."""
    for sender in senders:
        assert propose_beneficiary(vm, sender, miner, nominee, quota, end).code == ExitCode.OK


def proposed(nominee, *, by_beneficiary, by_nominee):
    return PendingBeneficiaryChange(
        nominee.address, TokenAmount(QUOTA), END, by_beneficiary, by_nominee
    )


def active(who, quota=QUOTA, end=END, used=0):
    term = BeneficiaryTerm(TokenAmount(quota), TokenAmount(used), end)
    return ActiveBeneficiary(who.address, term)


def test_a_beneficiary_is_changed_when_all_concerned_agree(network):
    vm = network
    miner = new_miner(vm)
    agree(vm, miner, FIRST, OWNER)
    asked = beneficiary(vm, NOBODY, miner)
    assert asked.active == active(OWNER, quota=0, end=0)
    assert asked.proposed == proposed(FIRST, by_beneficiary=True, by_nominee=False)
    agree(vm, miner, FIRST, FIRST)
    asked = beneficiary(vm, NOBODY, miner)
    assert (asked.active, asked.proposed) == (active(FIRST), None)

    # One who may still withdraw must agree to the next.
    agree(vm, miner, SECOND, OWNER)
    expected = proposed(SECOND, by_beneficiary=False, by_nominee=False)
    assert beneficiary(vm, NOBODY, miner).proposed == expected
    agree(vm, miner, SECOND, SECOND)
    expected = proposed(SECOND, by_beneficiary=False, by_nominee=True)
    assert beneficiary(vm, NOBODY, miner).proposed == expected
    agree(vm, miner, SECOND, FIRST)
    asked = beneficiary(vm, NOBODY, miner)
    assert (asked.active, asked.proposed) == (active(SECOND), None)


def test_an_owner_is_beneficiary_again(network):
    vm = network
    miner = new_miner(vm)
    owner_again = active(OWNER, quota=0, end=0)
    agree(vm, miner, FIRST, OWNER, FIRST)
    # A beneficiary whose term lasts confirms.
    agree(vm, miner, OWNER, OWNER, quota=0, end=0)
    assert beneficiary(vm, NOBODY, miner).active == active(FIRST)
    agree(vm, miner, OWNER, FIRST, quota=0, end=0)
    asked = beneficiary(vm, NOBODY, miner)
    assert (asked.active, asked.proposed) == (owner_again, None)

    # One whose quota is used up is not asked,
    agree(vm, miner, FIRST, OWNER, FIRST)
    assert withdraw(vm, FIRST, miner, QUOTA).code == ExitCode.OK
    assert beneficiary(vm, NOBODY, miner).active == active(FIRST, used=QUOTA)
    agree(vm, miner, OWNER, OWNER, quota=0, end=0)
    asked = beneficiary(vm, NOBODY, miner)
    assert (asked.active, asked.proposed) == (owner_again, None)

    # nor is one whose time is over.
    agree(vm, miner, FIRST, OWNER, FIRST)
    go_to(vm, END)
    agree(vm, miner, OWNER, OWNER, quota=0, end=0)
    asked = beneficiary(vm, NOBODY, miner)
    assert (asked.active, asked.proposed) == (owner_again, None)


def test_only_those_concerned_agree_and_only_to_what_is_proposed(network):
    vm = network
    miner = new_miner(vm)

    def refused(sender, nominee, quota, end):
        return propose_beneficiary(vm, sender, miner, nominee, quota, end).code

    assert refused(NOBODY, FIRST, 0, 0) == ExitCode.USR_FORBIDDEN
    agree(vm, miner, FIRST, OWNER)
    for nominee, quota, end in [
        (FIRST, QUOTA, END - 100),
        (FIRST, QUOTA - 20, END),
        (NOBODY, QUOTA - 20, END),
    ]:
        assert refused(FIRST, nominee, quota, end) == ExitCode.USR_ILLEGAL_ARGUMENT
    assert refused(NOBODY, FIRST, QUOTA, END) == ExitCode.USR_FORBIDDEN
    agree(vm, miner, FIRST, FIRST)

    # An owner's own term is without limits.
    assert refused(OWNER, OWNER, QUOTA, 0) == ExitCode.USR_ILLEGAL_ARGUMENT
    assert refused(OWNER, OWNER, 0, END) == ExitCode.USR_ILLEGAL_ARGUMENT
    agree(vm, miner, OWNER, OWNER, FIRST, quota=0, end=0)
    assert beneficiary(vm, NOBODY, miner).active == active(OWNER, quota=0, end=0)
