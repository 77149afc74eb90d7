"""Who is in a devnet: accounts for everybody, and those whose part the network needs.

All keys follow from the words of a mnemonic, along the paths that wallets know, so that the same
words give the same people in any wallet. The words that are used unless others are given are those
that every development network uses: nothing of any worth may ever be sent to them.

| path | whose |
|---|---|
| m/44'/461'/0'/0/i | account i, f1 |
| m/44'/60'/0'/0/i | account i, f410 and 0x |
| m/44'/461'/1'/0/i | an account with f3, the verifier, the client, f080's signer, f090's, f081 |
| m/44'/461'/2'/0/i | the worker of the miner f01000 + i, f3 |
| m/44'/461'/3'/0/0 | the beacon |
"""

from dataclasses import dataclass, field

from papyrus.crypto.signatures import SignatureType
from papyrus.primitives.address import Address
from papyrus.primitives.errors import LocalFault
from papyrus.wallet.hd import FILECOIN_COIN, HARDENED, account_path, derive_key
from papyrus.wallet.keys import Key
from papyrus.wallet.mnemonic import check_words, seed_of

DEFAULT_MNEMONIC = "test test test test test test test test test test test junk"
DEFAULT_ACCOUNTS = 10

MOST_ACCOUNTS = 400
MOST_MINERS = 50
"""IDs below 1000 are for accounts, those of workers and of everybody else among them."""

_ROLES, _WORKERS, _BEACON = 1, 2, 3
"""The third numbers of the paths of those who are no plain accounts."""


@dataclass(frozen=True, slots=True)
class DevnetAccount:
    """Someone with two keys of the same mnemonic, one for each world of addresses."""

    key: Key
    """secp256k1: an f1 address."""
    ethereum: Key
    """Delegated: an f410 address."""

    @property
    def ethereum_text(self) -> str:
        """The address as Ethereum writes it, in lower case."""
        return "0x" + self.ethereum.address.subaddress.hex()


@dataclass(frozen=True, slots=True)
class People:
    """Everybody whose keys a devnet holds."""

    accounts: tuple[DevnetAccount, ...]
    bls: Key
    """An account with an f3 address."""
    verifier: Key
    """A verifier (notary) with DataCap to give."""
    client: Key
    """A client with DataCap, and money in the market."""
    root: Key
    """The signer of the multisig f080, which appoints verifiers."""
    remainder: Key
    """The signer of the multisig f090, which has what nobody else has."""
    first_verifier: Key
    """f081, who gave away the DataCap of the sectors of genesis and has none left."""
    workers: tuple[Key, ...]
    """BLS: the worker, and owner, of the miner f01000, and of those after it."""
    beacon_secret: bytes = field(repr=False)
    """What the network's beacon signs its rounds with."""

    @property
    def ethereum_addresses(self) -> tuple[Address, ...]:
        """The f410 addresses, in order."""
        return tuple(account.ethereum.address for account in self.accounts)

    @property
    def keys(self) -> tuple[Key, ...]:
        """Every key, for a wallet, those of accounts first."""
        own = [key for account in self.accounts for key in (account.key, account.ethereum)]
        others = (self.bls, self.verifier, self.client, self.root, self.remainder)
        return (*own, *others, self.first_verifier, *self.workers)


def people_of(
    mnemonic: str = DEFAULT_MNEMONIC, accounts: int = DEFAULT_ACCOUNTS, miners: int = 1
) -> People:
    """Return the people of some words.

    DecodeError where the words are no mnemonic, LocalFault for more people than a devnet has room
    for, or no miner.
    """
    if not 0 <= accounts <= MOST_ACCOUNTS:
        raise LocalFault(f"{accounts} accounts: a devnet has from 0 to {MOST_ACCOUNTS}")
    if not 1 <= miners <= MOST_MINERS:
        raise LocalFault(f"{miners} miners: a devnet has from 1 to {MOST_MINERS}")
    seed = seed_of(check_words(mnemonic))

    def role(place: int, kind: SignatureType = SignatureType.SECP256K1) -> Key:
        return derive_key(kind, seed, _path(_ROLES, place))

    return People(
        accounts=tuple(_account(seed, index) for index in range(accounts)),
        bls=role(0, SignatureType.BLS),
        verifier=role(1),
        client=role(2),
        root=role(3),
        remainder=role(4),
        first_verifier=role(5),
        workers=tuple(
            derive_key(SignatureType.BLS, seed, _path(_WORKERS, place)) for place in range(miners)
        ),
        beacon_secret=derive_key(SignatureType.BLS, seed, _path(_BEACON, 0)).secret,
    )


def _account(seed: bytes, index: int) -> DevnetAccount:
    keys = (
        derive_key(kind, seed, account_path(kind, index))
        for kind in (SignatureType.SECP256K1, SignatureType.DELEGATED)
    )
    return DevnetAccount(*keys)


def _path(purpose: int, index: int) -> tuple[int, ...]:
    return (44 + HARDENED, FILECOIN_COIN + HARDENED, purpose + HARDENED, 0, index)
