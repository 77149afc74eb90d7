"""Rounding of epochs, so that what happens at many epochs is kept under few.

Expirations are rounded up to the last epoch of a sector's deadline, clean-ups to the end of a
deadline, vesting to half a day.
"""

from dataclasses import dataclass

from papyrus.actors.common.integers import ceiling_quotient


@dataclass(frozen=True, slots=True)
class QuantSpec:
    """Epochs apart by a unit, counted from an offset."""

    unit: int
    """Positive."""
    offset: int
    """Any of the epochs; of genesis miners, whose first period began before epoch 0, negative."""

    def quantize_up(self, epoch: int) -> int:
        """Return the first of the epochs at or after one."""
        return self.offset + self.unit * ceiling_quotient(epoch - self.offset, self.unit)

    def quantize_down(self, epoch: int) -> int:
        """Return the last of the epochs at or before one."""
        above = self.quantize_up(epoch)
        return above if epoch == above else above - self.unit


NO_QUANTIZATION = QuantSpec(unit=1, offset=0)
"""Leaves epochs as they are."""
