"""The runtime: what an actor written in Python sees of the machine.

A thin face of the kernel that Wasm actors call: the same system calls at the same prices, the same
limits on blocks, the same transactions. What instructions cost has no counterpart here, so the gas
of a native actor is every charge but that of Wasm execution. Errors become exit codes as the
released actors' own runtime makes them (builtin-actors `runtime/fvm.rs`, `builtin/shared.rs`).

State is loaded and saved as a whole. Where the released actors forbid sends within a transaction,
`save` refuses state that was loaded before the last send: written back, it would undo what the
called actors did to it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from typing import Any, TypeVar

from papyrus.crypto.hashing import BLAKE2B_256
from papyrus.crypto.signatures import Signature
from papyrus.ipld.cid import Cid
from papyrus.ipld.tuples import Reading, Record
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import ActorError, DecodeError, LocalFault, SyscallError
from papyrus.primitives.exit_codes import ErrorNumber, ExitCode
from papyrus.rules.policy import Policy
from papyrus.rules.versions import Rules
from papyrus.types.actor import EMPTY_STATE
from papyrus.types.event import EventEntry
from papyrus.vm import aborts
from papyrus.vm import gas_charges as charges
from papyrus.vm.actor_store import ActorStore
from papyrus.vm.blocks import NO_DATA, Block
from papyrus.vm.gas import MILLIGAS
from papyrus.vm.kernel import actor, crypto, event, gas, ipld, network, own, random, send
from papyrus.vm.kernel.kernel import Kernel
from papyrus.vm.kernel.network import MessageContext
from papyrus.vm.machine import NetworkContext
from papyrus.vm.payloads import cbor_block

R = TypeVar("R", bound=Record)
P = TypeVar("P")
T = TypeVar("T")

MAX_TRANSFER = TokenAmount(2**128 - 1)
"""The greatest value of a send, which crosses into the machine as 128 bits."""


class RandomnessPurpose(IntEnum):
    """What randomness is drawn for; no two purposes see the same bytes."""

    TICKET_PRODUCTION = 1
    ELECTION_PROOF_PRODUCTION = 2
    WINNING_POST_CHALLENGE_SEED = 3
    WINDOWED_POST_CHALLENGE_SEED = 4
    SEAL_RANDOMNESS = 5
    INTERACTIVE_SEAL_CHALLENGE_SEED = 6
    WINDOW_POST_DEADLINE_ASSIGNMENT = 7
    MARKET_DEAL_CRON_SEED = 8
    POST_CHAIN_COMMIT = 9
    EVM_PREV_RANDAO = 10


@dataclass(frozen=True, slots=True)
class Response:
    """What a called actor answered."""

    exit_code: int
    value: Block | None

    @property
    def succeeded(self) -> bool:
        """Whether the call did what it was asked to."""
        return self.exit_code == ExitCode.OK


class Runtime:
    """One invocation as the actor sees it."""

    def __init__(self, kernel: Kernel, policy: Policy) -> None:
        """Begin an invocation under a build's policy."""
        self._kernel = kernel
        self._call_charge = charges.on_syscall(kernel.calls.prices)
        self._sends = 0
        self._loaded_after = -1
        self.policy = policy
        self.store = ActorStore(kernel)
        self.caller_is_validated = False

    # The message and the network around it; each is asked for once, and then known.

    @cached_property
    def _message(self) -> MessageContext:
        self._enter()
        return network.message_context(self._kernel)

    @cached_property
    def _network(self) -> NetworkContext:
        self._enter()
        return network.network_context(self._kernel)

    @property
    def rules(self) -> Rules:
        """The rules of the network version."""
        return self._network.rules

    @property
    def epoch(self) -> int:
        """The epoch in which the message is executed."""
        return self._network.epoch

    @property
    def timestamp(self) -> int:
        """Seconds since 1970 of the epoch."""
        return self._network.timestamp

    @property
    def base_fee(self) -> TokenAmount:
        """The base fee, in attoFIL for a unit of gas."""
        return self._network.base_fee

    @property
    def chain_id(self) -> int:
        """The network's EIP-155 number."""
        return self._network.chain_id

    @property
    def caller_id(self) -> int:
        """The actor ID of the immediate caller."""
        return self._message.caller

    @property
    def caller(self) -> Address:
        """The ID address of the immediate caller."""
        return Address.from_id(self._message.caller)

    @property
    def origin(self) -> Address:
        """The ID address of the account that signed the message."""
        return Address.from_id(self._message.origin)

    @property
    def receiver_id(self) -> int:
        """The actor ID of this actor."""
        return self._message.receiver

    @property
    def receiver(self) -> Address:
        """The ID address of this actor."""
        return Address.from_id(self._message.receiver)

    @property
    def method(self) -> int:
        """The number of the method that was called."""
        return self._message.method

    @property
    def value(self) -> TokenAmount:
        """The attoFIL that came with the call; they are in the balance already."""
        return self._message.value

    @property
    def nonce(self) -> int:
        """The nonce of the message."""
        return self._message.nonce

    @property
    def gas_premium(self) -> TokenAmount:
        """The gas premium of the message, in attoFIL for a unit of gas."""
        return self._message.gas_premium

    @property
    def is_read_only(self) -> bool:
        """Whether nothing may be changed by this call."""
        return self._message.read_only

    @property
    def circulating_supply(self) -> TokenAmount:
        """The FIL in circulation at the start of the epoch."""
        self._enter()
        return network.total_circulating_supply(self._kernel)

    @property
    def gas_available(self) -> int:
        """The whole gas left."""
        self._enter()
        return gas.available(self._kernel)

    def tipset_cid(self, epoch: int) -> Cid:
        """Return the CID of the tipset at or before a past epoch."""
        self._enter()
        try:
            return network.tipset_cid(self._kernel, epoch)
        except SyscallError as error:
            raise aborts.illegal_argument("invalid epoch to query tipset_cid") from error

    # Who may call: each method asks exactly once.

    def accept_any_caller(self) -> None:
        """Let anyone call the method."""
        self._validate(allowed=True, refusal="")

    def require_caller(self, *allowed: Address) -> None:
        """Abort unless the caller is one of these, given by ID address."""
        self._validate(
            allowed=self.caller in allowed, refusal=f"caller {self.caller} is not one of supported"
        )

    def require_caller_type(self, *names: str) -> None:
        """Abort unless the caller is a built-in actor of one of these names in the manifest."""
        code = self.code_of(self.caller_id)
        if code is None:
            raise aborts.assertion_failed("failed to lookup caller code")
        self._validate(
            allowed=self.type_of_code(code) in names,
            refusal=f"caller cid type {code} not one of supported",
        )

    def require_caller_namespace(self, *namespaces: int) -> None:
        """Abort unless the caller has a delegated address under one of these actors."""
        address = self.delegated_address(self.caller_id)
        self._validate(
            allowed=address is not None and address.namespace in namespaces,
            refusal=f"caller's namespace {self.caller} is not one of supported",
        )

    # Other actors.

    @property
    def balance(self) -> TokenAmount:
        """This actor's balance in attoFIL."""
        self._enter()
        return own.current_balance(self._kernel)

    def balance_of(self, actor_id: int) -> TokenAmount | None:
        """Return an actor's balance, or None where there is no such actor."""
        self._enter()
        return _found(actor.balance_of, self._kernel, actor_id)

    def resolve(self, address: Address) -> int | None:
        """Return the actor ID of an address, or None where nothing has it."""
        self._enter()
        return _found(actor.resolve_address, self._kernel, address)

    def delegated_address(self, actor_id: int) -> Address | None:
        """Return an actor's delegated address, or None."""
        self._enter()
        return _found(actor.lookup_delegated_address, self._kernel, actor_id)

    def code_of(self, actor_id: int) -> Cid | None:
        """Return an actor's code, or None where there is no such actor."""
        self._enter()
        return _found(actor.get_actor_code_cid, self._kernel, actor_id)

    def type_of_code(self, code: Cid) -> str | None:
        """Return the name of the built-in actor that has this code, or None."""
        self._enter()
        actor.get_builtin_actor_type(self._kernel, code)
        return self._kernel.calls.machine.manifest.names.get(code)

    def type_of(self, actor_id: int) -> str | None:
        """Return the name of the built-in actor that an actor is, or None."""
        code = self.code_of(actor_id)
        return None if code is None else self.type_of_code(code)

    def code_for(self, name: str) -> Cid:
        """Return the code of a built-in actor by its name in the manifest."""
        manifest = self._kernel.calls.machine.manifest
        self._enter()
        code = manifest.codes[name]
        return actor.get_code_cid_for_type(self._kernel, manifest.types[code])

    def next_actor_address(self) -> Address:
        """Return the address that the next actor created by this message will be given."""
        self._enter()
        return actor.next_actor_address(self._kernel)

    def create_actor(self, code: Cid, actor_id: int, delegated: Address | None) -> None:
        """Create an actor at an assigned ID; only the init actor may."""
        self._enter()
        try:
            actor.create_actor(self._kernel, code, actor_id, delegated)
        except SyscallError as error:
            if error.number is ErrorNumber.ILLEGAL_ARGUMENT:
                raise aborts.illegal_argument("failed to create actor") from error
            if error.number is ErrorNumber.FORBIDDEN:
                raise aborts.forbidden("actor already exists") from error
            raise aborts.assertion_failed(f"create failed with unknown error: {error}") from error

    def delete_self(self) -> None:
        """Delete this actor, which must hold nothing any more."""
        self._enter()
        try:
            own.self_destruct(self._kernel, burn_unspent=False)
        except SyscallError as error:
            if error.number is ErrorNumber.READ_ONLY:
                raise aborts.read_only(str(error)) from error
            raise aborts.illegal_argument(str(error)) from error

    # State.

    def create(self, state: Record) -> None:
        """Give a new actor its first state."""
        root = self._root()
        if root != EMPTY_STATE:
            raise aborts.illegal_state(
                f"failed to create state; expected empty array CID, got: {root}"
            )
        self._write(state)

    def load(self, kind: type[R]) -> R:
        """Return this actor's state."""
        try:
            data = self.store.get(self._root())
            if data is None:
                raise LocalFault("the actor's state is not in its store")
            state = kind.from_cbor(data, reading=Reading.LENIENT)
        except (SyscallError, DecodeError) as error:
            raise aborts.illegal_argument(f"failed to get actor state: {error}") from error
        self._loaded_after = self._sends
        return state

    def save(self, state: Record) -> None:
        """Replace this actor's state, which must have been loaded since the last send."""
        if self._loaded_after != self._sends:
            raise LocalFault(
                f"{type(state).__qualname__} is saved after a send, but was loaded before it"
            )
        self._write(state)

    def _root(self) -> Cid:
        self._enter()
        try:
            return own.root(self._kernel)
        except SyscallError as error:
            raise aborts.illegal_state(str(error)) from error

    def _write(self, state: Record) -> None:
        try:
            data = state.to_cbor()
        except ValueError as error:
            # The actors' integers would have overflowed on the way here.
            raise aborts.assertion_failed(str(error)) from error
        root = Cid.of(data)
        try:
            self.store.put(root, data)
        except SyscallError as error:
            raise aborts.illegal_argument(f"failed to write actor state: {error}") from error
        self._enter()
        try:
            own.set_root(self._kernel, root)
        except SyscallError as error:
            if error.number is ErrorNumber.READ_ONLY:
                raise aborts.read_only(str(error)) from error
            raise aborts.illegal_state(str(error)) from error

    # Calls.

    def call(
        self,
        to: Address,
        method: int,
        params: Any = None,
        value: TokenAmount = ZERO,
        *,
        gas_limit: int | None = None,
        read_only: bool = False,
    ) -> Response:
        """Call an actor and return what it answered, whatever that is.

        Parameters are a record, an address, an amount or a finished block; the gas limit is in
        whole gas. SyscallError where the call could not be made.
        """
        self._sends += 1
        if not 0 <= value <= MAX_TRANSFER:
            raise SyscallError(ErrorNumber.INSUFFICIENT_FUNDS, f"{value} attoFIL cannot be sent")
        params_id = self.put_block(cbor_block(params))
        self._enter()
        exit_code, block_id, _, length = send.send(
            self._kernel,
            to,
            method,
            params_id,
            value,
            gas_limit=None if gas_limit is None else gas_limit * MILLIGAS,
            read_only=read_only,
        )
        return Response(exit_code, self.take_block(block_id, length))

    def send(
        self,
        to: Address,
        method: int,
        params: Any = None,
        value: TokenAmount = ZERO,
        *,
        gas_limit: int | None = None,
        read_only: bool = False,
    ) -> Block | None:
        """Call an actor and return its answer; abort where it fails, with its exit code."""
        try:
            answer = self.call(to, method, params, value, gas_limit=gas_limit, read_only=read_only)
        except SyscallError as error:
            raise aborts.of_refused_send(error) from error
        if not answer.succeeded:
            raise _failed_call(answer)
        return answer.value

    def put_block(self, block: Block | None) -> int:
        """Open a new block and return its number; SyscallError where it is refused."""
        if block is None:
            return NO_DATA
        self._enter()
        return ipld.block_create(self._kernel, block.codec, block.data)

    def take_block(self, block_id: int, length: int | None = None) -> Block | None:
        """Return an open block by its number, reading all of it; None for no data."""
        if block_id == NO_DATA:
            return None
        if length is None:
            self._enter()
            _, length = ipld.block_stat(self._kernel, block_id)
        self._enter()
        data, _ = ipld.block_read(self._kernel, block_id, 0, length)
        return Block(self._kernel.blocks.get(block_id).codec, data)

    # Randomness, events and cryptography.

    def ticket_randomness(self, purpose: RandomnessPurpose, epoch: int, entropy: bytes) -> bytes:
        """Return 32 bytes drawn from the ticket of an epoch."""
        self._enter()
        try:
            digest = random.chain_randomness(self._kernel, epoch)
        except SyscallError as error:
            raise _refused_randomness(error) from error
        return self._draw(digest, purpose, epoch, entropy)

    def beacon_randomness(self, purpose: RandomnessPurpose, epoch: int, entropy: bytes) -> bytes:
        """Return 32 bytes drawn from the beacon entry of an epoch."""
        return self._draw(self.beacon_digest(epoch), purpose, epoch, entropy)

    def beacon_digest(self, epoch: int) -> bytes:
        """Return the 32-byte digest of the beacon entry of an epoch."""
        self._enter()
        try:
            return random.beacon_randomness(self._kernel, epoch)
        except SyscallError as error:
            raise _refused_randomness(error) from error

    def emit(self, entries: Iterable[EventEntry]) -> None:
        """Emit an event."""
        entries = tuple(entries)
        keys = [entry.key.encode() for entry in entries]
        headers = [
            event.EntryHeader(entry.flags, entry.codec, len(key), len(entry.value))
            for entry, key in zip(entries, keys, strict=True)
        ]
        self._enter()
        try:
            event.emit_event(
                self._kernel, headers, b"".join(keys), b"".join(entry.value for entry in entries)
            )
        except SyscallError as error:
            raise aborts.assertion_failed(f"failed to emit event: {error}") from error

    def verify_signature(self, signature: Signature, signer: Address, plaintext: bytes) -> bool:
        """Return whether a signature is that of a key address."""
        self._enter()
        try:
            return crypto.verify_signature(
                self._kernel, signature.type, signature.data, signer, plaintext
            )
        except SyscallError:
            return False

    def hash(self, code: int, data: bytes) -> bytes:
        """Return the digest of data under a multihash code."""
        self._enter()
        return crypto.hash_data(self._kernel, code, data)

    @property
    def kernel(self) -> Kernel:
        """The kernel beneath, for the system calls on proofs, which only `proofs` makes."""
        self._enter()
        return self._kernel

    def _draw(self, digest: bytes, purpose: int, epoch: int, entropy: bytes) -> bytes:
        head = purpose.to_bytes(8, "big", signed=True)
        mixed = head + digest + epoch.to_bytes(8, "big", signed=True) + entropy
        return self.hash(BLAKE2B_256, mixed)

    def _enter(self) -> None:
        """Charge for a system call, whatever it does."""
        self._kernel.charge(*self._call_charge)

    def _validate(self, *, allowed: bool, refusal: str) -> None:
        if self.caller_is_validated:
            raise aborts.assertion_failed("Method must validate caller identity exactly once")
        if not allowed:
            raise aborts.forbidden(refusal)
        self.caller_is_validated = True


def _found(question: Callable[[Kernel, P], T], kernel: Kernel, about: P) -> T | None:
    """Return what a system call finds, or None where it finds nothing."""
    try:
        return question(kernel, about)
    except SyscallError as error:
        if error.number is ErrorNumber.NOT_FOUND:
            return None
        raise aborts.assertion_failed(str(error)) from error


def _failed_call(answer: Response) -> ActorError:
    if answer.value is None:
        return aborts.of_failed_call(answer.exit_code)
    return aborts.of_failed_call(answer.exit_code, answer.value.data, answer.value.codec)


def _refused_randomness(error: SyscallError) -> ActorError:
    if error.number in (ErrorNumber.LIMIT_EXCEEDED, ErrorNumber.ILLEGAL_ARGUMENT):
        return aborts.illegal_argument(f"invalid lookback epoch: {error}")
    return aborts.assertion_failed(f"get randomness failed with an unexpected error: {error}")
