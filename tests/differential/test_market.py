"""Random deals on both engines: the same exit codes, answers, events and state, at every message.

The second build of the actors takes no proof for granted and asks providers for collateral.
"""

import pytest
from actor_vm import TwinVm
from market_traffic import MarketTraffic

pytestmark = [pytest.mark.bundle("v18/testing-fake-proofs"), pytest.mark.bundle("v18/devnet")]

BUNDLES = ("testing-fake-proofs", "devnet")
ENGINE = "hybrid:evm=wasm"


def run(seed, messages):
    bundle = BUNDLES[seed % len(BUNDLES)]
    traffic = MarketTraffic(TwinVm(ENGINE, bundle=bundle), seed)
    for count in range(messages):
        traffic.step()
        if count % 100 == 99:
            traffic.check()
    traffic.check()
    return traffic


@pytest.mark.parametrize("seed", range(4))
def test_engines_agree_on_random_messages(seed):
    run(seed, 70)


@pytest.mark.full
@pytest.mark.parametrize("seed", range(1000, 1400))
def test_engines_agree_on_many_random_messages(seed):
    run(seed, 300)
