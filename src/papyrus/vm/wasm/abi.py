"""Which system calls a kernel offers, and their shapes: fvm 3 for nv18, fvm 4 from nv21 on.

The two differ in four calls only. What neither lists, no released actor imports; an actor that
did could not be instantiated.
"""

from collections.abc import Callable
from functools import cache

from papyrus.rules.gas_prices import GasPrices
from papyrus.rules.versions import KernelAbi, Rules
from papyrus.vm.wasm import proof_syscalls as proof
from papyrus.vm.wasm import syscalls as call
from papyrus.vm.wasm.host import HostFunction
from papyrus.vm.wasm.invocation import Syscall, host_function

_Row = tuple[str, str, int, Callable[..., bytes] | Callable[..., None]]
"""Name with its module, parameters, bytes of result, function."""

_COMMON: tuple[_Row, ...] = (
    ("vm.exit", "iiii", 0, call.leave),
    ("vm.message_context", "", 80, call.message_context),
    ("network.context", "", 44, call.network_context),
    ("network.tipset_cid", "Iii", 4, call.tipset_cid),
    ("network.total_fil_circ_supply", "", 16, call.total_circulating_supply),
    ("ipld.block_open", "i", 16, call.block_open),
    ("ipld.block_create", "Iii", 4, call.block_create),
    ("ipld.block_link", "iIiii", 4, call.block_link),
    ("ipld.block_read", "iiii", 4, call.block_read),
    ("ipld.block_stat", "i", 12, call.block_stat),
    ("self.root", "ii", 4, call.root),
    ("self.set_root", "i", 0, call.set_root),
    ("self.current_balance", "", 16, call.current_balance),
    ("actor.resolve_address", "ii", 8, call.resolve_address),
    ("actor.lookup_delegated_address", "Iii", 4, call.lookup_delegated_address),
    ("actor.get_actor_code_cid", "Iii", 4, call.get_actor_code_cid),
    ("actor.next_actor_address", "ii", 4, call.next_actor_address),
    ("actor.create_actor", "Iiii", 0, call.create_actor),
    ("actor.get_builtin_actor_type", "i", 4, call.get_builtin_actor_type),
    ("actor.get_code_cid_for_type", "iii", 4, call.get_code_cid_for_type),
    ("actor.balance_of", "I", 16, call.balance_of),
    ("send.send", "iiIiIIII", 20, call.send),
    ("gas.charge", "iiI", 0, call.charge_gas),
    ("gas.available", "", 8, call.gas_available),
    ("debug.log", "ii", 0, call.debug_log),
    ("debug.enabled", "", 4, call.debug_enabled),
    ("debug.store_artifact", "iiii", 0, call.debug_store_artifact),
    ("crypto.verify_signature", "iiiiiii", 4, proof.verify_signature),
    ("crypto.recover_secp_public_key", "ii", 65, proof.recover_secp_public_key),
    ("crypto.hash", "Iiiii", 4, proof.hash_data),
    ("crypto.compute_unsealed_sector_cid", "Iiiii", 4, proof.compute_unsealed_sector_cid),
    ("crypto.verify_post", "ii", 4, proof.verify_post),
    ("crypto.verify_aggregate_seals", "ii", 4, proof.verify_aggregate_seals),
    ("crypto.verify_replica_update", "ii", 4, proof.verify_replica_update),
    ("crypto.batch_verify_seals", "iii", 0, proof.batch_verify_seals),
    ("crypto.verify_consensus_fault", "iiiiii", 20, proof.verify_consensus_fault),
)

_BY_KERNEL: dict[KernelAbi, tuple[_Row, ...]] = {
    KernelAbi.FVM3: (
        ("self.self_destruct", "ii", 0, call.self_destruct_to),
        ("event.emit_event", "ii", 0, call.emit_encoded_event),
        ("rand.get_chain_randomness", "IIii", 32, call.drawn_chain_randomness),
        ("rand.get_beacon_randomness", "IIii", 32, call.drawn_beacon_randomness),
    ),
    KernelAbi.FVM4: (
        ("self.self_destruct", "i", 0, call.self_destruct),
        ("event.emit_event", "iiiiii", 0, call.emit_event),
        ("rand.get_chain_randomness", "I", 32, call.chain_randomness),
        ("rand.get_beacon_randomness", "I", 32, call.beacon_randomness),
        ("crypto.verify_bls_aggregate", "iiiii", 4, proof.verify_bls_aggregate),
    ),
}


def host_functions(rules: Rules) -> tuple[HostFunction, ...]:
    """Return every system call that actors may import under these rules."""
    return _host_functions(rules.kernel, rules.prices)


@cache
def _host_functions(kernel: KernelAbi, prices: GasPrices) -> tuple[HostFunction, ...]:
    functions = []
    for name, params, result_length, run in (*_COMMON, *_BY_KERNEL[kernel]):
        module, function = name.split(".")
        syscall = Syscall(module, function, params, result_length, run)
        functions.append(host_function(syscall, prices.wasm.host_call))
    return tuple(functions)
