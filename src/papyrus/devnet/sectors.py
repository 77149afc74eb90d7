"""Sectors of a devnet's miners: more of them, faulty ones, and ones that recover.

All of it is by messages of the miner's worker that any miner could send; what is SIMULATED is the
sealing and the proofs. Tipsets are made until the messages are executed.
"""

from collections.abc import Sequence

from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.upkeep import (
    DeclareFaultsParams,
    DeclareFaultsRecoveredParams,
    FaultDeclaration,
    RecoveryDeclaration,
)
from papyrus.actors.miner.placement import find_sector
from papyrus.actors.miner.proving_period import deadline_info
from papyrus.actors.miner.state import ALLOCATED_SECTORS
from papyrus.chain.search import search_message
from papyrus.devnet.devnet import Devnet
from papyrus.ipld.cid import Cid
from papyrus.ipld.tuples import Record
from papyrus.mining.post_scheduler import ChainView, load_miner
from papyrus.mining.simulated_sealing import announcement, proof_of_sector, provable_from
from papyrus.node.sending import draft
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.errors import ActorError, LocalFault
from papyrus.rules.policy import policy_of
from papyrus.types.message import Message
from papyrus.types.receipt import Receipt

MOST_SECTORS_AT_ONCE = 100

_FOR_A_SECTOR = TokenAmount.from_fil(1)
"""What comes with each message, for the deposit or the pledge; the rest is the miner's to take."""

_MOST_TIPSETS = 20
"""In which a message must be executed."""


async def view_of(devnet: Devnet) -> ChainView:
    """Return the chain up to the head, as the next epoch's messages find it."""
    node = devnet.node
    head = node.chain.head
    root = (await node.states.after(head)).state_root
    return ChainView(node.network, node.thread.source, node.chain.blocks, head, root)


async def add_sectors(devnet: Devnet, miner: Address, count: int) -> list[int]:
    """Let a miner have more sectors, announced, challenged and proven; return their numbers.

    Some ten epochs pass. LocalFault where it is none of the devnet's miners, or a message fails.
    """
    if not 1 <= count <= MOST_SECTORS_AT_ONCE:
        raise LocalFault(f"{count} sectors: 1 to {MOST_SECTORS_AT_ONCE} can be added at once")
    worker = worker_of(devnet, miner)
    view = await view_of(devnet)
    state, _ = await devnet.node.thread.run(load_miner, view, miner.id)
    taken = ALLOCATED_SECTORS.load(view.store, state.allocated_sectors).numbers
    last = taken.last()
    first = 0 if last is None else last + 1
    new = list(range(first, first + count))
    for number in new:
        params = await devnet.node.thread.run(announcement, view, miner.id, number)
        await _send(devnet, worker, miner, numbers.PRE_COMMIT_SECTOR_BATCH_2, params)
    view = await view_of(devnet)
    ready = max(provable_from(view, miner.id, number) for number in new)
    # One epoch more, since gas is estimated as if the message were executed in the head's own.
    if ready >= view.next_epoch:
        await devnet.advance(ready - view.next_epoch + 1)
    view = await view_of(devnet)
    for number in new:
        proof = await devnet.node.thread.run(proof_of_sector, view, miner.id, number, devnet.prover)
        await _send(devnet, worker, miner, numbers.PROVE_COMMIT_SECTORS_3, proof)
    return new


async def declare_faults(devnet: Devnet, miner: Address, sectors: Sequence[int]) -> Cid:
    """Let sectors of a miner be faulty; return the message's CID.

    LocalFault where it has no such sectors, or they are so already.
    """
    worker = worker_of(devnet, miner)
    await _leave_windows(devnet, miner, sectors)
    faults = tuple(FaultDeclaration(*place) for place in await _places(devnet, miner, sectors))
    params = DeclareFaultsParams(faults)
    return await _send(devnet, worker, miner, numbers.DECLARE_FAULTS, params, ZERO)


async def declare_recovered(devnet: Devnet, miner: Address, sectors: Sequence[int]) -> Cid:
    """Let faulty sectors be proven again from their next window on; return the message's CID.

    LocalFault where it has no such sectors, or they are not faulty.
    """
    worker = worker_of(devnet, miner)
    await _leave_windows(devnet, miner, sectors)
    recoveries = tuple(
        RecoveryDeclaration(*place) for place in await _places(devnet, miner, sectors)
    )
    params = DeclareFaultsRecoveredParams(recoveries)
    return await _send(devnet, worker, miner, numbers.DECLARE_FAULTS_RECOVERED, params, ZERO)


async def run_message(devnet: Devnet, message: Message) -> tuple[Cid, Receipt]:
    """Send a message, make tipsets until it is executed, and return its CID and receipt.

    LocalFault where it failed, or no block takes it.
    """
    node = devnet.node
    try:
        signed = await devnet.sending.send(message)
    except ActorError as error:
        raise LocalFault(f"method {message.method} of {message.to} failed: {error}") from error
    for _ in range(_MOST_TIPSETS):
        await devnet.mine()
        if node.pool.find(signed.cid) is not None:
            continue
        found = search_message(node.chain, node.opened.index, node.network, signed.cid)
        if found is None:
            continue
        if not found.receipt.is_success:
            raise LocalFault(
                f"method {message.method} of {message.to} failed with exit code "
                f"{found.receipt.exit_code}: message {found.cid}"
            )
        return signed.cid, found.receipt
    raise LocalFault(
        f"no block took message {signed.cid}: `papyrus mpool why {signed.cid}` tells why"
    )


def worker_of(devnet: Devnet, miner: Address) -> Address:
    """Return the key of a miner's worker; LocalFault where it is none of the devnet's miners."""
    if miner not in devnet.miners:
        names = ", ".join(map(str, devnet.miners))
        raise LocalFault(f"{miner} is none of the devnet's miners: {names}")
    return devnet.people.workers[devnet.miners.index(miner)].address


async def _send(
    devnet: Devnet,
    worker: Address,
    miner: Address,
    method: int,
    params: Record,
    value: TokenAmount = _FOR_A_SECTOR,
) -> Cid:
    cid, _ = await run_message(devnet, draft(worker, miner, value, method, params.to_cbor()))
    return cid


async def _places(
    devnet: Devnet, miner: Address, sectors: Sequence[int]
) -> list[tuple[int, int, BitField]]:
    """Return where sectors are: deadline, partition and numbers."""
    view = await view_of(devnet)
    state, _ = load_miner(view, miner.id)
    found: dict[tuple[int, int], list[int]] = {}
    for number in sectors:
        try:
            place = find_sector(view.store, state, number)
        except ActorError as error:
            raise LocalFault(f"{miner} has no sector {number}") from error
        found.setdefault(place, []).append(number)
    if not found:
        raise LocalFault("no sectors were named")
    return [(*place, BitField.from_bits(bits)) for place, bits in sorted(found.items())]


async def _leave_windows(devnet: Devnet, miner: Address, sectors: Sequence[int]) -> None:
    """Let epochs pass until nothing keeps the sectors' windows from being declared on.

    Nobody declares anything on a window that is open, or opens soon.
    """
    policy = policy_of(devnet.node.network.actors_bundle)
    for deadline, _, _ in await _places(devnet, miner, sectors):
        view = await view_of(devnet)
        state, _ = load_miner(view, miner.id)
        epoch = view.next_epoch
        start = state.current_proving_period_start(policy, epoch)
        window = deadline_info(policy, start, deadline, epoch).next_not_elapsed()
        if epoch + _MOST_TIPSETS >= window.fault_cutoff:
            await devnet.advance(window.close - epoch)
