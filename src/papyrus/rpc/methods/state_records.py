"""What actors keep and are told, decoded; and the last of what is asked about miners' sectors."""

from dataclasses import dataclass
from typing import Any

from papyrus.ipld.cid import Cid
from papyrus.ipld.schema import U64
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.epochs import ChainEpoch
from papyrus.rpc.declarations import HEAD, READ, Context, method
from papyrus.rpc.errors import ErrorCode, RpcError
from papyrus.rpc.methods.looking import StateNode, look
from papyrus.rpc.views import miner_info, power, records
from papyrus.rpc.views.miner_sectors import PreCommitInfoView
from papyrus.rpc.views.records import ActorRecord
from papyrus.rules.versions import rules_for
from papyrus.storage.bundle_manifests import pinned
from papyrus.types.tipset import TipsetKey


@dataclass(frozen=True, slots=True)
class MinerFault:
    """A miner that faulted, and when."""

    miner: Address
    epoch: ChainEpoch


@method("StateReadState", READ)
async def state_read_state(
    context: Context[StateNode], address: Address, key: TipsetKey = HEAD
) -> ActorRecord:
    """Return an actor's balance, code and decoded state."""
    return await look(context, key, records.actor_record, address)


@method("StateDecodeParams", READ)
async def state_decode_params(
    context: Context[StateNode],
    to: Address,
    number: U64,
    params: bytes,
    key: TipsetKey = HEAD,
) -> Any:
    """Return the parameters of a message to an actor by their names."""
    return await look(context, key, records.decode_params, to, number, params)


@method("StateEncodeParams", READ, versions=(1,))
async def state_encode_params(
    context: Context[StateNode], code: Cid, number: U64, params: Any
) -> bytes:
    """Return the CBOR of parameters by their names, for an actor of a code."""
    return await look(context, HEAD, records.encode_params, code, number, params)


@method("StateActorManifestCID", READ)
async def state_actor_manifest_cid(context: Context[StateNode], network_version: int) -> Cid:
    """Return the CID of the manifest of the actors' code at a network version."""
    network = context.node.network
    return pinned(rules_for(network_version).actors_version, network.actors_bundle).manifest


@method("StateMinerSectorAllocated", READ)
async def state_miner_sector_allocated(
    context: Context[StateNode], miner: Address, number: U64, key: TipsetKey = HEAD
) -> bool:
    """Return whether a miner has ever used a sector number."""
    return number in await look(context, key, miner_info.allocated_numbers, miner)


@method("StateMinerInitialPledgeCollateral", READ)
async def state_miner_initial_pledge_collateral(
    context: Context[StateNode],
    miner: Address,
    announced: PreCommitInfoView,
    key: TipsetKey = HEAD,
) -> TokenAmount:
    """Return the pledge for a sector as it was announced, with a margin."""
    return await look(context, key, power.announced_pledge, miner, announced)


@method("StateAllMinerFaults", READ)
async def state_all_miner_faults(
    _context: Context[StateNode], _lookback: ChainEpoch, _key: TipsetKey = HEAD
) -> list[MinerFault]:
    """Refuse, as Lotus does: the state no longer says when a fault began."""
    raise RpcError(
        ErrorCode.GENERIC,
        "no state says when faults began; StateMinerFaults tells a miner's faulty sectors",
    )


class StateRecords:
    """The group, as a server registers and a client has it."""

    state_read_state = state_read_state
    state_decode_params = state_decode_params
    state_encode_params = state_encode_params
    state_actor_manifest_cid = state_actor_manifest_cid
    state_miner_sector_allocated = state_miner_sector_allocated
    state_miner_initial_pledge_collateral = state_miner_initial_pledge_collateral
    state_all_miner_faults = state_all_miner_faults
