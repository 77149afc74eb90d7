"""What users may set of the message pool (Lotus' MpoolConfig and its bounds)."""

from dataclasses import dataclass

from papyrus.mpool.sender_messages import MINIMUM_REPLACEMENT_PERCENT
from papyrus.primitives.address import Address
from papyrus.primitives.errors import LocalFault


@dataclass(frozen=True, slots=True)
class MpoolConfig:
    """The settings; the values are those of Lotus where nothing is set."""

    priority_addresses: tuple[Address, ...] = ()
    """Senders whose messages go first into blocks made here, and are never dropped."""
    size_limit_high: int = 30_000
    """With more messages than this the pool drops the worst ..."""
    size_limit_low: int = 20_000
    """... until it is down to so many."""
    replace_by_fee_percent: int = 125
    """The premium `mpool fix` offers, of that of the message it replaces."""
    prune_cooldown: float = 60.0
    """Seconds between two such clearances."""
    gas_limit_overestimation: float = 1.25
    """The gas limit that is suggested, of the gas a trial took."""

    def __post_init__(self) -> None:
        """Check the bounds; LocalFault where one does not hold."""
        if self.replace_by_fee_percent < MINIMUM_REPLACEMENT_PERCENT:
            raise LocalFault(
                f"'ReplaceByFeeRatio' is less than required {self.replace_by_fee_percent / 100:g} "
                f"< {MINIMUM_REPLACEMENT_PERCENT / 100:g}"
            )
        if not self.gas_limit_overestimation >= 1:
            raise LocalFault("'GasLimitOverestimation' cannot be less than 1")
        if not 0 < self.size_limit_low <= self.size_limit_high:
            raise LocalFault(
                f"'SizeLimitLow' is {self.size_limit_low}, which is not from 1 to 'SizeLimitHigh', "
                f"{self.size_limit_high}"
            )
        if not self.prune_cooldown >= 0:
            raise LocalFault("'PruneCooldown' cannot be negative")
