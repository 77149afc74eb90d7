"""What no genesis can be made of, and how that is said."""

from dataclasses import replace

import pytest
from genesis import devnet, key

from papyrus.genesis.initial_state import number_keys
from papyrus.genesis.template import Account, Multisig, check_template
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import LocalFault, UnsupportedNetworkVersion

ANN, BOB, CAT = (key(name).address for name in ("Ann", "Bob", "Cat"))


def miner(**changes):
    return replace(devnet().miners[0], **changes)


def with_miner(**changes):
    return devnet(miners=(miner(**changes),))


def test_template_of_a_devnet_is_sound():
    check_template(devnet())


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        (devnet(network="no such"), "unknown network"),
        (devnet(network_version=26), "too old for a new network"),
        (devnet(ticket=bytes(31)), "the ticket has 31 bytes"),
        (devnet(miners=()), "without a miner"),
        (devnet(miners=(miner(), miner())), "f01001 has the owner of another"),
        (devnet(first_verifier=Address.from_id(7)), "the first verifier is f07, which is no key"),
        (with_miner(client=Address.from_id(7)), "the client of miner f01000 is f07"),
        (with_miner(owner=Address.from_id(7)), "the owner of miner f01000 is f07"),
        (with_miner(sectors=()), "f01000 has no sectors"),
        (with_miner(worker=ANN), "a worker's key is BLS"),
        (with_miner(sectors=devnet().miners[0].sectors[:1] * 2), "the same number"),
        (devnet(accounts=(Account(ANN), Account(ANN))), "has two accounts"),
        (devnet(accounts=(Account(ANN),), root=Account(ANN)), "has two accounts"),
        (devnet(root=Account(ANN), remainder=Account(ANN)), "has two accounts"),
        (devnet(accounts=(Account(Address.from_id(7)),)), "no key address"),
        (devnet(accounts=(Multisig((ANN, BOB), 3),)), "2 signers cannot ask for 3"),
        (devnet(accounts=(Account(ANN, TokenAmount(-1)),)), "is less than nothing"),
        (devnet(root=Multisig((ANN,), 1, vesting_duration=-4)), "vest over -4 epochs"),
        (devnet(root=Multisig((ANN,), 0)), "1 signers cannot ask for 0"),
        (devnet(root=Account(ANN), remainder=Multisig((ANN,), 1)), "cannot sign for a multisig"),
    ],
)
def test_template_that_cannot_be_is_refused_with_the_reason(template, reason):
    with pytest.raises((LocalFault, UnsupportedNetworkVersion), match=reason):
        check_template(template)


def test_ids_go_to_accounts_then_signers_then_multisigs():
    template = devnet(
        accounts=(Multisig((BOB, ANN), 1), Account(ANN), Account(CAT), Multisig((CAT,), 1)),
        root=Multisig((ANN, key("root").address), 1),
        remainder=Account(key("rest").address),
    )
    numbering = number_keys(template)
    names = {BOB: 100, ANN: 101, CAT: 102, key("root").address: 103, key("rest").address: 90}
    assert dict(numbering.registered) == names
    assert numbering.next_multisig == 104


def test_more_accounts_than_ids_are_refused():
    crowd = tuple(Account(key(str(number)).address) for number in range(900))
    with pytest.raises(LocalFault, match="902 accounts, signers and multisigs are more"):
        number_keys(devnet(accounts=crowd))
