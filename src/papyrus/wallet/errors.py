"""What a wallet refuses, and what to do about it."""

from pathlib import Path

from papyrus.primitives.address import Address
from papyrus.primitives.errors import LocalFault
from papyrus.primitives.sentences import Words, sentence


class WalletError(LocalFault):
    """A wallet cannot do what was asked of it."""


class WalletLocked(WalletError):  # noqa: N818 - a state, and what it stands in the way of
    """A secret is needed while the wallet is locked."""

    def __init__(self) -> None:
        """Name the ways to unlock it."""
        super().__init__(
            "the wallet is locked: run `papyrus wallet unlock`, or start the node with "
            "PAPYRUS_WALLET_PASSWORD_FILE naming a file that holds the password"
        )


class WrongPassword(WalletError):  # noqa: N818 - what was found, not a failure of this program
    """A password does not open the wallet."""

    def __init__(self) -> None:
        """Say so; the password itself is told to nobody."""
        super().__init__("the password is wrong: it does not open this wallet")


class UnknownAddress(WalletError):  # noqa: N818 - what was found
    """The wallet holds no key for an address."""

    def __init__(self, address: Address) -> None:
        """Keep the address."""
        super().__init__(
            sentence(
                "key not found: the wallet holds none for {}; `papyrus wallet list` shows "
                "those it holds",
                address,
            )
        )
        self.address = address


class NoDefaultAddress(WalletError):  # noqa: N818 - what was found
    """The wallet has no default address."""

    def __init__(self) -> None:
        """Name the command that sets one."""
        super().__init__(
            "the wallet has no default address: run `papyrus wallet set-default ADDRESS`"
        )


class KeyExists(WalletError):  # noqa: N818 - what was found
    """The wallet already holds a key."""

    def __init__(self, address: Address) -> None:
        """Keep the address."""
        super().__init__(sentence("key already exists: the wallet holds the one for {}", address))
        self.address = address


class DamagedWallet(WalletError):  # noqa: N818 - what was found
    """A file of a wallet is not what was written there; it is left as it was found."""

    def __init__(self, path: Path, found: Words) -> None:
        """Keep the file and what is wrong with it."""
        super().__init__(
            sentence("{} is damaged: {}; put back a copy of it from a backup", path, found)
        )
        self.path = path
