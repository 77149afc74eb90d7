"""The engine that runs actors as the Wasm code the network released (FIP-0030).

For each invocation it pays for the module's first memory, makes an instance of it, and calls its
`invoke`. However that ends becomes what the call manager understands: a block number, an exit, or
being out of gas. A trap of the actor's own making is an illegal instruction.
"""

from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import DecodeError, Fatal, LocalFault, OutOfGas
from papyrus.primitives.exit_codes import ExitCode
from papyrus.rules.actor_codes import build_of
from papyrus.rules.gas_prices import GasPrices
from papyrus.rules.versions import KernelAbi, Rules
from papyrus.vm import gas_charges as charges
from papyrus.vm.calls import Exit
from papyrus.vm.kernel.kernel import Kernel
from papyrus.vm.wasm.abi import host_functions
from papyrus.vm.wasm.engine import PAGE_SIZE, Instance, Linker, Module
from papyrus.vm.wasm.host import InstantiationError, LinkError, NoEntryPoint, Trap
from papyrus.vm.wasm.invocation import Invocation
from papyrus.vm.wasm.modules import ModuleStore


class WasmActors:
    """Runs any actor whose code is in the store of actor code."""

    def __init__(self, modules: ModuleStore, code: Blockstore) -> None:
        """Take actor code from `code`, compiled by `modules`."""
        self._modules = modules
        self._code = code
        self._linkers: dict[tuple[KernelAbi, GasPrices], Linker] = {}
        self._last: tuple[Rules, Linker] | None = None

    def invoke(self, kernel: Kernel, code: Cid, params_id: int) -> int:
        """Run the actor and return the number of its return block, or 0."""
        calls = kernel.calls
        rules = calls.rules
        try:
            module = self._modules.module(code, lambda code: self._load(code, kernel))
        except DecodeError as error:
            raise Fatal(f"the actor's code {code} cannot be run: {error}") from error
        invocation = Invocation(kernel, calls.memory_used)
        instance = self._instantiate(rules, module, invocation)
        try:
            invocation.resume(instance)
            return_id = self._call(instance, params_id)
            invocation.settle(instance)
            return return_id
        finally:
            instance.close()

    def _call(self, instance: Instance, params_id: int) -> int:
        """Call the entry point; what was executed is charged however it ends."""
        invocation: Invocation = instance.context
        try:
            return instance.invoke(params_id)
        except Trap as trap:
            invocation.settle(instance)
            if not trap.kind.is_the_actors_fault:
                raise Fatal(f"unexpected trap: {trap}") from trap
            raise Exit(ExitCode.SYS_ILLEGAL_INSTRUCTION, str(trap)) from trap
        except (Exit, OutOfGas, Fatal):
            invocation.settle(instance)
            raise
        except NoEntryPoint as error:
            if invocation.kernel.calls.rules.kernel is KernelAbi.FVM3:
                raise Fatal(str(error)) from error
            raise Exit(ExitCode.SYS_INVALID_RECEIVER, str(error)) from error
        except LinkError as error:
            raise Fatal(str(error)) from error

    def _instantiate(self, rules: Rules, module: Module, invocation: Invocation) -> Instance:
        """Pay for the first memory and make an instance."""
        prices = rules.prices
        gas = invocation.gas
        if module.initial_memory_pages is None:
            raise Fatal("the actor exports no memory")
        if module.initial_table_elements is not None:
            gas.charge(*charges.wasm_table_init(prices, module.initial_table_elements))
        memory_length = module.initial_memory_pages * PAGE_SIZE
        gas.charge(*charges.wasm_memory_init(prices, memory_length))
        available = gas.available
        invocation.last_available = available
        room = rules.max_memory - invocation.memory_base
        try:
            instance = self._linker(rules).instantiate(
                module, invocation, available, rules.max_instance_memory, room
            )
        except LinkError as error:
            raise Fatal(f"failed to link the actor: {error}") from error
        except InstantiationError as error:
            invocation.settle_at(error.gas, error.memory_used)
            raise _not_started(error) from error
        except (Exit, OutOfGas, Fatal) as error:
            # Quirk: however a system call ends the module's first code, it counts as a trap.
            gas.charge(*charges.wasm_exec(0))
            raise _not_started(error) from error
        invocation.settle(instance)
        return instance

    def _linker(self, rules: Rules) -> Linker:
        # Nearly always the rules are those of the call before, and to hash them all takes longer.
        if self._last is None or self._last[0] is not rules:
            key = (rules.kernel, rules.prices)
            linker = self._linkers.get(key)
            if linker is None:
                linker = self._linkers[key] = self._modules.engine.linker(host_functions(rules))
            self._last = (rules, linker)
        return self._last[1]

    def _load(self, code: Cid, kernel: Kernel) -> bytes:
        data = self._code.get(code)
        if data is None:
            manifest, version = kernel.calls.machine.manifest, kernel.calls.rules.actors_version
            build = build_of(manifest.codes) or "mainnet"
            raise LocalFault(
                f"the released code {code} of {manifest.names.get(code, 'an actor')} is not here: "
                f"run `papyrus bundle fetch {version} --network {build}`, or `papyrus bundle "
                f"import v{version}.tar.zst` with that file from Lotus' build/actors"
            )
        return data


def _not_started(error: Exception) -> Exit:
    return Exit(ExitCode.SYS_ILLEGAL_INSTRUCTION, f"failed to instantiate module: {error}")
