"""All built-in actors that are written in Python, by name."""

from papyrus.actors.account.actor import ACCOUNT
from papyrus.actors.cron.actor import CRON_ACTOR
from papyrus.actors.datacap.actor import DATACAP_ACTOR
from papyrus.actors.dispatch import ActorCode
from papyrus.actors.ethaccount.actor import ETH_ACCOUNT
from papyrus.actors.init.actor import INIT_ACTOR
from papyrus.actors.market.actor import MARKET_ACTOR
from papyrus.actors.miner.actor import MINER_ACTOR
from papyrus.actors.multisig.actor import MULTISIG
from papyrus.actors.paych.actor import PAYCH
from papyrus.actors.placeholder import PLACEHOLDER
from papyrus.actors.power.actor import POWER_ACTOR
from papyrus.actors.reward.actor import REWARD_ACTOR
from papyrus.actors.system.actor import SYSTEM_ACTOR
from papyrus.actors.verifreg.actor import VERIFIED_REGISTRY_ACTOR

OLDEST_VERSION = 17
"""The oldest version of the actors whose rules the Python ones follow; they are those of 18."""

ACTORS: dict[str, ActorCode] = {
    actor.name: actor
    for actor in (
        ACCOUNT,
        CRON_ACTOR,
        DATACAP_ACTOR,
        ETH_ACCOUNT,
        INIT_ACTOR,
        MARKET_ACTOR,
        MINER_ACTOR,
        MULTISIG,
        PAYCH,
        PLACEHOLDER,
        POWER_ACTOR,
        REWARD_ACTOR,
        SYSTEM_ACTOR,
        VERIFIED_REGISTRY_ACTOR,
    )
}
"""By name in the bundle's manifest."""

BUILTIN_NAMES = (
    "system",
    "init",
    "cron",
    "account",
    "storagepower",
    "storageminer",
    "storagemarket",
    "paymentchannel",
    "multisig",
    "reward",
    "verifiedregistry",
    "datacap",
    "placeholder",
    "evm",
    "eam",
    "ethaccount",
)
"""Every built-in actor, in the order of the bundle's manifest."""

_SHORT_NAMES = {
    "market": "storagemarket",
    "miner": "storageminer",
    "paych": "paymentchannel",
    "power": "storagepower",
    "verifreg": "verifiedregistry",
}


def full_name(name: str) -> str:
    """Return the name in the manifest of an actor as people call it; ValueError if unknown."""
    full = _SHORT_NAMES.get(name, name)
    if full not in BUILTIN_NAMES:
        short = {full: short for short, full in _SHORT_NAMES.items()}
        known = ", ".join(short.get(known, known) for known in BUILTIN_NAMES)
        raise ValueError(f"{name!r} is no built-in actor: there are {known}")
    return full
