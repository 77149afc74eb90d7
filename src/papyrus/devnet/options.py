"""What the genesis of a devnet is made of, by whoever starts it."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
SETTINGS_FILE = "devnet.json"
"""In the folder of a devnet: what its genesis was made of."""

OPTION_NAMES = {
    "accounts": "--accounts",
    "balance": "--balance",
    "mnemonic": "--mnemonic",
    "miners": "--miners",
    "epoch_seconds": "--block-time",
    "chain_id": "--chain-id",
}
"""What people call the fields, as far as they can choose them."""


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

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any]) -> "DevnetOptions":
        """Return the options that a settings file was written from; LocalFault where it is none."""
        try:
            fields = {field.name: settings[field.name] for field in dataclasses.fields(cls)}
            return cls(**{**fields, "balance": TokenAmount(int(fields["balance"]))})
        except (KeyError, TypeError, ValueError) as error:
            raise LocalFault(f"these are no settings of a devnet: {error}") from error

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
