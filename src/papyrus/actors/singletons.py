"""The actors that every network has exactly once, at the addresses of genesis (spec 2.3)."""

from papyrus.primitives.address import Address

SYSTEM = Address.from_id(0)
INIT = Address.from_id(1)
REWARD = Address.from_id(2)
CRON = Address.from_id(3)
STORAGE_POWER = Address.from_id(4)
STORAGE_MARKET = Address.from_id(5)
VERIFIED_REGISTRY = Address.from_id(6)
DATACAP = Address.from_id(7)
EAM = Address.from_id(10)
"""Makes Ethereum contracts, and is the namespace of their addresses."""
BURNT_FUNDS = Address.from_id(99)
"""Where burnt funds go; nothing leaves it."""

FIRST_NON_SINGLETON_ID = 100
"""The lowest actor ID of anything else."""
