"""The chain as a vector replays it (ref-fvm `testing/conformance/src/rand.rs`).

A vector records the randomness that its messages drew, as digests by kind and epoch. What it does
not record is one fixed value, the same in every runner.
"""

from collections.abc import Iterable

from papyrus.conformance.vector_files import RandomnessRule
from papyrus.ipld.cid import Cid
from papyrus.types.tipset import TipsetKey
from papyrus.vm.externs import ConsensusFault

FALLBACK_DIGEST = b"i_am_random_____i_am_random_____"


class VectorExterns:
    """Answers from a vector's records."""

    def __init__(self, rules: Iterable[RandomnessRule]) -> None:
        """Answer by these rules, the first that fits."""
        self._digests: dict[tuple[str, int], bytes] = {}
        for rule in rules:
            self._digests.setdefault((rule.kind, rule.epoch), rule.digest)

    def chain_randomness(self, epoch: int) -> bytes:
        """Return the recorded ticket digest of an epoch, or the fixed one."""
        return self._digests.get(("chain", epoch), FALLBACK_DIGEST)

    def beacon_randomness(self, epoch: int) -> bytes:
        """Return the recorded beacon digest of an epoch, or the fixed one."""
        return self._digests.get(("beacon", epoch), FALLBACK_DIGEST)

    def tipset_cid(self, _epoch: int, /) -> Cid:
        """Return the CID of the empty tipset, since a vector has no chain."""
        return TipsetKey(()).cid

    def verify_consensus_fault(
        self, _first: bytes, _second: bytes, _extra: bytes, /
    ) -> ConsensusFault | None:
        """Return None: a vector has no chain to prove a fault on."""
        return None
