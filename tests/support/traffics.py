"""All random traffics by name: what makes each, how much of it is asked, and on which builds.

Of each traffic every seed is one run on two machines, native actors against released ones, with
the same build on both. What exists as released code only, Ethereum contracts and what makes them,
runs as such on both sides.
"""

from collections.abc import Callable
from dataclasses import dataclass

import account_traffic
import channel_traffic
import control_traffic
import datacap_traffic
import driver_traffic
import economy_traffic
import market_traffic
import method_traffic
import multisig_traffic
import network_traffic
import sealing_traffic
import upkeep_traffic
import verifreg_traffic
from recorder import FussyVerifier, RecordedTwin

NATIVE = "hybrid:eam=wasm,evm=wasm"
"""The first of two engines: every actor is native that is written in Python."""
RELEASED = "wasm"
"""The second of two engines."""

FAKE_PROOFS, PROOFS, COLLATERAL = "testing-fake-proofs", "testing", "devnet"
"""The builds: one takes proofs for granted, one asks the verifier, one wants collateral too."""


@dataclass(frozen=True)
class Traffic:
    """One kind of random messages."""

    actor: str
    """The actor that it is about, as people call it."""
    make: Callable
    """Of a machine and a seed."""
    target: int
    """How many messages are asked for in a long run."""
    steps: int = 300
    """In one run."""
    check_every: int = 100
    bundles: tuple[str, ...] = (FAKE_PROOFS, PROOFS)

    def bundle(self, seed):
        """Return the build that a seed is for; the last bits of seeds mean other things."""
        return self.bundles[seed // 4 % len(self.bundles)]

    def begin(self, seed, bundle=None, first=NATIVE, second=RELEASED):
        """Return machines that are watched, and the traffic on them at its beginning."""
        bundle = bundle or self.bundle(seed)
        vm = RecordedTwin(first, second, bundle=bundle)
        if bundle != FAKE_PROOFS:
            for one in vm.vms:
                one.verifier = FussyVerifier(seed)
        return vm, self.make(vm, seed)


TRAFFICS = {
    "account": Traffic("account", account_traffic.AccountTraffic, 20_000),
    "cron": Traffic("cron", driver_traffic.CronTraffic, 20_000),
    "datacap": Traffic("datacap", datacap_traffic.DatacapTraffic, 20_000),
    "init": Traffic("init", driver_traffic.InitTraffic, 20_000),
    "market": Traffic(
        "market",
        market_traffic.MarketTraffic,
        100_000,
        bundles=(FAKE_PROOFS, PROOFS, COLLATERAL),
    ),
    "miner-control": Traffic("miner", control_traffic.ControlTraffic, 25_000),
    "miner-upkeep": Traffic(
        "miner", upkeep_traffic.UpkeepTraffic, 50_000, steps=500, check_every=50
    ),
    "miner-sealing": Traffic(
        "miner", sealing_traffic.SealingTraffic, 25_000, steps=300, check_every=50
    ),
    "methods": Traffic("all", method_traffic.MethodTraffic, 40_000),
    "multisig": Traffic("multisig", multisig_traffic.MultisigTraffic, 100_000),
    "network": Traffic("network", network_traffic.NetworkTraffic, 5_000, steps=1000),
    "paych": Traffic("paych", channel_traffic.ChannelTraffic, 20_000),
    "power": Traffic("power", economy_traffic.PowerTraffic, 20_000),
    "reward": Traffic("reward", economy_traffic.RewardTraffic, 20_000),
    "system": Traffic("system", driver_traffic.SystemTraffic, 20_000),
    "verifreg": Traffic("verifreg", verifreg_traffic.VerifregTraffic, 100_000),
}
"""By name."""


def run(name, seed, bundle=None, *, steps=None, **engines):
    """Run one seed of a traffic to its end, and return its machines, which agreed throughout."""
    traffic = TRAFFICS[name]
    vm, running = traffic.begin(seed, bundle, **engines)
    for count in range(1, (steps or traffic.steps) + 1):
        running.step()
        if count % traffic.check_every == 0:
            running.check()
    return vm
