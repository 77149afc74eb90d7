"""The runtime: what an actor written in Python sees of the machine.

A thin face of the kernel that Wasm actors call: the same system calls at the same prices, the same
limits on blocks, the same transactions. What instructions cost has no counterpart here, so the gas
of a native actor is every charge but that of Wasm execution. Errors become exit codes as the
released actors' own runtime makes them (builtin-actors `runtime/fvm.rs`, `builtin/shared.rs`).

State is loaded and saved as a whole. Where the released actors forbid sends within a transaction,
`save` refuses state that was loaded before the last send: written back, it would undo what the
called actors did to it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, TypeVar

from papyrus.crypto.hashing import BLAKE2B_256
from papyrus.crypto.signatures import Signature
from papyrus.ipld.cid import Cid
from papyrus.ipld.tuples import Reading, Record
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount, TooBig
from papyrus.primitives.errors import ActorError, DecodeError, LocalFault, SyscallError
from papyrus.primitives.exit_codes import ErrorNumber, ExitCode
from papyrus.rules.policy import Policy
from papyrus.types.actor import EMPTY_STATE
from papyrus.types.event import EventEntry
from papyrus.vm import aborts
from papyrus.vm.actor_store import ActorStore
from papyrus.vm.blocks import NO_DATA, Block
from papyrus.vm.circumstances import Circumstances
from papyrus.vm.gas import MILLIGAS
from papyrus.vm.kernel import actor, crypto, event, ipld, own, random, send
from papyrus.vm.kernel.kernel import Kernel
from papyrus.vm.payloads import cbor_block

R = TypeVar("R", bound=Record)

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


class Runtime(Circumstances):
    """One invocation as the actor sees it, and what it may do."""

    def __init__(self, kernel: Kernel, policy: Policy) -> None:
        """Begin an invocation under a build's policy."""
        super().__init__(kernel)
        self._sends = 0
        self._loaded_after = -1
        self.policy = policy
        self.store = ActorStore(kernel)

    # Actors.

    def next_actor_address(self) -> Address:
        """Return the address that the next actor created by this message will be given."""
        return actor.next_actor_address(self.enter())

    def create_actor(self, code: Cid, actor_id: int, delegated: Address | None) -> None:
        """Create an actor at an assigned ID; only the init actor may."""
        try:
            actor.create_actor(self.enter(), code, actor_id, delegated)
        except SyscallError as error:
            if error.number is ErrorNumber.ILLEGAL_ARGUMENT:
                raise aborts.illegal_argument("failed to create actor") from error
            if error.number is ErrorNumber.FORBIDDEN:
                raise aborts.forbidden("actor already exists") from error
            raise aborts.assertion_failed(f"create failed with unknown error: {error}") from error

    def delete_self(self) -> None:
        """Delete this actor, which must hold nothing any more."""
        try:
            own.self_destruct(self.enter(), burn_unspent=False)
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
        try:
            return own.root(self.enter())
        except SyscallError as error:
            raise aborts.illegal_state(str(error)) from error

    def _write(self, state: Record) -> None:
        try:
            data = state.to_cbor()
        except TooBig as error:
            raise aborts.illegal_argument(f"failed to write actor state: {error}") from error
        except ValueError as error:
            # The actors' integers would have overflowed on the way here.
            raise aborts.assertion_failed(str(error)) from error
        root = Cid.of(data)
        try:
            self.store.put(root, data)
        except SyscallError as error:
            raise aborts.illegal_argument(f"failed to write actor state: {error}") from error
        try:
            own.set_root(self.enter(), root)
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
        exit_code, block_id, _, length = send.send(
            self.enter(),
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
        return ipld.block_create(self.enter(), block.codec, block.data)

    def take_block(self, block_id: int, length: int | None = None) -> Block | None:
        """Return an open block by its number, reading all of it; None for no data."""
        if block_id == NO_DATA:
            return None
        if length is None:
            _, length = ipld.block_stat(self.enter(), block_id)
        data, _ = ipld.block_read(self.enter(), block_id, 0, length)
        return Block(self._kernel.blocks.get(block_id).codec, data)

    # Randomness, events and cryptography.

    def ticket_randomness(self, purpose: RandomnessPurpose, epoch: int, entropy: bytes) -> bytes:
        """Return 32 bytes drawn from the ticket of an epoch."""
        try:
            digest = random.chain_randomness(self.enter(), epoch)
        except SyscallError as error:
            raise _refused_randomness(error) from error
        return self._draw(digest, purpose, epoch, entropy)

    def beacon_randomness(self, purpose: RandomnessPurpose, epoch: int, entropy: bytes) -> bytes:
        """Return 32 bytes drawn from the beacon entry of an epoch."""
        return self._draw(self.beacon_digest(epoch), purpose, epoch, entropy)

    def beacon_digest(self, epoch: int) -> bytes:
        """Return the 32-byte digest of the beacon entry of an epoch."""
        try:
            return random.beacon_randomness(self.enter(), epoch)
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
        try:
            event.emit_event(
                self.enter(), headers, b"".join(keys), b"".join(entry.value for entry in entries)
            )
        except SyscallError as error:
            raise aborts.assertion_failed(f"failed to emit event: {error}") from error

    def verify_signature(self, signature: Signature, signer: Address, plaintext: bytes) -> bool:
        """Return whether a signature is that of a key address."""
        try:
            return crypto.verify_signature(
                self.enter(), signature.type, signature.data, signer, plaintext
            )
        except SyscallError:
            return False

    def hash(self, code: int, data: bytes) -> bytes:
        """Return the digest of data under a multihash code."""
        return crypto.hash_data(self.enter(), code, data)

    def _draw(self, digest: bytes, purpose: int, epoch: int, entropy: bytes) -> bytes:
        head = purpose.to_bytes(8, "big", signed=True)
        mixed = head + digest + epoch.to_bytes(8, "big", signed=True) + entropy
        return self.hash(BLAKE2B_256, mixed)


def _failed_call(answer: Response) -> ActorError:
    if answer.value is None:
        return aborts.of_failed_call(answer.exit_code)
    return aborts.of_failed_call(answer.exit_code, answer.value.data, answer.value.codec)


def _refused_randomness(error: SyscallError) -> ActorError:
    if error.number in (ErrorNumber.LIMIT_EXCEEDED, ErrorNumber.ILLEGAL_ARGUMENT):
        return aborts.illegal_argument(f"invalid lookback epoch: {error}")
    return aborts.assertion_failed(f"get randomness failed with an unexpected error: {error}")
