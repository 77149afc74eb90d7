"""The protocol of a system call between a Wasm actor and its kernel (FIP-0030, FIP-0032).

Instructions are metered in the actor's own gas counter. Before each call what they used is
charged, then the price of the call itself; afterwards the counter is set to what is left. A
refused call gives the actor an error number; a call that ends the invocation traps.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from papyrus.primitives.errors import OutOfGas, SyscallError
from papyrus.primitives.exit_codes import ErrorNumber
from papyrus.vm import gas_charges as charges
from papyrus.vm.gas import GasTracker
from papyrus.vm.kernel.kernel import Kernel
from papyrus.vm.wasm.engine import Instance
from papyrus.vm.wasm.host import HostFunction

OK = 0
"""What a system call returns when it was not refused."""


class Invocation:
    """A kernel with what the gas protocol remembers between calls; an instance's context."""

    __slots__ = ("gas", "kernel", "last_available", "last_memory", "memory_base")

    def __init__(self, kernel: Kernel, memory_base: int) -> None:
        """Begin; `memory_base` is what the calling invocations hold, in bytes."""
        self.kernel = kernel
        self.gas: GasTracker = kernel.calls.gas
        self.memory_base = memory_base
        self.last_available = 0
        self.last_memory = 0

    def settle(self, instance: Instance) -> None:
        """Charge what instructions have used since the counter was last set."""
        memory_used = 0 if self.gas.observer is None else instance.memory_used()
        self.settle_at(instance.gas, memory_used)

    def settle_at(self, gas: int, memory_used: int) -> None:
        """Charge as `settle` does for a counter and what memory counts for."""
        used = max(self.last_available - gas, 0)
        if self.gas.observer is None:
            self.gas.charge("wasm_exec", used)
            return
        grown = memory_used - self.last_memory
        prices = self.kernel.calls.prices
        memory = min(charges.memory_gas(prices, grown) if grown else 0, used)
        self.gas.charge(*charges.wasm_exec(used - memory))
        if memory:
            self.gas.charge(*charges.wasm_memory_grow(memory))

    def resume(self, instance: Instance) -> None:
        """Set the actor's counter to what is left."""
        available = self.gas.limit - self.gas.used
        self.last_available = available
        instance.gas = available
        if self.gas.observer is not None:
            self.last_memory = instance.memory_used()


@dataclass(frozen=True, slots=True)
class Syscall:
    """A system call as an actor imports it."""

    module: str
    name: str
    params: str
    """A letter a parameter, i for 32 bits and I for 64, without the pointer for the result."""

    result_length: int
    """Bytes written to the pointer that comes first; 0 for a call without result."""

    run: Callable[..., Any]
    """Called with the instance, the kernel and the parameters; returns the result's bytes."""


def host_function(syscall: Syscall, call_price: int) -> HostFunction:
    """Return the call wrapped in the gas protocol, `call_price` milligas each."""
    params = syscall.params
    if syscall.result_length:
        return HostFunction(
            syscall.module, syscall.name, "i" + params, _with_result(syscall, call_price)
        )
    return HostFunction(syscall.module, syscall.name, params, _without_result(syscall, call_price))


def _charge(invocation: Invocation, instance: Instance, call_price: int) -> None:
    gas = invocation.gas
    if gas.observer is not None:
        invocation.settle(instance)
        gas.charge("OnSyscall", call_price)
        return
    executed = invocation.last_available - instance.gas
    used = gas.used + call_price + (max(0, executed))
    if used > gas.limit:
        gas.used = gas.limit
        raise OutOfGas("OnSyscall")
    gas.used = used


def _without_result(syscall: Syscall, call_price: int) -> Callable[..., int]:
    run = syscall.run
    name = f"{syscall.module}::{syscall.name}"

    def call(instance: Instance, *arguments: int) -> int:
        invocation: Invocation = instance.context
        _charge(invocation, instance, call_price)
        kernel = invocation.kernel
        try:
            run(instance, kernel, *arguments)
        except SyscallError as error:
            kernel.last_error = f"{name}: {error}"
            return error.number
        else:
            kernel.last_error = None
            return OK
        finally:
            invocation.resume(instance)

    return call


def _with_result(syscall: Syscall, call_price: int) -> Callable[..., int]:
    run = syscall.run
    name = f"{syscall.module}::{syscall.name}"
    length = syscall.result_length

    def call(instance: Instance, pointer: int, *arguments: int) -> int:
        invocation: Invocation = instance.context
        _charge(invocation, instance, call_price)
        kernel = invocation.kernel
        if not instance.holds(pointer, length):
            # Quirk: the counter is not set on this way out, so that the next settlement charges
            # the same instructions once more.
            kernel.last_error = f"{name}: no space for return value"
            return ErrorNumber.ILLEGAL_ARGUMENT
        try:
            result = run(instance, kernel, *arguments)
            instance.write(pointer, result)
        except SyscallError as error:
            kernel.last_error = f"{name}: {error}"
            return error.number
        else:
            kernel.last_error = None
            return OK
        finally:
            invocation.resume(instance)

    return call
