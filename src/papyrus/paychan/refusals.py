"""What this node's payment channels refuse, in Lotus' words where clients know them."""

from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import PapyrusError
from papyrus.primitives.sentences import sentence


class ChannelRefusal(PapyrusError):  # noqa: N818 - an answer, not a failure
    """Something that cannot be done with a payment channel."""


class ChannelNotTracked(ChannelRefusal):
    """This node knows of no such channel."""

    def __init__(self, address: Address) -> None:
        """Name the channel."""
        super().__init__(
            sentence("channel not tracked: {} is none of this node's payment channels", address)
        )


class VoucherRefused(ChannelRefusal):
    """A voucher that is worth nothing, or not what it says."""


class InsufficientFunds(ChannelRefusal):
    """A voucher that the channel has too little for."""

    def __init__(self, shortfall: TokenAmount) -> None:
        """Keep the attoFIL that are missing."""
        super().__init__(
            f"not enough funds in channel to cover voucher - shortfall: {int(shortfall)}"
        )
        self.shortfall = shortfall
