"""What the genesis of a devnet is made of, by whoever starts it."""

from dataclasses import dataclass

from papyrus.devnet.people import DEFAULT_ACCOUNTS, DEFAULT_MNEMONIC, People, people_of
from papyrus.devnet.settings import (
    DEFAULT_BALANCE,
    DEFAULT_BLOCK_TIME,
    DEFAULT_CHAIN_ID,
    DevnetSettings,
)
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError, LocalFault

DEFAULT_SECTORS = 2


@dataclass(frozen=True, slots=True)
class DevnetOptions:
    """What the genesis of a devnet is made of."""

    accounts: int = DEFAULT_ACCOUNTS
    balance: TokenAmount = DEFAULT_BALANCE
    """What each account has, in attoFIL."""
    mnemonic: str = DEFAULT_MNEMONIC
    miners: int = 1
    sectors: int = DEFAULT_SECTORS
    """How many each miner begins with."""
    epoch_seconds: int = DEFAULT_BLOCK_TIME
    chain_id: int = DEFAULT_CHAIN_ID

    def people(self) -> People:
        """Return everybody whose keys the devnet holds; LocalFault for words that are none."""
        try:
            return people_of(self.mnemonic, self.accounts, self.miners)
        except DecodeError as error:
            raise LocalFault(f"the mnemonic is none: {error}") from error

    def settings(self, timestamp: int) -> DevnetSettings:
        """Return how the genesis of that moment, in Unix seconds, is made."""
        return DevnetSettings(
            timestamp=timestamp,
            balance=self.balance,
            sectors=self.sectors,
            block_time=self.epoch_seconds,
            chain_id=self.chain_id,
        )
