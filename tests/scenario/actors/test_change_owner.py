"""A miner changes hands: the owner proposes another, who confirms."""

from owners import owners, propose_beneficiary, propose_owner
from upkeep import CLIENT, CONTROLLER, NOBODY, OWNER, new_miner

from papyrus.primitives.exit_codes import ExitCode

NEW_OWNER, BENEFICIARY = CONTROLLER, CLIENT
QUOTA, END = 100, 1100


def test_a_new_owner_is_beneficiary_too(network):
    vm = network
    miner = new_miner(vm)
    # A beneficiary that is proposed but has not agreed is none.
    assert propose_beneficiary(vm, OWNER, miner, BENEFICIARY, QUOTA, END).code == ExitCode.OK
    assert propose_owner(vm, OWNER, miner, NEW_OWNER).code == ExitCode.OK
    assert owners(vm, miner) == (OWNER.address, NEW_OWNER.address, OWNER.address)
    assert propose_owner(vm, NEW_OWNER, miner, NEW_OWNER).code == ExitCode.OK
    assert owners(vm, miner) == (NEW_OWNER.address, None, NEW_OWNER.address)


def test_a_beneficiary_other_than_the_owner_stays(network):
    vm = network
    miner = new_miner(vm)
    for sender in (OWNER, BENEFICIARY):
        assert propose_beneficiary(vm, sender, miner, BENEFICIARY, QUOTA, END).code == ExitCode.OK
    assert propose_owner(vm, OWNER, miner, NEW_OWNER).code == ExitCode.OK
    assert propose_owner(vm, NEW_OWNER, miner, NEW_OWNER).code == ExitCode.OK
    assert owners(vm, miner) == (NEW_OWNER.address, None, BENEFICIARY.address)


def test_only_an_owner_proposes_and_only_the_proposed_confirms(network):
    vm = network
    miner = new_miner(vm)
    assert propose_owner(vm, NOBODY, miner, NEW_OWNER).code == ExitCode.USR_FORBIDDEN
    assert propose_owner(vm, OWNER, miner, NEW_OWNER).code == ExitCode.OK
    assert propose_owner(vm, NEW_OWNER, miner, NOBODY).code == ExitCode.USR_ILLEGAL_ARGUMENT
    assert propose_owner(vm, NOBODY, miner, NEW_OWNER).code == ExitCode.USR_FORBIDDEN
    assert propose_owner(vm, NOBODY, miner, NOBODY).code == ExitCode.USR_FORBIDDEN

    # The owner may still think better of it.
    assert propose_owner(vm, OWNER, miner, NOBODY).code == ExitCode.OK
    assert propose_owner(vm, NOBODY, miner, NOBODY).code == ExitCode.OK
    assert owners(vm, miner) == (NOBODY.address, None, NOBODY.address)
