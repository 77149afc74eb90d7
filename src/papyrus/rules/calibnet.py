"""Calibration: the lasting test network, which upgrades some weeks before mainnet."""

from papyrus.ipld.cid import Cid
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.epochs import EPOCH_SECONDS, EPOCHS_IN_DAY
from papyrus.rules.beacons import DRAND_MAINNET, QUICKNET, BeaconPoint
from papyrus.rules.network import BaseFeeHeights, FinalityStart, MigrationFacts, Network
from papyrus.rules.schedule import Schedule, fix, upgrade
from papyrus.rules.vesting import AFTER_CALICO, BEFORE_CALICO, VestingPeriod

ASSEMBLY_HEIGHT = 30
CALICO_HEIGHT = 120
HYPERDRIVE_HEIGHT = 420
WATERMELON_FIX_HEIGHT = 1_070_494
PHOENIX_HEIGHT = 1_428_094
FIREHORSE_HEIGHT = 3_694_534

_SMOKE_HEIGHT = -2
_LIFTOFF_HEIGHT = -5

SCHEDULE = Schedule(
    genesis_version=0,
    upgrades=(
        upgrade(ASSEMBLY_HEIGHT, 4),
        upgrade(60, 5),  # Tape
        upgrade(90, 6),  # Kumquat
        fix(CALICO_HEIGHT, 7),
        upgrade(240, 8),  # Persian
        upgrade(300, 9),  # Orange
        upgrade(330, 10),  # Trust
        upgrade(360, 11),  # Norwegian
        upgrade(390, 12),  # Turbo
        upgrade(HYPERDRIVE_HEIGHT, 13),
        upgrade(450, 14),  # Chocolate
        upgrade(480, 15),  # OhSnap
        upgrade(510, 16),  # Skyr
        upgrade(16_800, 17),  # Shark
        upgrade(322_354, 18),  # Hygge
        upgrade(489_094, 19),  # Lightning
        upgrade(492_214, 20),  # Thunder
        upgrade(1_013_134, 21, "v12.0.0-rc.1"),  # Watermelon
        fix(WATERMELON_FIX_HEIGHT, 21, "v12.0.0-rc.2"),  # the miner's code
        fix(1_108_174, 21),  # the miner's code, once more
        upgrade(1_427_974, 22, "v13.0.0-rc.3"),  # Dragon
        fix(1_493_854, 22),  # the verified registry's code
        upgrade(1_779_094, 23),  # Waffle
        upgrade(2_078_794, 24),  # TukTuk
        upgrade(2_523_454, 25, "v16.0.0"),  # Teep
        upgrade(2_543_614, 26),  # Tock, 7 days after Teep
        fix(2_558_014, 26),  # the pledge constants of Teep
        upgrade(3_007_294, 27),  # GoldenWeek
        upgrade(FIREHORSE_HEIGHT, 28),
    ),
)

CALIBNET = Network(
    name="calibnet",
    chain_name="calibrationnet",
    address_prefix="t",
    ethereum_chain_id=314_159,
    genesis=Cid.from_string("bafy2bzacecyaggy24wol5ruvs6qm73gjibs2l2iyhcqmvi7r7a4ph7zx3yqd4"),
    genesis_timestamp=1_667_326_380,
    block_delay=EPOCH_SECONDS,
    actors_bundle="calibrationnet",
    actor_debugging=False,
    migrations=MigrationFacts(pledge_ramp_epochs=3 * EPOCHS_IN_DAY),
    schedule=SCHEDULE,
    base_fee=BaseFeeHeights(
        fixed_between=None, packed_until=_SMOKE_HEIGHT, premiums_from=FIREHORSE_HEIGHT
    ),
    senders_resolved_from=HYPERDRIVE_HEIGHT,
    vesting=(
        VestingPeriod(CALICO_HEIGHT, _LIFTOFF_HEIGHT, BEFORE_CALICO),
        VestingPeriod(None, _LIFTOFF_HEIGHT, AFTER_CALICO),
    ),
    reserve_counts_after=ASSEMBLY_HEIGHT,
    teep_reserve=TokenAmount.from_fil(1_200_000_000),
    beacons=(BeaconPoint(0, DRAND_MAINNET), BeaconPoint(PHOENIX_HEIGHT, QUICKNET)),
    faults_ignored_around=WATERMELON_FIX_HEIGHT,
    finality_start=FinalityStart(
        0, Cid.from_string("bafy2bzacednijkh5dhb6jb7snxhhtjt7zuqaydlewoha3ordhy76dhgwtmptg")
    ),
)
