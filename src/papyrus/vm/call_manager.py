"""The call manager: the calls of one message, from its sender down (FIP-0030).

It owns what lasts for the whole message: the gas account, the accesses paid for, the events, the
count of created actors. A call resolves its receiver (creating accounts and placeholders for
addresses that pay for themselves by being used), moves value, and runs the receiver's code on a
kernel of its own. What a failed call did is undone.
"""

from papyrus.ipld.cid import CBOR, Cid
from papyrus.ipld.dag_cbor import encode
from papyrus.primitives.address import Address, Protocol
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import Fatal, OutOfGas, SyscallError
from papyrus.primitives.exit_codes import ErrorNumber, ExitCode
from papyrus.types.actor import EMPTY_STATE, ActorState
from papyrus.types.message import METHOD_CONSTRUCTOR, METHOD_SEND
from papyrus.vm import deep_stack
from papyrus.vm import gas_charges as charges
from papyrus.vm.access import READ, UPDATED, AccessTracker
from papyrus.vm.backtrace import Backtrace, Frame
from papyrus.vm.blocks import NO_DATA, Block, BlockRegistry
from papyrus.vm.calls import Answer, Exit, Request
from papyrus.vm.events import EventLog
from papyrus.vm.gas import GasTracker, round_up
from papyrus.vm.kernel.kernel import Kernel
from papyrus.vm.machine import Machine
from papyrus.vm.state_tree import EAM_ACTOR, SYSTEM_ACTOR

_ZERO = TokenAmount(0)
_NO_LIMIT = 2**64 - 1

BLS_ZERO_ADDRESS = Address.bls(b"\xc0" + bytes(47))
"""The key at infinity, which anyone could sign for; no account is made for it."""


class CallManager:
    """One message's execution in progress."""

    __slots__ = (
        "access",
        "actors_created",
        "backtrace",
        "depth",
        "events",
        "gas",
        "gas_premium",
        "machine",
        "memory_used",
        "nonce",
        "observer",
        "origin",
        "origin_address",
        "prices",
        "rules",
        "tree",
    )

    def __init__(
        self,
        machine: Machine,
        *,
        gas_limit: int,
        origin: int,
        origin_address: Address,
        receiver: int | None,
        receiver_address: Address,
        nonce: int,
        gas_premium: TokenAmount,
    ) -> None:
        """Begin a message; sender and receiver count as looked up ahead of time."""
        self.machine = machine
        self.tree = machine.tree
        self.rules = machine.context.rules
        self.prices = self.rules.prices
        self.observer = machine.observer
        self.gas = GasTracker(gas_limit, machine.observer)
        self.access = AccessTracker(self.prices.preloaded_actors)
        self.events = EventLog()
        self.backtrace = Backtrace()
        self.origin = origin
        self.origin_address = origin_address
        self.nonce = nonce
        self.gas_premium = gas_premium
        self.actors_created = 0
        self.depth = 0
        self.memory_used = 0
        """Bytes of Wasm memory and tables held by the invocations in progress."""
        self.access.record_update(origin)
        self.access.record_resolved(origin_address)
        if receiver is not None:
            self.access.record_read(receiver)
        self.access.record_resolved(receiver_address)

    def call(
        self,
        sender: int,
        to: Address,
        method: int,
        params: Block | None,
        value: TokenAmount,
        *,
        gas_limit: int | None = None,
        read_only: bool = False,
    ) -> Answer:
        """Make a call in a transaction of its own and return its answer.

        `gas_limit` is in milligas; a call that exhausts a limit of its own answers out of gas,
        while one that exhausts its caller's raises OutOfGas. SyscallError means that the call
        could not be made.
        """
        self.tree.begin()
        self.events.begin()
        self.access.begin()
        succeeded = False
        try:
            request = Request(sender, to, method, params, value, gas_limit, read_only)
            answer = self._observed_call(request)
            succeeded = answer.exit_code == ExitCode.OK
            return answer
        finally:
            self.tree.end(revert=not succeeded)
            self.events.end(revert=not succeeded)
            self.access.end(revert=not succeeded)

    def resolve(self, address: Address) -> int | None:
        """Return the actor ID of an address, or None, charging for its first resolution."""
        if address.protocol is Protocol.ID:
            return address.id
        if not self.access.is_resolved(address):
            self.gas.charge(*charges.on_resolve_address())
        found = self.tree.resolve(address)
        if found is not None:
            self.access.record_resolved(address)
        return found

    def get_actor(self, actor_id: int) -> ActorState | None:
        """Return an actor, or None, charging for its first lookup."""
        if self.access.level(actor_id) < READ:
            self.gas.charge(*charges.on_actor_lookup(self.prices))
        actor = self.tree.get(actor_id)
        self.access.record_read(actor_id)
        return actor

    def set_actor(self, actor_id: int, actor: ActorState) -> None:
        """Replace an actor, charging for its first lookup and update."""
        self._charge_update(actor_id)
        self.tree.set(actor_id, actor)
        self.access.record_update(actor_id)

    def delete_actor(self, actor_id: int) -> None:
        """Remove an actor, charging for its first lookup and update."""
        self._charge_update(actor_id)
        self.tree.delete(actor_id)
        self.access.record_update(actor_id)

    def transfer(self, sender: int, receiver: int, value: TokenAmount) -> None:
        """Move value between actors; SyscallError where it cannot be."""
        if value < 0:
            raise SyscallError(ErrorNumber.ILLEGAL_ARGUMENT, f"cannot transfer {value} attoFIL")
        source = self.get_actor(sender)
        if source is None or source.balance < value:
            have = _ZERO if source is None else source.balance
            raise SyscallError(
                ErrorNumber.INSUFFICIENT_FUNDS,
                f"f0{sender} holds {have} attoFIL, less than the {value} to transfer",
            )
        if sender == receiver:
            return
        target = self.get_actor(receiver)
        if target is None:
            raise SyscallError(
                ErrorNumber.NOT_FOUND, f"transfer recipient f0{receiver} does not exist"
            )
        self.set_actor(sender, source.with_balance(source.balance - value))
        self.set_actor(receiver, target.with_balance(target.balance + value))

    def next_actor_address(self) -> Address:
        """Return the reorganisation-stable address of the next actor this message creates."""
        seed = encode(bytes(self.origin_address))
        seed += self.nonce.to_bytes(8, "big") + self.actors_created.to_bytes(8, "big")
        return Address.actor(seed)

    def create_actor(self, code: Cid, actor_id: int, delegated: Address | None) -> None:
        """Put a new actor at an assigned ID, or code on a placeholder with the same address."""
        manifest = self.machine.manifest
        if code == manifest.placeholder:
            raise SyscallError(
                ErrorNumber.FORBIDDEN, "cannot explicitly construct a placeholder actor"
            )
        present = self.get_actor(actor_id)
        if present is None:
            self.gas.charge(*charges.on_create_actor(self.prices, new_address=False))
            actor = ActorState(code, EMPTY_STATE, 0, _ZERO, delegated)
        elif present.code == manifest.placeholder:
            if present.delegated_address is None:
                raise Fatal(f"placeholder f0{actor_id} has no delegated address")
            if present.delegated_address != delegated:
                raise SyscallError(
                    ErrorNumber.FORBIDDEN, "placeholder has a different delegated address"
                )
            actor = present.with_code(code)
        else:
            raise SyscallError(ErrorNumber.FORBIDDEN, f"actor f0{actor_id} already exists")
        self.set_actor(actor_id, actor)
        self.actors_created += 1

    def _observed_call(self, request: Request) -> Answer:
        """Make the call, telling an observer of its beginning and its end."""
        observer = self.observer
        if observer is None:
            return self._limited_call(request)
        limit = _NO_LIMIT if request.gas_limit is None else request.gas_limit
        observer.called(request, round_up(min(limit, self.gas.available)))
        try:
            answer = self._limited_call(request)
        except OutOfGas:
            observer.returned(ExitCode.SYS_OUT_OF_GAS, None)
            raise
        except SyscallError as error:
            observer.failed(error)
            raise
        except Fatal:
            observer.failed(SyscallError(ErrorNumber.FORBIDDEN, "fatal"))
            raise
        observer.returned(answer.exit_code, answer.value)
        return answer

    def _limited_call(self, request: Request) -> Answer:
        """Make the call under its own gas limit, if it has one."""
        too_deep = self.depth >= self.rules.max_call_depth
        gas = self.gas
        if request.gas_limit is None:
            return self._deeper_call(request, too_deep=too_deep)
        gas.push_limit(request.gas_limit)
        # Quirk: before fvm 4 a call refused for its depth leaves its gas limit in force.
        keeps_limit = too_deep and self.rules.depth_limit_keeps_gas_limit
        try:
            answer = self._deeper_call(request, too_deep=too_deep)
        except OutOfGas:
            answer = None
        finally:
            if not keeps_limit:
                gas.pop_limit()
        if answer is not None:
            return answer
        if gas.available == 0:
            raise OutOfGas("the caller's gas is spent with the call's")
        return Answer(ExitCode.SYS_OUT_OF_GAS)

    def _deeper_call(self, request: Request, *, too_deep: bool) -> Answer:
        if too_deep:
            raise SyscallError(ErrorNumber.LIMIT_EXCEEDED, "call exceeds the call depth")
        self.depth += 1
        try:
            if self.depth % deep_stack.CALLS_PER_STACK == 0:
                return deep_stack.call_afresh(self._call, request)
            return self._call(request)
        finally:
            self.depth -= 1

    def _call(self, request: Request) -> Answer:
        receiver = self.resolve(request.to)
        if receiver is None:
            receiver = self._create_receiver(request.to, read_only=request.read_only)
        return self._call_resolved(request, receiver, explicit=True)

    def _create_receiver(self, to: Address, *, read_only: bool) -> int:
        """Create the account or placeholder that an unknown receiver address stands for."""
        is_key = to.protocol in (Protocol.SECP256K1, Protocol.BLS)
        is_ethereum = to.protocol is Protocol.DELEGATED and to.namespace == EAM_ACTOR
        if not (is_key or is_ethereum):
            raise SyscallError(ErrorNumber.NOT_FOUND, f"{to} does not exist and cannot be created")
        if read_only:
            raise SyscallError(
                ErrorNumber.READ_ONLY, f"cannot auto-create account {to} in read-only calls"
            )
        manifest = self.machine.manifest
        if is_ethereum:
            placeholder = ActorState(manifest.placeholder, EMPTY_STATE, 0, _ZERO, to)
            return self._register(to, placeholder)
        if to == BLS_ZERO_ADDRESS:
            raise SyscallError(
                ErrorNumber.ILLEGAL_ARGUMENT, "cannot create the bls zero address actor"
            )
        actor_id = self._register(to, ActorState(manifest.account, EMPTY_STATE, 0, _ZERO, None))
        constructor = Request(
            SYSTEM_ACTOR, to, METHOD_CONSTRUCTOR, Block(CBOR, encode(bytes(to))), _ZERO
        )
        self._call_resolved(constructor, actor_id, explicit=False)
        return actor_id

    def _register(self, address: Address, actor: ActorState) -> int:
        self.gas.charge(*charges.on_create_actor(self.prices, new_address=True))
        actor_id = self.tree.register(address)
        self.access.record_resolved(address)
        self.set_actor(actor_id, actor)
        return actor_id

    def _call_resolved(self, request: Request, receiver: int, *, explicit: bool) -> Answer:
        """Move the value and run the receiver's code; `explicit` calls are shown in traces."""
        actor = self.get_actor(receiver)
        if actor is None:
            raise SyscallError(ErrorNumber.NOT_FOUND, f"actor f0{receiver} does not exist")
        if self.observer is not None and (explicit or self.rules.traces_implicit_constructors):
            self.observer.invoked(receiver, actor)
        if request.value != 0:
            self.gas.charge(*charges.on_value_transfer(self.prices))
            self.transfer(request.sender, receiver, request.value)
        if request.method == METHOD_SEND:
            return Answer(ExitCode.OK)
        params = request.params
        links = 0 if params is None else len(params.links)
        self.gas.charge(*charges.on_method_invocation(self.prices, links))
        blocks = BlockRegistry()
        params_id = NO_DATA if params is None else blocks.put_reachable(params)
        kernel = Kernel(
            calls=self,
            blocks=blocks,
            caller=request.sender,
            actor_id=receiver,
            method=request.method,
            value=request.value,
            read_only=request.read_only,
        )
        answer = self._run(kernel, actor.code, params_id, explicit=explicit)
        if answer.value is not None:
            self._charge_return(answer.value)
        return answer

    def _run(self, kernel: Kernel, code: Cid, params_id: int, *, explicit: bool) -> Answer:
        """Run the code and turn however it ends into an answer or an error."""
        memory_before = self.memory_used
        try:
            return_id = self.machine.engine.invoke(kernel, code, params_id)
            return Answer(ExitCode.OK, _return_block(kernel, return_id))
        except Exit as end:
            if end.code != ExitCode.OK and explicit:
                self._note_failure(kernel, end.code, end.message)
            if end.block_id == NO_DATA:
                return Answer(end.code)
            try:
                return Answer(end.code, kernel.blocks.get(end.block_id))
            except SyscallError as error:
                raise Fatal(f"the exit data block does not exist: {error}") from error
        except OutOfGas:
            if explicit:
                self._note_failure(kernel, ExitCode.SYS_OUT_OF_GAS, "out of gas")
            raise
        except Fatal as error:
            if explicit:
                self._note_failure(kernel, ExitCode.SYS_ASSERTION_FAILED, str(error))
            raise
        finally:
            self.memory_used = memory_before

    def _charge_return(self, value: Block) -> None:
        if self.depth == 1:
            self.gas.charge(*charges.on_chain_return_value(self.prices, len(value.data)))
        elif self.prices.tracks_links:
            self.gas.charge(*charges.on_return_value(self.prices, len(value.links)))

    def _charge_update(self, actor_id: int) -> None:
        level = self.access.level(actor_id)
        if level < READ:
            self.gas.charge(*charges.on_actor_lookup(self.prices))
        if level < UPDATED:
            self.gas.charge(*charges.on_actor_update(self.prices))

    def _note_failure(self, kernel: Kernel, code: int, message: str) -> None:
        if kernel.last_error is not None:
            self.backtrace.begin(kernel.last_error)
        self.backtrace.frames.append(Frame(kernel.actor_id, kernel.method, code, message))


def _return_block(kernel: Kernel, return_id: int) -> Block | None:
    if return_id == NO_DATA:
        return None
    try:
        return kernel.blocks.get(return_id)
    except SyscallError as error:
        raise Exit(ExitCode.SYS_MISSING_RETURN, "returned block does not exist") from error
