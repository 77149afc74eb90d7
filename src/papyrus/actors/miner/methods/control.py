"""Who controls a miner and how it is reached: its making, its addresses, its owner and worker."""

from collections.abc import Sequence
from dataclasses import replace

from papyrus.actors.account.params import PUBKEY_ADDRESS
from papyrus.actors.dispatch import method
from papyrus.actors.miner.funds import add_locked_funds
from papyrus.actors.miner.info import MINER_INFO, MinerInfo, WorkerKeyChange, new_info
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.control import (
    ChangeMultiaddrsParams,
    ChangePeerIDParams,
    ChangeWorkerAddressParams,
    GetControlAddressesReturn,
    GetMultiaddrsReturn,
    GetOwnerReturn,
    GetPeerIDReturn,
    MinerConstructorParams,
)
from papyrus.actors.miner.pledge import current_pledge_inputs
from papyrus.actors.miner.proving_period import (
    current_deadline_index,
    first_period_start,
    proving_period_offset,
)
from papyrus.actors.miner.state import State, load_info, new_state, with_info
from papyrus.actors.miner.vesting import REWARD_VESTING_SPEC
from papyrus.actors.singletons import INIT
from papyrus.crypto.hashing import BLAKE2B_256
from papyrus.ipld.schema import U64
from papyrus.primitives.address import Address, Protocol
from papyrus.rules.policy import Policy
from papyrus.types.message import METHOD_CONSTRUCTOR
from papyrus.vm.aborts import illegal_argument, illegal_state, insufficient_funds
from papyrus.vm.payloads import read_return
from papyrus.vm.runtime import Runtime


@method(METHOD_CONSTRUCTOR)
def constructor(rt: Runtime, params: MinerConstructorParams) -> None:
    """Set up a miner without sectors, its deposit locked to vest over half a year (FIP-0077)."""
    rt.require_caller(INIT)
    _require_few_controllers(rt.policy, params.control_addresses)
    _require_short_peer_info(rt.policy, params.peer_id, params.multiaddrs)
    if params.window_post_proof_type not in rt.policy.window_post_proofs:
        raise illegal_argument(
            f"proof type {params.window_post_proof_type} not allowed for new miner actors"
        )
    balance = rt.balance
    deposit = current_pledge_inputs(rt).initial_pledge(rt.policy.create_miner_deposit_power)
    if balance < deposit:
        raise insufficient_funds(
            "not enough balance to lock for create miner deposit: "
            f"sent balance {balance} < deposit {deposit}"
        )
    owner = rt.resolve(params.owner)
    if owner is None:
        raise illegal_argument(f"unable to resolve owner address: {params.owner}")
    worker = _resolve_worker(rt, params.worker)
    controllers = _resolve_controllers(rt, params.control_addresses)

    policy, epoch = rt.policy, rt.epoch
    offset = proving_period_offset(
        policy, rt.receiver, epoch, lambda data: rt.hash(BLAKE2B_256, data)
    )
    period_start = first_period_start(policy, epoch, offset)
    if period_start > epoch:
        raise illegal_state(
            f"computed proving period start {period_start} after current epoch {epoch}"
        )
    deadline = current_deadline_index(policy, epoch, period_start)
    if deadline >= policy.deadlines_in_period:
        raise illegal_state(f"computed proving deadline index {deadline} invalid")

    info = new_info(
        owner,
        worker,
        controllers,
        params.peer_id,
        params.multiaddrs,
        params.window_post_proof_type,
    )
    state = new_state(policy, rt.store, MINER_INFO.save(rt.store, info), period_start, deadline)
    state, _ = add_locked_funds(rt.store, state, epoch, deposit, REWARD_VESTING_SPEC)
    rt.create(state)


@method(numbers.CONTROL_ADDRESSES)
def control_addresses(rt: Runtime, _: None) -> GetControlAddressesReturn:
    """Return all who may act for the miner."""
    rt.accept_any_caller()
    info = _info(rt)
    return GetControlAddressesReturn(info.owner, info.worker, info.control_addresses)


@method(numbers.GET_OWNER)
def get_owner(rt: Runtime, _: None) -> GetOwnerReturn:
    """Return the owner, and the one that is proposed, if any."""
    rt.accept_any_caller()
    info = _info(rt)
    return GetOwnerReturn(info.owner, info.pending_owner_address)


@method(numbers.IS_CONTROLLING_ADDRESS)
def is_controlling_address(rt: Runtime, address: Address) -> bool:
    """Return whether an address is that of the owner, the worker or a control address."""
    rt.accept_any_caller()
    actor_id = rt.resolve(address)
    if actor_id is None:
        return False
    return Address.from_id(actor_id) in _info(rt).controllers


@method(numbers.GET_SECTOR_SIZE)
def get_sector_size(rt: Runtime, _: None) -> U64:
    """Return the size of the miner's sectors in bytes."""
    rt.accept_any_caller()
    return _info(rt).sector_size


@method(numbers.GET_PEER_ID)
def get_peer_id(rt: Runtime, _: None) -> GetPeerIDReturn:
    """Return the libp2p identity."""
    rt.accept_any_caller()
    return GetPeerIDReturn(_info(rt).peer_id)


@method(numbers.CHANGE_PEER_ID, numbers.CHANGE_PEER_ID_EXPORTED)
def change_peer_id(rt: Runtime, params: ChangePeerIDParams) -> None:
    """Replace the libp2p identity."""
    _require_short_peer_info(rt.policy, params.new_id, ())
    state = rt.load(State)
    info = load_info(rt.store, state)
    rt.require_caller(*info.controllers)
    rt.save(with_info(rt.store, state, replace(info, peer_id=params.new_id)))


@method(numbers.GET_MULTIADDRS)
def get_multiaddrs(rt: Runtime, _: None) -> GetMultiaddrsReturn:
    """Return the network addresses."""
    rt.accept_any_caller()
    return GetMultiaddrsReturn(_info(rt).multiaddrs)


@method(numbers.CHANGE_MULTIADDRS, numbers.CHANGE_MULTIADDRS_EXPORTED)
def change_multiaddrs(rt: Runtime, params: ChangeMultiaddrsParams) -> None:
    """Replace the network addresses."""
    _require_short_peer_info(rt.policy, b"", params.new_multiaddrs)
    state = rt.load(State)
    info = load_info(rt.store, state)
    rt.require_caller(*info.controllers)
    rt.save(with_info(rt.store, state, replace(info, multiaddrs=params.new_multiaddrs)))


@method(numbers.CHANGE_WORKER_ADDRESS, numbers.CHANGE_WORKER_ADDRESS_EXPORTED)
def change_worker_address(rt: Runtime, params: ChangeWorkerAddressParams) -> None:
    """Replace all control addresses, and announce a new worker where another is named.

    The new worker takes over once the change is confirmed, at the earliest after a finality. A
    change that is announced already stays.
    """
    _require_few_controllers(rt.policy, params.new_control_addresses)
    new_worker = Address.from_id(_resolve_worker(rt, params.new_worker))
    controllers = _resolve_controllers(rt, params.new_control_addresses)
    state = rt.load(State)
    info = load_info(rt.store, state)
    rt.require_caller(info.owner)

    pending = info.pending_worker_key
    if new_worker != info.worker and pending is None:
        pending = WorkerKeyChange(new_worker, rt.epoch + rt.policy.worker_key_change_delay)
    info = replace(
        info,
        control_addresses=tuple(map(Address.from_id, controllers)),
        pending_worker_key=pending,
    )
    rt.save(with_info(rt.store, state, info))


@method(numbers.CONFIRM_CHANGE_WORKER_ADDRESS, numbers.CONFIRM_CHANGE_WORKER_ADDRESS_EXPORTED)
def confirm_change_worker_address(rt: Runtime, _: None) -> None:
    """Let the announced worker take over, if its time has come; else nothing changes."""
    state = rt.load(State)
    info = load_info(rt.store, state)
    rt.require_caller(info.owner)
    rt.save(with_info(rt.store, state, info.with_pending_worker(rt.epoch)))


@method(numbers.CHANGE_OWNER_ADDRESS, numbers.CHANGE_OWNER_ADDRESS_EXPORTED)
def change_owner_address(rt: Runtime, new_owner: Address) -> None:
    """Propose an owner, as the owner, or become it, as the proposed one.

    Proposing the owner there is takes a proposal back. A new owner becomes the beneficiary where
    the old one was, and ends any proposal of a beneficiary.
    """
    if new_owner.protocol is not Protocol.ID:
        raise illegal_argument("owner address must be an ID address")
    state = rt.load(State)
    info = load_info(rt.store, state)
    pending = info.pending_owner_address
    if pending is None or rt.caller == info.owner:
        rt.require_caller(info.owner)
        info = replace(info, pending_owner_address=new_owner)
    else:
        rt.require_caller(pending)
        if new_owner != pending:
            raise illegal_argument(f"expected confirmation of {pending} got {new_owner}")
        info = replace(
            info,
            beneficiary=pending if info.beneficiary == info.owner else info.beneficiary,
            pending_beneficiary_term=None,
            owner=pending,
        )
    if info.pending_owner_address == info.owner:
        info = replace(info, pending_owner_address=None)
    rt.save(with_info(rt.store, state, info))


def _info(rt: Runtime) -> MinerInfo:
    return load_info(rt.store, rt.load(State))


def _require_few_controllers(policy: Policy, addresses: Sequence[Address]) -> None:
    if len(addresses) > policy.max_control_addresses:
        raise illegal_argument(
            f"control addresses length {len(addresses)} exceeds max control addresses length "
            f"{policy.max_control_addresses}"
        )


def _require_short_peer_info(policy: Policy, peer_id: bytes, multiaddrs: Sequence[bytes]) -> None:
    if len(peer_id) > policy.max_peer_id_length:
        raise illegal_argument(
            f"peer ID size of {len(peer_id)} exceeds maximum size of {policy.max_peer_id_length}"
        )
    if not all(multiaddrs):
        raise illegal_argument("invalid empty multiaddr")
    size = sum(map(len, multiaddrs))
    if size > policy.max_multiaddr_data:
        raise illegal_argument(
            f"multiaddr size of {size} exceeds maximum of {policy.max_multiaddr_data}"
        )


def _resolve_controllers(rt: Runtime, addresses: Sequence[Address]) -> tuple[int, ...]:
    found = []
    for address in addresses:
        actor_id = rt.resolve(address)
        if actor_id is None:
            raise illegal_argument(f"unable to resolve control address: {address}")
        found.append(actor_id)
    return tuple(found)


def _resolve_worker(rt: Runtime, address: Address) -> int:
    """Return the ID of an account with a BLS key, which elections need; abort for any other."""
    actor_id = rt.resolve(address)
    if actor_id is None:
        raise illegal_argument(f"unable to resolve address: {address}")
    code = rt.code_of(actor_id)
    if code is None:
        raise illegal_argument(f"no code for address: {actor_id}")
    if rt.type_of_code(code) != "account":
        raise illegal_argument(f"worker actor type must be an account, was {code}")
    if address.protocol is not Protocol.BLS:
        key = read_return(Address, rt.send(Address.from_id(actor_id), PUBKEY_ADDRESS))
        if key.protocol is not Protocol.BLS:
            raise illegal_argument(
                f"worker account {actor_id} must have BLS pubkey, was {key.protocol.name}"
            )
    return actor_id
