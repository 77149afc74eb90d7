"""What the built-in actors hold to, and what each build of them changes (their `policy.rs`).

The numbers are compiled into the released actors, so a network's bundle decides them: which sector
sizes exist, how small a deal may be, how much power a miner needs to be counted. A policy is the
same knowledge as a value, handed to the actors that are not compiled. All epochs are of 30 seconds
here, whatever the network's block delay.
"""

from dataclasses import dataclass, replace

EPOCHS_IN_HOUR = 3600 // 30
EPOCHS_IN_DAY = 24 * EPOCHS_IN_HOUR
EPOCHS_IN_YEAR = 31_556_925 // 30
"""A tropical year, which is what the actors count with."""

CHAIN_FINALITY = 900
CHALLENGE_WINDOW = 60
CHALLENGE_LOOKBACK = 20

MAX_SECTOR_NUMBER = 2**63 - 1

_KIB, _MIB, _GIB, _TIB = 1 << 10, 1 << 20, 1 << 30, 1 << 40

_SIZES = ("2KiB", "8MiB", "512MiB", "32GiB", "64GiB")
_FIRST_WINDOW_POST_V1P1 = 10
_FIRST_SEAL_V1P1, _FIRST_SEAL_SYNTHETIC, _FIRST_SEAL_NON_INTERACTIVE = 5, 10, 15


@dataclass(frozen=True, slots=True)
class Policy:
    """The constants of one build of the actors."""

    name: str
    """The build, as bundles are named."""
    fake_proofs: bool
    """Whether the actors take any proof of replication for valid, for Lotus' own tests."""

    window_post_proofs: frozenset[int]
    """Registered proof types that new miners may choose."""
    pre_commit_proofs: frozenset[int]
    """Registered seal proofs of sectors that are committed in two steps."""
    non_interactive_proofs: frozenset[int]
    """Registered seal proofs of sectors that are committed at once (FIP-0092)."""

    pre_commit_challenge_delay: int
    """Epochs between a pre-commitment and the randomness of its proof."""
    minimum_consensus_power: int
    """Bytes of raw power below which a miner's power does not count."""
    minimum_verified_allocation_size: int
    """Padded bytes of the smallest piece that DataCap may be spent on."""
    provider_collateral_supply_numerator: int
    """Percent of the circulating supply that deals of the whole network must be covered with."""

    max_aggregated_sectors: int = 819
    min_aggregated_sectors: int = 4
    max_aggregated_proof_size: int = 81_960
    max_replica_update_proof_size: int = 4_096
    max_aggregated_sectors_non_interactive: int = 65
    min_aggregated_sectors_non_interactive: int = 1
    max_non_interactive_randomness_lookback: int = 180 * EPOCHS_IN_DAY

    expired_pre_commit_clean_up_delay: int = 8 * EPOCHS_IN_HOUR
    max_pre_commit_randomness_lookback: int = EPOCHS_IN_DAY + CHAIN_FINALITY
    min_sector_expiration: int = 180 * EPOCHS_IN_DAY
    max_sector_expiration_extension: int = 1_278 * EPOCHS_IN_DAY

    proving_period: int = EPOCHS_IN_DAY
    challenge_window: int = CHALLENGE_WINDOW
    deadlines_in_period: int = 48
    challenge_lookback: int = CHALLENGE_LOOKBACK
    max_chain_commit_age: int = CHALLENGE_WINDOW
    dispute_window: int = 2 * CHAIN_FINALITY
    fault_declaration_cutoff: int = CHALLENGE_LOOKBACK + 50
    fault_max_age: int = 42 * EPOCHS_IN_DAY

    sectors_max: int = 32 << 20
    max_partitions_per_deadline: int = 3_000
    addressed_partitions_max: int = 3_000
    addressed_sectors_max: int = 25_000
    posted_partitions_max: int = 3
    max_control_addresses: int = 10
    max_peer_id_length: int = 128
    max_multiaddr_data: int = 1_024
    new_sectors_per_period_max: int = 128 << 10
    deal_limit_denominator: int = 134_217_728

    worker_key_change_delay: int = CHAIN_FINALITY
    consensus_fault_ineligibility: int = CHAIN_FINALITY
    chain_finality: int = CHAIN_FINALITY

    daily_fee_supply_numerator: int = 161_817
    daily_fee_supply_denominator: int = 10**30
    """The share of the circulating supply that a byte of quality-adjusted power costs a day."""
    daily_fee_reward_cap_denominator: int = 2
    """The fee is capped at the expected daily reward divided by this (FIP-0100)."""

    minimum_verified_allocation_term: int = 180 * EPOCHS_IN_DAY
    maximum_verified_allocation_term: int = 5 * EPOCHS_IN_YEAR
    maximum_verified_allocation_expiration: int = 60 * EPOCHS_IN_DAY
    end_of_life_claim_drop_period: int = 30 * EPOCHS_IN_DAY

    deal_updates_interval: int = 30 * EPOCHS_IN_DAY
    provider_collateral_supply_denominator: int = 100
    market_default_allocation_term_buffer: int = 90 * EPOCHS_IN_DAY

    @property
    def create_miner_deposit_power(self) -> int:
        """Bytes of power for which a new miner puts down a deposit (FIP-0077)."""
        return self.minimum_consensus_power // 10

    def sizes(self, *names: str) -> "Policy":
        """Return the policy with sectors of these sizes and no others."""
        places = [_SIZES.index(name) for name in names]
        return replace(
            self,
            window_post_proofs=_proofs(places, _FIRST_WINDOW_POST_V1P1),
            pre_commit_proofs=_proofs(places, _FIRST_SEAL_V1P1, _FIRST_SEAL_SYNTHETIC),
            non_interactive_proofs=_proofs(places, _FIRST_SEAL_NON_INTERACTIVE),
        )


def _proofs(places: list[int], *families: int) -> frozenset[int]:
    return frozenset(first + place for first in families for place in places)


MAINNET_POLICY = Policy(
    name="mainnet",
    fake_proofs=False,
    window_post_proofs=frozenset(),
    pre_commit_proofs=frozenset(),
    non_interactive_proofs=frozenset(),
    pre_commit_challenge_delay=150,
    minimum_consensus_power=10 * _TIB,
    minimum_verified_allocation_size=_MIB,
    provider_collateral_supply_numerator=1,
).sizes("32GiB", "64GiB")

CALIBRATIONNET_POLICY = replace(
    MAINNET_POLICY, name="calibrationnet", minimum_consensus_power=32 * _GIB
)

BUTTERFLYNET_POLICY = replace(
    MAINNET_POLICY, name="butterflynet", minimum_consensus_power=2 * _GIB
).sizes("512MiB", "32GiB", "64GiB")

DEVNET_POLICY = replace(
    MAINNET_POLICY,
    name="devnet",
    pre_commit_challenge_delay=10,
    minimum_consensus_power=2 * _KIB,
    minimum_verified_allocation_size=256,
).sizes("2KiB", "8MiB")

CATERPILLARNET_POLICY = replace(DEVNET_POLICY, name="caterpillarnet").sizes(
    "512MiB", "32GiB", "64GiB"
)

TESTING_POLICY = replace(
    DEVNET_POLICY, name="testing", provider_collateral_supply_numerator=0
).sizes(*_SIZES)

TESTING_FAKE_PROOFS_POLICY = replace(TESTING_POLICY, name="testing-fake-proofs", fake_proofs=True)

_POLICIES = {
    policy.name: policy
    for policy in (
        MAINNET_POLICY,
        CALIBRATIONNET_POLICY,
        BUTTERFLYNET_POLICY,
        CATERPILLARNET_POLICY,
        DEVNET_POLICY,
        TESTING_POLICY,
        TESTING_FAKE_PROOFS_POLICY,
    )
}


def policy_of(bundle: str) -> Policy:
    """Return the policy of a build of the actors by its name; KeyError for an unknown one."""
    return _POLICIES[bundle]
