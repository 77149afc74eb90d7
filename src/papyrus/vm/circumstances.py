"""What an invocation knows: the message, the network, who may call, and the other actors.

Every answer is a system call on the kernel, at its price; what cannot change is asked for once.
"""

from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import SyscallError
from papyrus.primitives.exit_codes import ErrorNumber
from papyrus.rules.versions import Rules
from papyrus.vm import aborts
from papyrus.vm import gas_charges as charges
from papyrus.vm.kernel import actor, gas, network, own
from papyrus.vm.kernel.kernel import Kernel
from papyrus.vm.kernel.network import MessageContext
from papyrus.vm.machine import NetworkContext

P = TypeVar("P")
T = TypeVar("T")


class Circumstances:
    """What an actor may ask during one invocation, changing nothing."""

    def __init__(self, kernel: Kernel) -> None:
        """Begin an invocation."""
        self._kernel = kernel
        self._call_charge = charges.on_syscall(kernel.calls.prices)
        self.caller_is_validated = False

    def enter(self) -> Kernel:
        """Return the kernel for one system call, charged for before it does anything."""
        self._kernel.charge(*self._call_charge)
        return self._kernel

    # The message and the network around it; each is asked for once, and then known.

    @cached_property
    def _message(self) -> MessageContext:
        return network.message_context(self.enter())

    @cached_property
    def _network(self) -> NetworkContext:
        return network.network_context(self.enter())

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
        return network.total_circulating_supply(self.enter())

    @property
    def gas_available(self) -> int:
        """The whole gas left."""
        return gas.available(self.enter())

    def tipset_cid(self, epoch: int) -> Cid:
        """Return the CID of the tipset at or before a past epoch."""
        try:
            return network.tipset_cid(self.enter(), epoch)
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
        return own.current_balance(self.enter())

    def balance_of(self, actor_id: int) -> TokenAmount | None:
        """Return an actor's balance, or None where there is no such actor."""
        return _found(actor.balance_of, self.enter(), actor_id)

    def resolve(self, address: Address) -> int | None:
        """Return the actor ID of an address, or None where nothing has it."""
        return _found(actor.resolve_address, self.enter(), address)

    def delegated_address(self, actor_id: int) -> Address | None:
        """Return an actor's delegated address, or None."""
        return _found(actor.lookup_delegated_address, self.enter(), actor_id)

    def code_of(self, actor_id: int) -> Cid | None:
        """Return an actor's code, or None where there is no such actor."""
        return _found(actor.get_actor_code_cid, self.enter(), actor_id)

    def type_of_code(self, code: Cid) -> str | None:
        """Return the name of the built-in actor that has this code, or None."""
        kernel = self.enter()
        actor.get_builtin_actor_type(kernel, code)
        return kernel.calls.machine.manifest.names.get(code)

    def type_of(self, actor_id: int) -> str | None:
        """Return the name of the built-in actor that an actor is, or None."""
        code = self.code_of(actor_id)
        return None if code is None else self.type_of_code(code)

    def code_for(self, name: str) -> Cid:
        """Return the code of a built-in actor by its name in the manifest."""
        kernel = self.enter()
        manifest = kernel.calls.machine.manifest
        return actor.get_code_cid_for_type(kernel, manifest.types[manifest.codes[name]])

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
