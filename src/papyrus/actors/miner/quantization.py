"""Rounding of epochs, so that what happens at many epochs is kept under few.

Expirations are rounded up to the last epoch of a sector's deadline, clean-ups to the end of a
deadline, vesting to half a day.
"""

from dataclasses import dataclass

from papyrus.actors.integers import truncated_quotient, truncated_remainder


@dataclass(frozen=True, slots=True)
class QuantSpec:
    """Epochs apart by a unit, counted from an offset."""

    unit: int
    """Positive."""
    offset: int

    def quantize_up(self, epoch: int) -> int:
        """Return the first of the epochs at or after one.

        Quirk: the remainder of a negative offset is negative, and below the offset division rounds
        up, both as Rust divides; genesis miners, whose first period began before epoch 0, have such
        offsets.
        """
        offset = truncated_remainder(self.offset, self.unit)
        distance = epoch - offset
        quotient = truncated_quotient(distance, self.unit)
        if distance >= 0 and distance != self.unit * quotient:
            quotient += 1
        return self.unit * quotient + offset

    def quantize_down(self, epoch: int) -> int:
        """Return the last of the epochs at or before one."""
        above = self.quantize_up(epoch)
        return above if epoch == above else above - self.unit


NO_QUANTIZATION = QuantSpec(unit=1, offset=0)
"""Leaves epochs as they are."""
