"""The people of a devnet: those that wallets find under the same words."""

import pytest

from papyrus.devnet.people import MOST_ACCOUNTS, people_of
from papyrus.primitives.address import Protocol
from papyrus.primitives.errors import DecodeError, LocalFault

OTHER = "legal winner thank year wave sausage worth useful legal winner thank yellow"


def test_ethereum_accounts_are_those_of_every_development_network():
    """Anvil, Hardhat and Ganache print these for the same words."""
    people = people_of()
    assert [account.ethereum_text for account in people.accounts[:3]] == [
        "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
        "0x70997970c51812dc3a010c7d01b50e0d17dc79c8",
        "0x3c44cdddb6a900fa2b585dd299e03d12fa4293bc",
    ]
    assert people.accounts[0].ethereum.secret.hex() == (
        "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
    )
    assert len(people.accounts) == 10


def test_accounts_have_addresses_of_both_worlds():
    for account in people_of(accounts=2).accounts:
        assert account.key.address.protocol is Protocol.SECP256K1
        assert account.ethereum.address.protocol is Protocol.DELEGATED
        assert account.ethereum_text == "0x" + account.ethereum.address.payload[-20:].hex()


def test_everybody_has_a_key_of_their_own():
    people = people_of(miners=3)
    assert len(people.keys) == 10 * 2 + 6 + 3
    assert len({key.address for key in people.keys}) == len(people.keys)
    assert len({key.secret for key in people.keys} | {people.beacon_secret}) == 30


def test_workers_and_one_account_have_bls_keys():
    people = people_of(miners=2)
    kinds = {key.address.protocol for key in (people.bls, *people.workers)}
    assert kinds == {Protocol.BLS}


def test_more_people_change_nobody_else():
    few, many = people_of(accounts=1), people_of(accounts=3, miners=4)
    assert many.accounts[:1] == few.accounts
    assert many.workers[:1] == few.workers
    assert (many.root, many.client, many.verifier) == (few.root, few.client, few.verifier)


def test_other_words_are_other_people():
    addresses = [{key.address for key in people_of(words).keys} for words in (OTHER, *DEFAULT)]
    assert addresses[0].isdisjoint(addresses[1])


DEFAULT = ("test test test test test test test test test test test junk",)


def test_paths_are_those_of_the_table():
    people = people_of(accounts=2, miners=2)
    paths = [key.path for key in people.keys]
    assert paths == [
        "m/44'/461'/0'/0/0", "m/44'/60'/0'/0/0", "m/44'/461'/0'/0/1", "m/44'/60'/0'/0/1",
        *(f"m/44'/461'/1'/0/{place}" for place in range(6)),
        "m/44'/461'/2'/0/0", "m/44'/461'/2'/0/1",
    ]  # fmt: skip


def test_no_secret_is_shown():
    people = people_of()
    shown = repr(people)
    assert not any(key.secret.hex() in shown or repr(key.secret) in shown for key in people.keys)
    assert repr(people.beacon_secret) not in shown


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"mnemonic": "test test junk"}, DecodeError, "mnemonic of 3 words"),
        ({"accounts": MOST_ACCOUNTS + 1}, LocalFault, "from 0 to"),
        ({"accounts": -1}, LocalFault, "from 0 to"),
        ({"miners": 0}, LocalFault, "from 1 to"),
        ({"miners": 51}, LocalFault, "from 1 to"),
    ],
)
def test_people_there_cannot_be_are_refused(changed, error, words):
    with pytest.raises(error, match=words):
        people_of(**changed)
