"""By what a deal is known before it has an ID: the CID of its proposal."""

from papyrus.actors.market.deals import DealProposal
from papyrus.crypto.hashing import BLAKE2B_256
from papyrus.ipld.cid import DAG_CBOR, Cid
from papyrus.vm.payloads import encoded
from papyrus.vm.runtime import Runtime


def deal_cid(rt: Runtime, proposal: DealProposal) -> Cid:
    """Return the CID of a proposal as published, hashed by the machine."""
    digest = rt.hash(BLAKE2B_256, encoded(DealProposal, proposal))
    return Cid.of_digest(digest, DAG_CBOR, BLAKE2B_256)
