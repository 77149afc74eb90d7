"""The system calls as Wasm actors see them: numbers and pointers in, packed structures out.

One function each: it reads its arguments from the actor's memory, makes the kernel's call and
packs the result (FIP-0030; fvm_shared `sys`, all little-endian and without padding). The order in
which arguments are checked is the reference's, since it decides which error an actor sees.
"""

import struct

from papyrus.crypto.signatures import SignatureType
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import Fatal, SyscallError
from papyrus.primitives.exit_codes import ErrorNumber, ExitCode
from papyrus.vm.calls import Exit
from papyrus.vm.gas import MILLIGAS
from papyrus.vm.kernel import actor as actors
from papyrus.vm.kernel import event, gas, ipld, network, own, random
from papyrus.vm.kernel import send as sending
from papyrus.vm.kernel.kernel import Kernel
from papyrus.vm.wasm import memory
from papyrus.vm.wasm.engine import Instance
from papyrus.vm.wasm.invocation import Invocation

_I32 = struct.Struct("<i")
_U32 = struct.Struct("<I")
_U64 = struct.Struct("<Q")
_OPENED = struct.Struct("<QII")
_STAT = struct.Struct("<QI")
_SENT = struct.Struct("<IIQI")
_ENTRY = struct.Struct("<QQII")

_MAX_MESSAGE_LENGTH = 1024
_ALL_GAS = 2**64 - 1
_U128 = 2**128
_SIGN_64 = 1 << 63

u32 = _U32.pack
u64 = _U64.pack


def signed(value: int) -> int:
    """Return a 64-bit argument as the signed number it stands for."""
    return value - (_SIGN_64 << 1) if value & _SIGN_64 else value


def token_amount(amount: int) -> bytes:
    """Return attoFIL as 128 bits; more than that breaks an invariant of the machine."""
    if not 0 <= amount < _U128:
        raise Fatal(f"token amount {amount} exceeds 128 bits")
    return amount.to_bytes(16, "little")


def truth(holds: bool) -> bytes:
    """Return how a verification answers: 0 where it holds, -1 where it does not."""
    return _I32.pack(0 if holds else -1)


def block_open(instance: Instance, kernel: Kernel, cid: int) -> bytes:
    """ipld.block_open: open a block of the state."""
    block_id, codec, length = ipld.block_open(kernel, memory.read_cid(instance, cid))
    return _OPENED.pack(codec, block_id, length)


def block_create(instance: Instance, kernel: Kernel, codec: int, offset: int, length: int) -> bytes:
    """ipld.block_create: hand over a new block."""
    return u32(ipld.block_create(kernel, codec, memory.read(instance, offset, length)))


def block_link(
    instance: Instance,
    kernel: Kernel,
    block_id: int,
    hash_code: int,
    hash_length: int,
    offset: int,
    length: int,
) -> bytes:
    """ipld.block_link: write a block to the store."""
    memory.check_bounds(instance, offset, length)
    cid = ipld.block_link(kernel, block_id, hash_code, hash_length)
    return u32(memory.write_cid(instance, cid, offset, length))


def block_read(
    instance: Instance, kernel: Kernel, block_id: int, start: int, offset: int, length: int
) -> bytes:
    """ipld.block_read: copy part of a block into memory."""
    memory.check_bounds(instance, offset, length)
    data, beyond = ipld.block_read(kernel, block_id, start, length)
    instance.write(offset, data)
    return _I32.pack(beyond)


def block_stat(_: Instance, kernel: Kernel, block_id: int) -> bytes:
    """ipld.block_stat: tell a block's codec and length."""
    return _STAT.pack(*ipld.block_stat(kernel, block_id))


def root(instance: Instance, kernel: Kernel, offset: int, length: int) -> bytes:
    """self.root: tell the actor's state root."""
    memory.check_bounds(instance, offset, length)
    return u32(memory.write_cid(instance, own.root(kernel), offset, length))


def set_root(instance: Instance, kernel: Kernel, cid: int) -> None:
    """self.set_root: replace the actor's state root."""
    own.set_root(kernel, memory.read_cid(instance, cid))


def current_balance(_: Instance, kernel: Kernel) -> bytes:
    """self.current_balance: tell the actor's balance."""
    return token_amount(own.current_balance(kernel))


def self_destruct(_: Instance, kernel: Kernel, burn_unspent: int) -> None:
    """self.self_destruct: delete the actor (fvm 4)."""
    own.self_destruct(kernel, burn_unspent=burn_unspent > 0)


def self_destruct_to(instance: Instance, kernel: Kernel, offset: int, length: int) -> None:
    """self.self_destruct: delete the actor in favour of another (fvm 3)."""
    own.self_destruct_to(kernel, memory.read_address(instance, offset, length))


def resolve_address(instance: Instance, kernel: Kernel, offset: int, length: int) -> bytes:
    """actor.resolve_address: find an actor's ID."""
    return u64(actors.resolve_address(kernel, memory.read_address(instance, offset, length)))


def lookup_delegated_address(
    instance: Instance, kernel: Kernel, actor_id: int, offset: int, length: int
) -> bytes:
    """actor.lookup_delegated_address: find an actor's delegated address."""
    memory.check_bounds(instance, offset, length)
    address = actors.lookup_delegated_address(kernel, actor_id)
    if address is None:
        return u32(0)
    if len(address) > length:
        raise SyscallError(ErrorNumber.BUFFER_TOO_SMALL, "address output buffer is too small")
    instance.write(offset, address)
    return u32(len(address))


def get_actor_code_cid(
    instance: Instance, kernel: Kernel, actor_id: int, offset: int, length: int
) -> bytes:
    """actor.get_actor_code_cid: tell an actor's code."""
    memory.check_bounds(instance, offset, length)
    code = actors.get_actor_code_cid(kernel, actor_id)
    return u32(memory.write_cid(instance, code, offset, length))


def next_actor_address(instance: Instance, kernel: Kernel, offset: int, length: int) -> bytes:
    """actor.next_actor_address: tell the next new actor's address."""
    memory.check_bounds(instance, offset, length)
    address = actors.next_actor_address(kernel)
    if length < len(address):
        raise SyscallError(
            ErrorNumber.BUFFER_TOO_SMALL, f"the buffer must hold at least {len(address)} bytes"
        )
    instance.write(offset, address)
    return u32(len(address))


def create_actor(
    instance: Instance, kernel: Kernel, actor_id: int, code: int, offset: int, length: int
) -> None:
    """actor.create_actor: create an actor at an assigned ID."""
    code_cid = memory.read_cid(instance, code)
    delegated = memory.read_address(instance, offset, length) if length else None
    actors.create_actor(kernel, code_cid, actor_id, delegated)


def get_builtin_actor_type(instance: Instance, kernel: Kernel, code: int) -> bytes:
    """actor.get_builtin_actor_type: tell which built-in actor a code is."""
    return u32(actors.get_builtin_actor_type(kernel, memory.read_cid(instance, code)))


def get_code_cid_for_type(
    instance: Instance, kernel: Kernel, number: int, offset: int, length: int
) -> bytes:
    """actor.get_code_cid_for_type: tell the code of a built-in actor."""
    memory.check_bounds(instance, offset, length)
    code = actors.get_code_cid_for_type(kernel, number)
    return u32(memory.write_cid(instance, code, offset, length))


def balance_of(_: Instance, kernel: Kernel, actor_id: int) -> bytes:
    """actor.balance_of: tell an actor's balance."""
    return token_amount(actors.balance_of(kernel, actor_id))


def send(
    instance: Instance,
    kernel: Kernel,
    offset: int,
    length: int,
    method: int,
    params_id: int,
    value_high: int,
    value_low: int,
    gas_limit: int,
    flags: int,
) -> bytes:
    """send.send: call another actor."""
    to = memory.read_address(instance, offset, length)
    if flags & ~sending.READ_ONLY_FLAG:
        raise SyscallError(ErrorNumber.ILLEGAL_ARGUMENT, f"invalid send flags: {flags:#x}")
    invocation: Invocation = instance.context
    kernel.calls.memory_used = invocation.memory_base + instance.memory_used()
    exit_code, block_id, codec, size = sending.send(
        kernel,
        to,
        method,
        params_id,
        TokenAmount(value_high << 64 | value_low),
        gas_limit=None if gas_limit == _ALL_GAS else gas_limit * MILLIGAS,
        read_only=bool(flags & sending.READ_ONLY_FLAG),
    )
    return _SENT.pack(exit_code, block_id, codec, size)


def message_context(_: Instance, kernel: Kernel) -> bytes:
    """vm.message_context: tell who calls whom with what."""
    context = network.message_context(kernel)
    return b"".join(
        (
            u64(context.origin),
            u64(context.nonce),
            u64(context.caller),
            u64(context.receiver),
            u64(context.method),
            token_amount(context.value),
            token_amount(context.gas_premium),
            u64(int(context.read_only)),
        )
    )


def leave(
    instance: Instance, kernel: Kernel, code: int, block_id: int, offset: int, length: int
) -> None:
    """vm.exit: end the invocation."""
    if code != ExitCode.OK and code < ExitCode.USR_ILLEGAL_ARGUMENT:
        raise Exit(
            ExitCode.SYS_ILLEGAL_EXIT_CODE,
            f"f0{kernel.actor_id} aborted with reserved code {code}",
            block_id,
        )
    raise Exit(code, _exit_message(instance, offset, length), block_id)


def network_context(_: Instance, kernel: Kernel) -> bytes:
    """network.context: tell the epoch and the network's numbers."""
    context = network.network_context(kernel)
    return b"".join(
        (
            context.epoch.to_bytes(8, "little", signed=True),
            u64(context.timestamp),
            token_amount(context.base_fee),
            u64(context.chain_id),
            u32(context.rules.network_version),
        )
    )


def tipset_cid(instance: Instance, kernel: Kernel, epoch: int, offset: int, length: int) -> bytes:
    """network.tipset_cid: tell the tipset of a past epoch."""
    memory.check_bounds(instance, offset, length)
    cid = network.tipset_cid(kernel, signed(epoch))
    return u32(memory.write_cid(instance, cid, offset, length))


def total_circulating_supply(_: Instance, kernel: Kernel) -> bytes:
    """network.total_fil_circ_supply: tell the circulating supply."""
    return token_amount(network.total_circulating_supply(kernel))


def chain_randomness(_: Instance, kernel: Kernel, epoch: int) -> bytes:
    """rand.get_chain_randomness: tell a ticket's digest (fvm 4)."""
    return random.chain_randomness(kernel, signed(epoch))


def beacon_randomness(_: Instance, kernel: Kernel, epoch: int) -> bytes:
    """rand.get_beacon_randomness: tell a beacon entry's digest (fvm 4)."""
    return random.beacon_randomness(kernel, signed(epoch))


def drawn_chain_randomness(
    instance: Instance, kernel: Kernel, tag: int, epoch: int, offset: int, length: int
) -> bytes:
    """rand.get_chain_randomness: draw from a ticket (fvm 3)."""
    entropy = memory.read(instance, offset, length)
    return random.drawn_chain_randomness(kernel, signed(tag), signed(epoch), entropy)


def drawn_beacon_randomness(
    instance: Instance, kernel: Kernel, tag: int, epoch: int, offset: int, length: int
) -> bytes:
    """rand.get_beacon_randomness: draw from a beacon entry (fvm 3)."""
    entropy = memory.read(instance, offset, length)
    return random.drawn_beacon_randomness(kernel, signed(tag), signed(epoch), entropy)


def emit_event(
    instance: Instance,
    kernel: Kernel,
    headers: int,
    count: int,
    keys: int,
    keys_length: int,
    values: int,
    values_length: int,
) -> None:
    """event.emit_event: announce an event (fvm 4)."""
    table = memory.read(instance, headers, count * _ENTRY.size)
    event.emit_event(
        kernel,
        [event.EntryHeader(*fields) for fields in _ENTRY.iter_unpack(table)],
        memory.read(instance, keys, keys_length),
        memory.read(instance, values, values_length),
    )


def emit_encoded_event(instance: Instance, kernel: Kernel, offset: int, length: int) -> None:
    """event.emit_event: announce an event given as CBOR (fvm 3)."""
    event.emit_encoded_event(kernel, memory.read(instance, offset, length))


def charge_gas(instance: Instance, kernel: Kernel, offset: int, length: int, amount: int) -> None:
    """gas.charge: charge for work done in the actor."""
    name = memory.read(instance, offset, length)
    try:
        gas.charge(kernel, name.decode(), amount)
    except UnicodeDecodeError as error:
        raise SyscallError(ErrorNumber.ILLEGAL_ARGUMENT, "charge name is not UTF-8") from error


def gas_available(_: Instance, kernel: Kernel) -> bytes:
    """gas.available: tell the gas left."""
    return u64(gas.available(kernel))


def debug_log(_: Instance, _kernel: Kernel, _offset: int, _length: int) -> None:
    """debug.log: drop a log line; actors of released bundles ask first whether any is wanted."""


def debug_enabled(_: Instance, _kernel: Kernel) -> bytes:
    """debug.enabled: tell that nobody reads logs."""
    return truth(False)


def debug_store_artifact(
    _: Instance, _kernel: Kernel, _name: int, _name_length: int, _offset: int, _length: int
) -> None:
    """debug.store_artifact: drop an artefact, as where debugging is off."""


def signature_type(number: int) -> SignatureType:
    """Return the signature type that an argument names, of the two the machine verifies."""
    if number not in (SignatureType.SECP256K1, SignatureType.BLS):
        raise SyscallError(ErrorNumber.ILLEGAL_ARGUMENT, f"unknown signature type {number}")
    return SignatureType(number)


def _exit_message(instance: Instance, offset: int, length: int) -> str:
    if length == 0:
        return "actor aborted"
    try:
        text = memory.read(instance, offset, length)
    except SyscallError as error:
        return f"failed to extract error message: {error.message}"
    if length <= _MAX_MESSAGE_LENGTH:
        return text.decode(errors="replace")
    half = _MAX_MESSAGE_LENGTH // 2
    head, tail = text[:half].decode(errors="replace"), text[-half:].decode(errors="replace")
    return f"{head} ... (skipped {length - _MAX_MESSAGE_LENGTH} bytes) ... {tail}"
