"""Epochs: the chain's clock.

An epoch is a slot of 30 seconds in which a tipset may be made; epoch 0 is the genesis. Heights,
deadlines and lifetimes are all counted in epochs, and no wall clock is read below the node.
"""

from typing import TypeAlias

ChainEpoch: TypeAlias = int
"""A signed 64-bit count of epochs since genesis; negative for "before the chain" and "never"."""

EPOCH_SECONDS = 30
"""The time of one epoch, the same on every public network."""

EPOCHS_IN_HOUR = 120
EPOCHS_IN_DAY = 24 * EPOCHS_IN_HOUR
EPOCHS_IN_YEAR = 365 * EPOCHS_IN_DAY

CHAIN_FINALITY = 900
"""Tipsets after which a node refuses to change its mind about the past (7.5 hours)."""

UNDEFINED_EPOCH = -1
"""What actor state holds where an epoch is not known or not set."""
