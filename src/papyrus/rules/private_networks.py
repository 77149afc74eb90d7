"""Networks that begin at today's rules: butterfly, the 2 KiB devnet, and Lotus' own tests.

They have no past. Every upgrade lies before their genesis, so most heights are negative and only
their order speaks. The exception is the network of Lotus' integration tests, which takes mainnet's
constants for every rule that goes by height and begins at height zero under today's actors.
"""

from dataclasses import replace

from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.epochs import EPOCH_SECONDS
from papyrus.rules.beacons import LOTUS_MOCK, QUICKNET, BeaconPoint
from papyrus.rules.gas_prices import FIRST_INCLUSION
from papyrus.rules.mainnet import DRAGON_HEIGHT, MAINNET, TUKTUK_HEIGHT
from papyrus.rules.network import BaseFeeHeights, MigrationFacts, Network
from papyrus.rules.schedule import Schedule, upgrade
from papyrus.rules.vesting import AFTER_CALICO, VestingPeriod

BUTTERFLYNET = Network(
    name="butterflynet",
    chain_name=None,
    address_prefix="t",
    ethereum_chain_id=3_141_592,
    genesis=None,
    genesis_timestamp=0,
    block_delay=EPOCH_SECONDS,
    actors_bundle="butterflynet",
    actor_debugging=False,
    migrations=MigrationFacts(),
    schedule=Schedule(genesis_version=28, upgrades=()),
    base_fee=BaseFeeHeights(fixed_between=None, packed_until=-2, premiums_from=-32),
    senders_resolved_from=-16,
    vesting=(VestingPeriod(None, -7, AFTER_CALICO),),
    reserve_counts_after=-5,
    teep_reserve=TokenAmount.from_fil(1_600_000_000),
    beacons=(BeaconPoint(0, QUICKNET),),
    faults_ignored_around=None,
    inclusion_prices=FIRST_INCLUSION,
)

DEVNET = replace(
    BUTTERFLYNET,
    name="devnet",
    ethereum_chain_id=31_415_926,
    block_delay=4,
    actors_bundle="devnet",
    actor_debugging=True,
    migrations=MigrationFacts(pledge_ramp_epochs=200),
    base_fee=BaseFeeHeights(fixed_between=None, packed_until=-1, premiums_from=-32),
    vesting=(VestingPeriod(None, -6, AFTER_CALICO),),
    teep_reserve=TokenAmount.from_fil(1_400_000_000),
)
"""Lotus' `2k` build: tiny sectors and fast epochs."""

LOTUS_ITEST = replace(
    MAINNET,
    name="lotus-itest",
    chain_name="testing",
    genesis=None,
    genesis_timestamp=0,
    actors_bundle="testing-fake-proofs",
    # A migration that stores a height stores mainnet's, wherever the test upgrades.
    migrations=MigrationFacts(deals_expire_from=DRAGON_HEIGHT, pledge_ramp_start=TUKTUK_HEIGHT),
    schedule=Schedule(genesis_version=28, upgrades=(upgrade(-1, 28),)),
    # The tests move Assembly before genesis, and leave every other height as mainnet has it.
    reserve_counts_after=-1,
    beacons=(BeaconPoint(0, LOTUS_MOCK),),
    finality_start=None,
    inclusion_prices=FIRST_INCLUSION,
)
"""What Lotus' integration tests run; each test may upgrade at heights of its own."""

LOTUS_ITEST_DAILY_FEES = replace(
    LOTUS_ITEST,
    name="lotus-itest-daily-fees",
    teep_reserve=TokenAmount.from_fil(1_000_000_000),
)
"""What Lotus' test of daily fees runs: it enlarges the reserve so that some supply circulates."""
