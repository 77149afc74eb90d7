"""Mainnet: the network that FIL is worth something on."""

from papyrus.ipld.cid import Cid
from papyrus.primitives.epochs import EPOCH_SECONDS
from papyrus.rules.beacons import DRAND_MAINNET, INCENTINET, QUICKNET, BeaconPoint
from papyrus.rules.network import (
    INITIAL_RESERVE,
    BaseFeeHeights,
    FinalityStart,
    MigrationFacts,
    Network,
)
from papyrus.rules.schedule import Schedule, fix, upgrade
from papyrus.rules.vesting import AFTER_CALICO, BEFORE_CALICO, BEFORE_IGNITION, VestingPeriod

SMOKE_HEIGHT = 51_000
IGNITION_HEIGHT = 94_000
ASSEMBLY_HEIGHT = 138_720
LIFTOFF_HEIGHT = 148_888
CALICO_HEIGHT = 265_200
HYPERDRIVE_HEIGHT = 892_800
DRAGON_HEIGHT = 3_855_360
PHOENIX_HEIGHT = 3_855_480
TUKTUK_HEIGHT = 4_461_240
FIREHORSE_HEIGHT = 6_052_800

SCHEDULE = Schedule(
    genesis_version=0,
    upgrades=(
        upgrade(41_280, 1),  # Breeze
        upgrade(SMOKE_HEIGHT, 2),
        upgrade(IGNITION_HEIGHT, 3),
        fix(130_800, 3),  # Refuel
        upgrade(ASSEMBLY_HEIGHT, 4),
        upgrade(140_760, 5),  # Tape
        fix(LIFTOFF_HEIGHT, 5),
        upgrade(170_000, 6),  # Kumquat
        fix(CALICO_HEIGHT, 7),
        upgrade(272_400, 8),  # Persian
        upgrade(336_458, 9),  # Orange
        upgrade(550_321, 10),  # Trust
        upgrade(665_280, 11),  # Norwegian
        upgrade(712_320, 12),  # Turbo
        upgrade(HYPERDRIVE_HEIGHT, 13),
        upgrade(1_231_620, 14),  # Chocolate
        upgrade(1_594_680, 15),  # OhSnap
        upgrade(1_960_320, 16),  # Skyr
        upgrade(2_383_680, 17),  # Shark
        upgrade(2_683_348, 18),  # Hygge, 2023-03-14
        upgrade(2_809_800, 19),  # Lightning, 2023-04-27
        upgrade(2_870_280, 20),  # Thunder, 2023-05-18
        upgrade(3_469_380, 21),  # Watermelon, 2023-12-12
        upgrade(DRAGON_HEIGHT, 22),  # Dragon, 2024-04-24
        upgrade(4_154_640, 23),  # Waffle, 2024-08-06
        upgrade(TUKTUK_HEIGHT, 24),  # TukTuk, 2024-11-20
        upgrade(4_878_840, 25),  # Teep, 2025-04-14
        upgrade(5_138_040, 26),  # Tock, 90 days after Teep
        upgrade(5_348_280, 27),  # GoldenWeek, 2025-09-24
        upgrade(FIREHORSE_HEIGHT, 28),  # 2026-05-27
    ),
)

MAINNET = Network(
    name="mainnet",
    chain_name="testnetnet",
    address_prefix="f",
    ethereum_chain_id=314,
    genesis=Cid.from_string("bafy2bzacecnamqgqmifpluoeldx7zzglxcljo6oja4vrmtj7432rphldpdmm2"),
    genesis_timestamp=1_598_306_400,
    block_delay=EPOCH_SECONDS,
    actors_bundle="mainnet",
    actor_debugging=False,
    migrations=MigrationFacts(),
    schedule=SCHEDULE,
    base_fee=BaseFeeHeights(
        fixed_between=(41_280, 41_400),
        packed_until=SMOKE_HEIGHT,
        premiums_from=FIREHORSE_HEIGHT,
    ),
    senders_resolved_from=HYPERDRIVE_HEIGHT,
    vesting=(
        VestingPeriod(IGNITION_HEIGHT, 0, BEFORE_IGNITION),
        VestingPeriod(CALICO_HEIGHT, LIFTOFF_HEIGHT, BEFORE_CALICO),
        VestingPeriod(None, LIFTOFF_HEIGHT, AFTER_CALICO),
    ),
    reserve_counts_after=ASSEMBLY_HEIGHT,
    teep_reserve=INITIAL_RESERVE,
    beacons=(
        BeaconPoint(0, INCENTINET),
        BeaconPoint(SMOKE_HEIGHT, DRAND_MAINNET),
        BeaconPoint(PHOENIX_HEIGHT, QUICKNET),
    ),
    faults_ignored_around=None,
    finality_start=FinalityStart(
        0, Cid.from_string("bafy2bzacecklgxd2eksmodvhgurqvorkg3wamgqkrunir3al2gchv2cikgmbu")
    ),
)
