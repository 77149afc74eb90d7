"""All built-in actors that are written in Python, by name."""

from papyrus.actors.account.actor import ACCOUNT
from papyrus.actors.dispatch import ActorCode
from papyrus.actors.placeholder import PLACEHOLDER

OLDEST_VERSION = 17
"""The oldest version of the actors whose rules the Python ones follow; they are those of 18."""

ACTORS: dict[str, ActorCode] = {actor.name: actor for actor in (ACCOUNT, PLACEHOLDER)}
"""By name in the bundle's manifest."""

_SHORT_NAMES = {
    "market": "storagemarket",
    "miner": "storageminer",
    "paych": "paymentchannel",
    "power": "storagepower",
    "verifreg": "verifiedregistry",
}
_WASM_ONLY = ("eam", "evm")


def full_name(name: str) -> str:
    """Return the name in the manifest of an actor as people call it; ValueError if unknown."""
    name = _SHORT_NAMES.get(name, name)
    if name not in ACTORS and name not in _WASM_ONLY:
        known = sorted([*ACTORS, *_SHORT_NAMES, *_WASM_ONLY])
        raise ValueError(f"{name!r} is no built-in actor: there are {', '.join(known)}")
    return name
