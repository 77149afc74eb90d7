"""Proving that a block producer forked the chain (spec 4.4, node.md 3.6).

A fault is two block headers that one miner signed and that no honest miner would both sign: two
blocks at one height, two blocks on one parent, or a block that leaves its producer's own previous
block out of its parents. For the last, a third header shows that the omitted block was a sibling
of a parent. Whether the blocks could ever have been valid does not matter. Whatever is wrong with
the evidence, the verdict is that there is no fault; it is never an error.
"""

from collections.abc import Callable

from papyrus.crypto.signatures import verify
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address, Protocol
from papyrus.primitives.epochs import CHAIN_FINALITY, ChainEpoch
from papyrus.primitives.errors import DecodeError
from papyrus.rules.network import Network
from papyrus.types.block import BlockHeader
from papyrus.vm.externs import ConsensusFault, ConsensusFaultType

WorkerKey = Callable[[int, ChainEpoch], Address]
"""Gives the key a miner signs its blocks of an epoch with; LookupError where it cannot be known."""


def find_consensus_fault(
    first: bytes, second: bytes, extra: bytes, network: Network, worker_key: WorkerKey
) -> ConsensusFault | None:
    """Return the fault that two headers prove, with an optional witness, or None."""
    try:
        blocks = (read_header(first), read_header(second))
        witness = read_header(extra) if extra else None
    except DecodeError:
        return None
    kind = fault_kind(*blocks, witness)
    if kind is None or any(_is_exempt(network, block.height) for block in blocks):
        return None
    miner = blocks[0].miner
    if miner.protocol is not Protocol.ID:
        return None
    if not all(_is_signed(block, miner.id, worker_key) for block in blocks):
        return None
    return ConsensusFault(target=miner.id, epoch=blocks[1].height, kind=kind)


def fault_kind(
    first: BlockHeader, second: BlockHeader, witness: BlockHeader | None
) -> ConsensusFaultType | None:
    """Return what fault two blocks show, before their signatures are looked at.

    The first may not be higher than the second. Where several faults hold, the last of the three
    tests decides.
    """
    if first.cid == second.cid or first.miner != second.miner or second.height < first.height:
        return None
    kind = None
    if first.height == second.height:
        kind = ConsensusFaultType.DOUBLE_FORK_MINING
    elif _same_parents(first.parents, second.parents):
        kind = ConsensusFaultType.TIME_OFFSET_MINING
    if (
        witness is not None
        and _same_parents(first.parents, witness.parents)
        and first.height == witness.height
        and witness.cid in second.parents
        and first.cid not in second.parents
    ):
        kind = ConsensusFaultType.PARENT_GRINDING
    return kind


def read_header(data: bytes) -> BlockHeader:
    """Return the header that `data` begins with; raises DecodeError.

    Quirk: Lotus reads one header and never asks whether the bytes end there.
    """
    codec = BlockHeader.__cbor_codec__
    _, end = codec.read(data, 0, 0)
    return BlockHeader.from_cbor(data[:end])


def _same_parents(left: tuple[Cid, ...], right: tuple[Cid, ...]) -> bool:
    # Quirk: compared as sets after their lengths, so order and repetition go unnoticed.
    return len(left) == len(right) and set(left) >= set(right)


def _is_exempt(network: Network, height: ChainEpoch) -> bool:
    center = network.faults_ignored_around
    return center is not None and abs(height - center) < CHAIN_FINALITY


def _is_signed(block: BlockHeader, miner: int, worker_key: WorkerKey) -> bool:
    if block.block_sig is None:
        return False
    try:
        key = worker_key(miner, block.height)
    except LookupError:
        return False
    return verify(block.block_sig, key, block.signing_bytes)
