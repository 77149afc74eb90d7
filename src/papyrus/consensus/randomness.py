"""The randomness an execution sees (node.md 3.5).

The machine asks for a digest: of the smallest ticket of a tipset, or of the beacon entry that
belongs to an epoch. The drawing of many values from one digest happens in the kernel or in the
actors. Tickets exist only where there are blocks, so an epoch without any takes the ticket of the
next tipset (since nv13). A beacon entry is exact: the one round of that epoch, looked for in the
tipset at or after it and in a few before (since nv14).
"""

from papyrus.consensus.chain import TipsetSource, tipset_at
from papyrus.crypto.hashing import blake2b_256
from papyrus.ipld import dag_cbor
from papyrus.primitives.address import Address
from papyrus.primitives.epochs import ChainEpoch
from papyrus.rules.network import Network
from papyrus.types.ticket import BeaconEntry
from papyrus.types.tipset import Tipset
from papyrus.vm.kernel.random import draw
from papyrus.vm.runtime import RandomnessPurpose

_TIPSETS_SEARCHED = 20
"""How far back a beacon entry is looked for, on networks faster than their beacon."""


def chain_digest(source: TipsetSource, base: Tipset, epoch: ChainEpoch) -> bytes:
    """Return the ticket digest for an epoch on the chain that ends in `base`.

    LookupError for an epoch after it; epochs before genesis read the genesis ticket.
    """
    return tipset_at(source, base, max(epoch, 0), before_null=False).ticket_digest


def beacon_digest(source: TipsetSource, base: Tipset, epoch: ChainEpoch, network: Network) -> bytes:
    """Return the digest of the beacon entry for an epoch on the chain that ends in `base`.

    LookupError for an epoch after it, and where no block near it carries the entry.
    """
    return blake2b_256(beacon_entry(source, base, epoch, network).data)


def beacon_entry(
    source: TipsetSource, base: Tipset, epoch: ChainEpoch, network: Network
) -> BeaconEntry:
    """Return the beacon entry for an epoch on the chain that ends in `base`.

    LookupError for an epoch after it, and where no block near it carries the entry.
    """
    tipset = tipset_at(source, base, max(epoch, 0), before_null=False)
    if epoch < 0:
        return latest_beacon_entry(source, tipset)
    wanted = network.beacon_round_at(epoch)
    for _ in range(_TIPSETS_SEARCHED):
        for entry in tipset.blocks[0].beacon_entries:
            if entry.round == wanted:
                return entry
        if tipset.height == 0:
            break
        tipset = source.tipset(tipset.parents)
    raise LookupError(f"no block carries beacon round {wanted}, which belongs to epoch {epoch}")


def latest_beacon_entry(source: TipsetSource, base: Tipset) -> BeaconEntry:
    """Return the last beacon entry in a tipset or the nearest one before it that has any.

    LookupError where none of twenty tipsets has one.
    """
    tipset = base
    for _ in range(_TIPSETS_SEARCHED):
        entries = tipset.blocks[0].beacon_entries
        if entries:
            return entries[-1]
        if tipset.height == 0:
            break
        tipset = source.tipset(tipset.parents)
    raise LookupError(f"no beacon entry in {_TIPSETS_SEARCHED} tipsets up to {base.height}")


def drawn_for_block(
    entry: BeaconEntry,
    purpose: RandomnessPurpose,
    epoch: ChainEpoch,
    miner: Address,
    entropy: bytes = b"",
) -> bytes:
    """Return what a miner draws from a beacon entry for a purpose of block production.

    The miner's address is part of it, so that no two miners draw the same.
    """
    digest = blake2b_256(entry.data)
    return draw(digest, purpose, epoch, dag_cbor.encode(bytes(miner)) + entropy)
