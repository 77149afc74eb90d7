"""Which sectors are ready to be proven, and what their seal proofs claim.

A sector that is not ready fails alone, unless all must succeed; what would make its proof's
statement impossible fails them all. The statements are those of all sectors, since an aggregate
proof covers also those that fail.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from papyrus.actors.common.batches import BatchReturn
from papyrus.actors.common.proofs import verify_aggregate_seals
from papyrus.actors.miner.commd import full_unsealed_cid
from papyrus.actors.miner.lifetimes import require_valid_expiration
from papyrus.actors.miner.params.onboarding import SectorNonInteractiveActivation
from papyrus.actors.miner.proof_policy import is_sealed_sector, max_prove_commit_duration
from papyrus.actors.miner.sectors import SectorPreCommitOnChainInfo
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.bitfield import END_OF_BITS, BitField
from papyrus.primitives.errors import ActorError
from papyrus.primitives.exit_codes import ExitCode
from papyrus.proofs.proof_types import seal_proof_length
from papyrus.proofs.statements import (
    AggregatedSeal,
    AggregateSealStatement,
    SealStatement,
    SectorID,
)
from papyrus.rules.policy import MAX_SECTOR_NUMBER
from papyrus.vm.aborts import assertion_failed, forbidden, illegal_argument, illegal_state
from papyrus.vm.payloads import encoded
from papyrus.vm.runtime import RandomnessPurpose, Runtime

_NO_INTERACTION = b"\x01" * 32
"""Stands for the randomness of a challenge that nobody has made (FIP-0092)."""


@dataclass(frozen=True, slots=True)
class SealClaim:
    """What the proof of one sector claims (`SectorSealProofInput` in builtin-actors)."""

    seal_proof: int
    sector_number: int
    randomness: bytes
    interactive_randomness: bytes
    sealed_cid: Cid
    unsealed_cid: Cid

    def statement(self, miner: int, proof: bytes) -> SealStatement:
        """Return the claim with a proof of its own."""
        return SealStatement(
            registered_proof=self.seal_proof,
            sector_id=SectorID(miner, self.sector_number),
            deal_ids=(),
            randomness=self.randomness,
            interactive_randomness=self.interactive_randomness,
            proof=proof,
            sealed_cid=self.sealed_cid,
            unsealed_cid=self.unsealed_cid,
        )

    def aggregated(self) -> AggregatedSeal:
        """Return the claim as one of an aggregate."""
        return AggregatedSeal(
            self.sector_number,
            self.randomness,
            self.interactive_randomness,
            self.sealed_cid,
            self.unsealed_cid,
        )


def validate_pre_commits(
    rt: Runtime, pre_commits: Sequence[SectorPreCommitOnChainInfo], *, all_or_nothing: bool
) -> tuple[BatchReturn, list[SealClaim]]:
    """Return which pre-commitments are ready to be proven, and the claims of all.

    Aborts where proof types differ, and where one was announced too short a time ago.
    """
    codes = []
    claims: list[SealClaim] = []
    for place, pre_commit in enumerate(pre_commits):
        in_time = _require_provable(rt, pre_commit, claims[-1] if claims else None)
        claims.append(_claim_of(rt, pre_commit))
        ready = in_time and not pre_commit.info.deal_ids
        if not ready and all_or_nothing:
            raise illegal_argument(
                f"invalid pre-commit {place} while requiring activation success: {pre_commit}"
            )
        codes.append(ExitCode.OK if ready else ExitCode.USR_ILLEGAL_ARGUMENT)
    return BatchReturn.of(codes), claims


def validate_non_interactive(
    rt: Runtime,
    sectors: Sequence[SectorNonInteractiveActivation],
    seal_proof: int,
    *,
    all_or_nothing: bool,
) -> tuple[BatchReturn, list[SealClaim], BitField]:
    """Return which sectors can be committed at once, the claims of all, and the numbers of all.

    Aborts for a number that is there twice, and for randomness of the future.
    """
    unsealed_cid = full_unsealed_cid(None, seal_proof)
    codes = []
    claims = []
    numbers: set[int] = set()
    for place, sector in enumerate(sectors):
        require_new_number(numbers, sector.sector_number)
        if sector.seal_randomness_epoch >= rt.epoch:
            raise illegal_argument(
                f"seal challenge epoch {sector.seal_randomness_epoch} must be before now {rt.epoch}"
            )
        claims.append(
            SealClaim(
                seal_proof,
                sector.sealing_number,
                _seal_randomness(rt, sector.seal_randomness_epoch),
                _NO_INTERACTION,
                sector.sealed_cid,
                unsealed_cid,
            )
        )
        ready = _is_acceptable(rt, sector, seal_proof)
        if not ready and all_or_nothing:
            raise illegal_argument(
                f"invalid NI commit {place} while requiring activation success: {sector}"
            )
        codes.append(ExitCode.OK if ready else ExitCode.USR_ILLEGAL_ARGUMENT)
    return BatchReturn.of(codes), claims, BitField.from_bits(numbers)


def require_new_number(numbers: set[int], number: int) -> None:
    """Add a sector's number to those of a batch; abort where it is there, or none at all."""
    if number in numbers:
        raise illegal_argument(f"duplicate sector number {number}")
    if number >= END_OF_BITS:
        raise assertion_failed("bitfields may not include u64::MAX")
    numbers.add(number)


def require_short_proofs(seal_proof: int, proofs: Iterable[bytes]) -> None:
    """Abort where a proof is longer than those of its type are."""
    most = seal_proof_length(seal_proof)
    if most is None:
        raise illegal_state(f"failed to determine max proof size for type {seal_proof}")
    for proof in proofs:
        if len(proof) > most:
            raise illegal_argument(f"sector proof size {len(proof)} exceeds max {most}")


def require_valid_aggregate(
    proof: bytes, sectors: int, *, least: int, most: int, longest: int
) -> None:
    """Abort unless an aggregate is of as many sectors as it may be, and not too long."""
    if sectors > most:
        raise illegal_argument(f"too many sectors addressed, addressed {sectors} want <= {most}")
    if sectors < least:
        raise illegal_argument(f"too few sectors addressed, addressed {sectors} want >= {least}")
    if len(proof) > longest:
        raise illegal_argument(
            f"sector prove-commit proof of size {len(proof)} exceeds max size of {longest}"
        )


def require_proven_together(
    rt: Runtime,
    claims: Iterable[SealClaim],
    miner: int,
    seal_proof: int,
    aggregate_proof: int,
    proof: bytes,
) -> None:
    """Abort unless an aggregate proves all claims."""
    statement = AggregateSealStatement(
        miner, seal_proof, aggregate_proof, proof, tuple(claim.aggregated() for claim in claims)
    )
    if not verify_aggregate_seals(rt, statement):
        raise illegal_argument("aggregate seal verify failed")


def _require_provable(
    rt: Runtime, pre_commit: SectorPreCommitOnChainInfo, before: SealClaim | None
) -> bool:
    """Return whether it is not too late to prove a sector; abort where it is too early."""
    seal_proof = pre_commit.info.seal_proof
    longest = max_prove_commit_duration(rt.policy, seal_proof)
    if longest is None:
        raise illegal_state(f"no max seal duration for proof type: {seal_proof}")
    if before is not None and before.seal_proof != seal_proof:
        raise illegal_state(
            "seal proof group for verification contains mismatched seal proofs "
            f"{before.seal_proof} and {seal_proof}"
        )
    if rt.epoch <= _challenge_epoch(rt, pre_commit):
        raise forbidden("too early to prove sector")
    return rt.epoch <= pre_commit.pre_commit_epoch + longest


def _claim_of(rt: Runtime, pre_commit: SectorPreCommitOnChainInfo) -> SealClaim:
    announced = pre_commit.info
    return SealClaim(
        announced.seal_proof,
        announced.sector_number,
        _seal_randomness(rt, announced.seal_randomness_epoch),
        rt.beacon_randomness(
            RandomnessPurpose.INTERACTIVE_SEAL_CHALLENGE_SEED,
            _challenge_epoch(rt, pre_commit),
            encoded(Address, rt.receiver),
        ),
        announced.sealed_cid,
        full_unsealed_cid(announced.unsealed_cid, announced.seal_proof),
    )


def _challenge_epoch(rt: Runtime, pre_commit: SectorPreCommitOnChainInfo) -> int:
    return pre_commit.pre_commit_epoch + rt.policy.pre_commit_challenge_delay


def _seal_randomness(rt: Runtime, epoch: int) -> bytes:
    return rt.ticket_randomness(
        RandomnessPurpose.SEAL_RANDOMNESS, epoch, encoded(Address, rt.receiver)
    )


def _is_acceptable(rt: Runtime, sector: SectorNonInteractiveActivation, seal_proof: int) -> bool:
    """Return whether a sector can be committed without having been announced."""
    try:
        require_valid_expiration(rt.policy, rt.epoch, rt.epoch, sector.expiration, seal_proof)
    except ActorError:
        return False
    earliest = rt.epoch - rt.policy.max_non_interactive_randomness_lookback
    return (
        sector.sector_number <= MAX_SECTOR_NUMBER
        and sector.sealer_id == rt.receiver_id
        and sector.sector_number == sector.sealing_number
        and is_sealed_sector(sector.sealed_cid)
        and sector.seal_randomness_epoch >= earliest
    )
