"""What the machine asks of the chain around it, and of whoever verifies proofs (FIP-0030).

Everything else an execution needs is in the state and the message. Randomness comes as the
32-byte digest of the ticket or beacon entry of an epoch; kernels before nv21 mix the purpose and
the entropy into it, later ones leave that to the actors (FIP-0075).
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import LocalFault
from papyrus.proofs.statements import (
    AggregateSealStatement,
    ReplicaUpdateStatement,
    SealStatement,
    WindowPoStStatement,
)


class ConsensusFaultType(IntEnum):
    """The provable misdeeds of a block producer."""

    DOUBLE_FORK_MINING = 1
    PARENT_GRINDING = 2
    TIME_OFFSET_MINING = 3


@dataclass(frozen=True, slots=True)
class ConsensusFault:
    """A proven fault: who did it, and when."""

    target: int
    """The miner's actor ID."""

    epoch: int
    """The epoch of the later block."""

    kind: ConsensusFaultType


class Externs(Protocol):
    """The chain as the machine sees it."""

    def chain_randomness(self, epoch: int) -> bytes:
        """Return the digest of the ticket at or before `epoch`; LookupError if there is none."""

    def beacon_randomness(self, epoch: int) -> bytes:
        """Return the digest of the beacon entry of `epoch`; LookupError if there is none."""

    def tipset_cid(self, epoch: int) -> Cid:
        """Return the CID of the tipset at or before `epoch`."""

    def verify_consensus_fault(
        self, first: bytes, second: bytes, extra: bytes
    ) -> ConsensusFault | None:
        """Return the fault that the block headers prove, or None."""


class Verifier(Protocol):
    """Who checks the proofs of storage; the statements come decoded.

    Each method returns whether the proof holds. A statement that the proving library refuses to
    look at raises SyscallError with an illegal argument, as the reference does.
    """

    name: str
    """What to call this verifier where results are shown."""

    def verify_seal(self, statement: SealStatement, /) -> bool:
        """Check a proof of replication."""

    def verify_post(self, statement: WindowPoStStatement, /) -> bool:
        """Check a window proof of spacetime."""

    def verify_aggregate_seals(self, statement: AggregateSealStatement, /) -> bool:
        """Check an aggregate of proofs of replication."""

    def verify_replica_update(self, statement: ReplicaUpdateStatement, /) -> bool:
        """Check the proof of a sector's update."""


class NoVerifyingKeys:
    """The default: it holds no verifying keys, and says so rather than guess."""

    name = "none (no verifying keys)"

    def verify_seal(self, statement: SealStatement, /) -> bool:
        """Refuse, since there is no key to check with."""
        raise _no_keys(f"the seal of sector {statement.sector_id.number}")

    def verify_post(self, statement: WindowPoStStatement, /) -> bool:
        """Refuse, since there is no key to check with."""
        raise _no_keys(f"a window proof of spacetime of f0{statement.prover}")

    def verify_aggregate_seals(self, statement: AggregateSealStatement, /) -> bool:
        """Refuse, since there is no key to check with."""
        raise _no_keys(f"{len(statement.infos)} aggregated seals of f0{statement.miner}")

    def verify_replica_update(self, statement: ReplicaUpdateStatement, /) -> bool:
        """Refuse, since there is no key to check with."""
        raise _no_keys(f"the replica update to {statement.new_sealed_cid}")


class AcceptAllProofs:
    """A verifier for conformance runs that holds every proof for valid, as upstream's does."""

    name = "accept-all (no proof is checked)"

    def verify_seal(self, _statement: SealStatement, /) -> bool:
        """Accept, whatever the statement."""
        return True

    def verify_post(self, _statement: WindowPoStStatement, /) -> bool:
        """Accept, whatever the statement."""
        return True

    def verify_aggregate_seals(self, _statement: AggregateSealStatement, /) -> bool:
        """Accept, whatever the statement."""
        return True

    def verify_replica_update(self, _statement: ReplicaUpdateStatement, /) -> bool:
        """Accept, whatever the statement."""
        return True


def _no_keys(what: str) -> LocalFault:
    return LocalFault(
        f"a message asks to verify {what}, and this machine has no verifying keys: give it a "
        "verifier that has them, or AcceptAllProofs to take every proof for valid"
    )
