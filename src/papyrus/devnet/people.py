"""Who is in a devnet: accounts for everybody, and those whose part the network needs.

All keys follow from the words of a mnemonic, and the words that are used unless others are given
are the ones that every development network uses. Nothing of any worth may ever be sent to them.
"""

from dataclasses import dataclass

from papyrus.genesis.template import Key
from papyrus.primitives.address import Address


@dataclass(frozen=True, slots=True)
class DevnetAccount:
    """Someone with two keys of the same mnemonic, one for each world of addresses."""

    key: Key
    """secp256k1: an f1 address."""
    ethereum: Key
    """Delegated: an f410 address, 0x in Ethereum's text."""


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

    @property
    def ethereum_addresses(self) -> tuple[Address, ...]:
        """The f410 addresses, in order."""
        return tuple(account.ethereum.address for account in self.accounts)

    @property
    def keys(self) -> tuple[Key, ...]:
        """Every key, for a wallet."""
        own = [key for account in self.accounts for key in (account.key, account.ethereum)]
        others = (self.bls, self.verifier, self.client, self.root, self.remainder)
        return (*own, *others, self.first_verifier, *self.workers)
