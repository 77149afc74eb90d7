"""How storage is proven and cron wakes a miner: methods 5, 12, 13, 15 and 24."""

from papyrus.actors.common.smoothing import FilterEstimate
from papyrus.ipld.schema import I64, U64, ChainEpoch
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.bitfield import BitField
from papyrus.proofs.statements import PoStProof


@cbor_tuple
class PoStPartition(Record):
    """A partition that a window proof covers."""

    index: U64
    """Within the deadline, from zero."""
    skipped: BitField
    """Sectors that are left out of the proof, and become faulty if they were not."""


@cbor_tuple
class SubmitWindowedPoStParams(Record):
    """A proof that the sectors of some partitions of a deadline were held."""

    deadline: U64
    partitions: tuple[PoStPartition, ...]
    proofs: tuple[PoStProof, ...]
    """One for each distinct proof type among the sectors."""
    chain_commit_epoch: ChainEpoch
    """An epoch of the chain that the proof is for."""
    chain_commit_randomness: bytes
    """The ticket randomness of that epoch, so that the proof counts on no other chain."""


@cbor_tuple
class DisputeWindowedPoStParams(Record):
    """A proof that was accepted unchecked and is claimed to be wrong (FIP-0010)."""

    deadline: U64
    post_index: U64
    """Of the submission among those of the deadline's last challenge window."""


@cbor_tuple
class CheckSectorProvenParams(Record):
    """A sector that must exist."""

    sector_number: U64


@cbor_tuple
class ReportConsensusFaultParams(Record):
    """Block headers that the miner should never have signed both of."""

    header1: bytes
    header2: bytes
    header_extra: bytes
    """For a parent-grinding fault, the block that proves it; empty otherwise."""


@cbor_tuple
class CronEventPayload(Record):
    """What a miner has the power actor tell it at an epoch."""

    event_type: I64


@cbor_tuple
class DeferredCronEventParams(Record):
    """What the power actor tells a miner at an epoch it asked for."""

    event_payload: bytes
    """A `CronEventPayload`."""
    reward_smoothed: FilterEstimate
    quality_adjusted_power_smoothed: FilterEstimate
