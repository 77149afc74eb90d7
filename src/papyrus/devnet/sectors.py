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
from papyrus.devnet.deal_data import data_of_deals
from papyrus.devnet.devnet import Devnet
from papyrus.devnet.miners import DevnetMiner
from papyrus.ipld.cid import Cid
from papyrus.ipld.tuples import Record
from papyrus.mining.post_scheduler import load_miner
from papyrus.mining.simulated_sealing import announcement, proof_of_sector, provable_from
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.errors import ActorError, LocalFault
from papyrus.primitives.sentences import sentence
from papyrus.proofs.commitments import PieceError
from papyrus.rules.policy import policy_of
from papyrus.types.message import Message, draft
from papyrus.types.receipt import Receipt

MOST_SECTORS_AT_ONCE = 100

_FOR_A_SECTOR = TokenAmount.from_fil(1)
"""What comes with each message, for the deposit or the pledge; the rest is the miner's to take."""

_MOST_TIPSETS = 20
"""In which a message must be executed."""


async def add_sectors(
    devnet: Devnet, miner: Address, count: int, deals: Sequence[int] = ()
) -> list[int]:
    """Let a miner have more sectors, announced, challenged and proven; return their numbers.

    One sector may be given the data of deals, the others hold zeros. Some ten epochs pass, and from
    here on the devnet proves the miner's sectors. LocalFault where nobody here can sign for it, the
    deals are not its own or do not fit, or a message fails.
    """
    if not 1 <= count <= MOST_SECTORS_AT_ONCE:
        raise LocalFault(f"{count} sectors: 1 to {MOST_SECTORS_AT_ONCE} can be added at once")
    if deals and count != 1:
        raise LocalFault(f"{count} sectors: the data of deals is for one sector")
    one = await devnet.look_after(miner)
    run = devnet.node.thread.run
    view = await devnet.view()
    data = await run(data_of_deals, view, one.address, deals)
    state, _ = await run(load_miner, view, one.address.id)
    taken = ALLOCATED_SECTORS.load(view.store, state.allocated_sectors).numbers
    last = taken.last()
    first = 0 if last is None else last + 1
    new = list(range(first, first + count))
    for number in new:
        try:
            params = await run(
                announcement, view, one.address.id, number, data.commitments, data.needed_until
            )
        except PieceError as error:
            raise LocalFault(f"the deals do not fit into one sector: {error}") from error
        await _send(devnet, one, numbers.PRE_COMMIT_SECTOR_BATCH_2, params)
    view = await devnet.view()
    ready = max(provable_from(view, one.address.id, number) for number in new)
    # One epoch more, since gas is estimated as if the message were executed in the head's own.
    if ready >= view.next_epoch:
        await devnet.advance(ready - view.next_epoch + 1)
    view = await devnet.view()
    for number in new:
        proof = await run(proof_of_sector, view, one.address.id, number, devnet.prover, data.pieces)
        await _send(devnet, one, numbers.PROVE_COMMIT_SECTORS_3, proof)
    return new


async def declare_faults(devnet: Devnet, miner: Address, sectors: Sequence[int]) -> Cid:
    """Let sectors of a miner be faulty; return the message's CID.

    LocalFault where it has no such sectors, or they are so already.
    """
    one = await devnet.look_after(miner)
    await _leave_windows(devnet, one.address, sectors)
    places = await _places(devnet, one.address, sectors)
    params = DeclareFaultsParams(tuple(FaultDeclaration(*place) for place in places))
    return await _send(devnet, one, numbers.DECLARE_FAULTS, params, ZERO)


async def declare_recovered(devnet: Devnet, miner: Address, sectors: Sequence[int]) -> Cid:
    """Let faulty sectors be proven again from their next window on; return the message's CID.

    LocalFault where it has no such sectors, or they are not faulty.
    """
    one = await devnet.look_after(miner)
    await _leave_windows(devnet, one.address, sectors)
    places = await _places(devnet, one.address, sectors)
    params = DeclareFaultsRecoveredParams(tuple(RecoveryDeclaration(*place) for place in places))
    return await _send(devnet, one, numbers.DECLARE_FAULTS_RECOVERED, params, ZERO)


async def run_message(devnet: Devnet, message: Message) -> tuple[Cid, Receipt]:
    """Send a message, make tipsets until it is executed, and return its CID and receipt.

    LocalFault where it failed, or no block takes it.
    """
    node = devnet.node
    try:
        signed = await devnet.sending.send(message)
    except ActorError as error:
        raise LocalFault(
            sentence("method {} of {} failed: {}", message.method, message.to, error)
        ) from error
    for _ in range(_MOST_TIPSETS):
        await devnet.mine()
        if node.pool.find(signed.cid) is not None:
            continue
        found = search_message(node.chain, node.opened.index, node.network, signed.cid)
        if found is None:
            continue
        if not found.receipt.is_success:
            raise LocalFault(
                sentence(
                    "method {} of {} failed with exit code {}: message {}",
                    message.method,
                    message.to,
                    found.receipt.exit_code,
                    found.cid,
                )
            )
        return signed.cid, found.receipt
    raise LocalFault(
        f"no block took message {signed.cid}: `papyrus mpool why {signed.cid}` tells why"
    )


async def _send(
    devnet: Devnet,
    miner: DevnetMiner,
    method: int,
    params: Record,
    value: TokenAmount = _FOR_A_SECTOR,
) -> Cid:
    message = draft(miner.worker, miner.address, value, method, params.to_cbor())
    cid, _ = await run_message(devnet, message)
    return cid


async def _places(
    devnet: Devnet, miner: Address, sectors: Sequence[int]
) -> list[tuple[int, int, BitField]]:
    """Return where sectors are: deadline, partition and numbers."""
    view = await devnet.view()
    state, _ = load_miner(view, miner.id)
    found: dict[tuple[int, int], list[int]] = {}
    for number in sectors:
        try:
            place = find_sector(view.store, state, number)
        except ActorError as error:
            raise LocalFault(sentence("{} has no sector {}", miner, number)) from error
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
        view = await devnet.view()
        state, _ = load_miner(view, miner.id)
        epoch = view.next_epoch
        start = state.current_proving_period_start(policy, epoch)
        window = deadline_info(policy, start, deadline, epoch).next_not_elapsed()
        if epoch + _MOST_TIPSETS >= window.fault_cutoff:
            await devnet.advance(window.close - epoch)
