"""Every charge the virtual machine makes, from the prices of a network version.

One function stands for one method of the reference's price list. Each takes the prices and the
quantities in natural units (bytes, counts, epochs) and returns a `Charge`: the name the reference
writes into traces, the milligas for computing, and the milligas for everything else (storage,
memory retention, deferred work, calls out of the machine). Callers charge the sum; sums saturate.

fvm 3 (nv18) and fvm 4 (nv21 on) share the formulas where a price of zero makes the difference.
Where they differ in shape, the function says so: opening a block and reading back a tipset CID
look at the prices themselves, while randomness and events take different quantities and so have
one function for each kernel. fvm 3 has no charge for a nested return, for scanning links, for
getting and setting a root, for UTF-8, or for aggregate signatures.
"""

from papyrus.rules.gas_prices import BLAKE2B_256, MAX_MILLIGAS, GasPrices

Charge = tuple[str, int, int]
"""Name in traces, compute milligas, other ("storage") milligas."""

_EVENT_OVERHEAD = 12
"""Bytes of CBOR around a stamped event: the tuples and the emitter."""

_EVENT_ENTRY_OVERHEAD = 9
"""Bytes of CBOR around one entry: tuple, flags, codec, and the lengths of key and value."""

_STAMP_OVERHEAD = 12
"""What fvm 3 adds to an event's own encoding for the stamp."""

_RANDOMNESS_DRAW_LENGTH = 8 + 32 + 8
"""Tag, digest and epoch that fvm 3 hashes together with the entropy."""


def total(charge: Charge) -> int:
    """Return the milligas that a charge takes from the budget."""
    return min(charge[1] + charge[2], MAX_MILLIGAS)


def nothing() -> Charge:
    """Return the empty charge that stands for the inclusion of an implicit message."""
    return ("none", 0, 0)


def wasm_exec(milligas: int) -> Charge:
    """Return the charge for instructions run since the last settlement."""
    return ("wasm_exec", milligas, 0)


def wasm_memory_grow(milligas: int) -> Charge:
    """Return the part of metered milligas that paid for growing memory, shown on its own."""
    return ("wasm_memory_grow", milligas, 0)


def wasm_memory_init(prices: GasPrices, memory_length: int) -> Charge:
    """Return the charge for the memory a module starts with, in bytes."""
    return ("wasm_memory_init", memory_gas(prices, memory_length), 0)


def wasm_table_init(prices: GasPrices, elements: int) -> Charge:
    """Return the charge for the table a module starts with."""
    return ("wasm_table_init", memory_gas(prices, elements * prices.wasm.table_element_size), 0)


def memory_gas(prices: GasPrices, length: int) -> int:
    """Return the milligas for so many bytes of fresh memory."""
    wasm = prices.wasm
    return min(wasm.memory_fill_base + wasm.memory_fill_per_byte * length, MAX_MILLIGAS)


def on_syscall(prices: GasPrices) -> Charge:
    """Return the charge that precedes every system call."""
    return ("OnSyscall", prices.wasm.host_call, 0)


def on_scan_links(prices: GasPrices, fields: int, cids: int) -> Charge:
    """Return the charge for scanning DAG-CBOR of so many fields, of which so many are CIDs."""
    return ("OnScanIpldLinks", prices.scan_per_field * fields + prices.scan_per_cid * cids, 0)


def on_chain_message(prices: GasPrices, length: int) -> Charge:
    """Return the charge for a message's place in a block, and for updating its sender."""
    storage = prices.actor_update + prices.on_chain_message_storage.apply(length)
    return (
        "OnChainMessage",
        prices.on_chain_message_compute.apply(length),
        min(storage, MAX_MILLIGAS),
    )


def on_value_transfer(prices: GasPrices) -> Charge:
    """Return the charge for moving funds between actors."""
    return ("OnValueTransfer", prices.transfer_funds, 0)


def on_method_invocation(prices: GasPrices, param_links: int) -> Charge:
    """Return the charge for invoking a method with parameters of so many links."""
    return ("OnMethodInvocation", prices.invoke_method + prices.link_tracked * param_links, 0)


def on_chain_return_value(prices: GasPrices, length: int) -> Charge:
    """Return the charge for the return value of a message itself, which the receipt holds."""
    return (
        "OnChainReturnValue",
        prices.on_chain_return_compute.apply(length),
        prices.on_chain_return_storage.apply(length),
    )


def on_return_value(prices: GasPrices, links: int) -> Charge:
    """Return the charge for a return value of so many links to another actor (fvm 4)."""
    return ("OnReturnValue", prices.link_tracked * links, 0)


def on_create_actor(prices: GasPrices, *, new_address: bool) -> Charge:
    """Return the charge for a new actor, and for a new address where one is assigned too."""
    storage = prices.actor_create
    if new_address:
        storage += prices.address_assignment + prices.address_lookup
    return ("OnCreateActor", 0, storage)


def on_delete_actor() -> Charge:
    """Return the charge for an actor's end."""
    return ("OnDeleteActor", 0, 0)


def on_actor_lookup(prices: GasPrices) -> Charge:
    """Return the charge for an actor's first lookup in a message."""
    return ("OnActorLookup", 0, prices.actor_lookup)


def on_actor_update(prices: GasPrices) -> Charge:
    """Return the charge for an actor's first update in a message."""
    return ("OnActorUpdate", 0, prices.actor_update)


def on_verify_signature(prices: GasPrices, signature_type: int, length: int) -> Charge:
    """Return the charge for one signature over so many bytes; the type must have a price."""
    return ("OnVerifySignature", prices.signatures[signature_type].apply(length), 0)


def on_verify_aggregate_signature(prices: GasPrices, signatures: int, length: int) -> Charge:
    """Return the charge for an aggregate BLS signature over so many bytes in all (fvm 4).

    It takes a pairing for each message and one for the signature.
    """
    compute = prices.bls_pairing * (signatures + 1) + prices.bls_hashing.apply(length)
    return ("OnVerifyBlsAggregateSignature", min(compute, MAX_MILLIGAS), 0)


def on_recover_secp_public_key(prices: GasPrices) -> Charge:
    """Return the charge for recovering a secp256k1 key from a signature."""
    return ("OnRecoverSecpPublicKey", prices.secp256k1_recover, 0)


def on_hashing(prices: GasPrices, hash_code: int, length: int) -> Charge:
    """Return the charge for hashing; the multihash code must have a price."""
    return ("OnHashing", prices.hashing[hash_code].apply(length), 0)


def on_compute_unsealed_sector_cid(prices: GasPrices) -> Charge:
    """Return the charge for a sector's unsealed CID."""
    return ("OnComputeUnsealedSectorCid", prices.compute_unsealed_sector_cid, 0)


def on_verify_seal(prices: GasPrices) -> Charge:
    """Return the charge for one seal of a batch."""
    return ("OnVerifySeal", prices.verify_seal, 0)


def on_verify_aggregate_seals(prices: GasPrices, proof_type: int, sectors: int) -> Charge:
    """Return the charge for one proof over so many seals of a registered proof type."""
    rows = prices.verify_aggregate_seals
    price = next((row for row in rows if row.proof_type == proof_type), rows[0])
    return ("OnVerifyAggregateSeals", price.apply(sectors), 0)


def on_verify_replica_update(prices: GasPrices) -> Charge:
    """Return the charge for one replica update proof."""
    return ("OnVerifyReplicaUpdate", prices.verify_replica_update, 0)


def on_verify_post(prices: GasPrices, challenged_sectors: int) -> Charge:
    """Return the charge for one WindowPoSt."""
    return ("OnVerifyPost", prices.verify_post.apply(challenged_sectors), 0)


def on_verify_consensus_fault(prices: GasPrices) -> Charge:
    """Return the charge for judging two block headers."""
    return ("OnVerifyConsensusFault", 0, prices.verify_consensus_fault)


def on_get_randomness(prices: GasPrices, lookback: int) -> Charge:
    """Return the charge for randomness of so many epochs ago (fvm 4).

    Quirk: a lookback into the future is read as a huge unsigned number, so that asking for
    randomness of a coming epoch runs out of gas instead of being refused.
    """
    cost = _lookback_gas(prices, lookback)
    return ("OnGetRandomness", 0, cost)


def on_draw_randomness(prices: GasPrices, entropy_length: int) -> Charge:
    """Return the charge for randomness drawn in the kernel with so many bytes (fvm 3)."""
    draw = prices.hashing[BLAKE2B_256].apply(_RANDOMNESS_DRAW_LENGTH + entropy_length)
    return ("OnGetRandomness", 0, min(prices.randomness_seed + draw, MAX_MILLIGAS))


def on_tipset_cid(prices: GasPrices, lookback: int) -> Charge:
    """Return the charge for the CID of the tipset so many epochs ago, at least one."""
    if prices.lookback is None:
        cost = prices.tipset_cid_historical if lookback > 1 else prices.tipset_cid_latest
    else:
        cost = _lookback_gas(prices, lookback)
    return ("OnTipsetCid", 0, cost)


def on_block_open_base(prices: GasPrices) -> Charge:
    """Return the charge for opening a block, due before its size is known."""
    return ("OnBlockOpenBase", prices.link_checked, prices.block_open.flat)


def on_block_open(prices: GasPrices, length: int, links: int) -> Charge:
    """Return the charge for a block just loaded, of so many bytes and links.

    Both kernels charge at least the memory retention price; they part compute from the rest, and
    name the charge, differently.
    """
    touched = prices.block_allocate.apply(length) + prices.block_memcpy.apply(length)
    opened = prices.block_open.per_unit * length
    retained = prices.block_memory_retention.apply(length)
    if prices.tracks_links:
        compute = prices.link_tracked * links
        opened += touched
        name = "OnBlockOpen"
    else:
        compute = touched
        name = "OnBlockOpenPerByte"
    return (name, compute, opened + max(retained - compute - opened, 0))


def on_block_read(prices: GasPrices, length: int) -> Charge:
    """Return the charge for copying so many bytes of a block to the actor."""
    return ("OnBlockRead", prices.block_memcpy.apply(length), 0)


def on_block_create(prices: GasPrices, length: int, links: int) -> Charge:
    """Return the charge for handing the machine a block of so many bytes and links."""
    compute = (
        prices.block_memcpy.apply(length)
        + prices.block_allocate.apply(length)
        + prices.link_checked * links
    )
    retained = prices.block_memory_retention.apply(length)
    return ("OnBlockCreate", compute, max(retained - compute, 0))


def on_block_link(prices: GasPrices, hash_code: int, length: int) -> Charge:
    """Return the charge for making a block part of the state, hash included."""
    compute = (
        prices.block_memcpy.apply(length)
        + prices.block_allocate.apply(length)
        + prices.hashing[hash_code].apply(length)
        + prices.link_tracked
    )
    storage = prices.block_persist_compute + prices.block_persist_storage.apply(length)
    return ("OnBlockLink", compute, storage)


def on_block_stat() -> Charge:
    """Return the charge for asking a block's codec and size."""
    return ("OnBlockStat", 0, 0)


def on_get_root(prices: GasPrices) -> Charge:
    """Return the charge for reading an actor's root (fvm 4)."""
    return ("OnActorGetRoot", prices.link_tracked, 0)


def on_set_root(prices: GasPrices) -> Charge:
    """Return the charge for setting an actor's root (fvm 4)."""
    return ("OnActorSetRoot", prices.link_checked, 0)


def on_self_balance() -> Charge:
    """Return the charge for an actor's own balance."""
    return ("OnSelfBalance", 0, 0)


def on_balance_of() -> Charge:
    """Return the charge for another actor's balance."""
    return ("OnBalanceOf", 0, 0)


def on_resolve_address() -> Charge:
    """Return the charge for resolving an address, beyond the lookups it makes."""
    return ("OnResolveAddress", 0, 0)


def on_lookup_delegated_address() -> Charge:
    """Return the charge for an actor's delegated address, beyond the lookups it makes."""
    return ("OnLookupAddress", 0, 0)


def on_get_actor_code_cid() -> Charge:
    """Return the charge for an actor's code CID, beyond the lookups it makes."""
    return ("OnGetActorCodeCid", 0, 0)


def on_get_builtin_actor_type(prices: GasPrices) -> Charge:
    """Return the charge for finding which built-in actor a code CID is."""
    return ("OnGetBuiltinActorType", prices.manifest_lookup, 0)


def on_get_code_cid_for_type(prices: GasPrices) -> Charge:
    """Return the charge for finding the code CID of a built-in actor."""
    return ("OnGetCodeCidForType", prices.manifest_lookup, 0)


def on_network_context(prices: GasPrices) -> Charge:
    """Return the charge for reading the epoch, base fee and the like."""
    return ("OnNetworkContext", prices.network_context, 0)


def on_message_context(prices: GasPrices) -> Charge:
    """Return the charge for reading the caller, receiver, value and the like."""
    return ("OnMessageContext", prices.message_context, 0)


def on_actor_event(prices: GasPrices, entries: int, key_length: int, value_length: int) -> Charge:
    """Return the charge for emitting an event of so many entries, key and value bytes (fvm 4).

    The event is copied twice while it is made, and hashed and copied once more for the receipt.
    """
    length = _EVENT_OVERHEAD + _EVENT_ENTRY_OVERHEAD * entries + key_length + value_length
    copied = prices.block_memcpy.apply(length) + prices.block_allocate.apply(length)
    validated = prices.event_per_entry.apply(entries) + prices.utf8_validation.apply(key_length)
    hashed = prices.hashing[BLAKE2B_256].apply(length)
    return (
        "OnActorEvent",
        min(copied * 2 + validated, MAX_MILLIGAS),
        min(hashed + copied, MAX_MILLIGAS),
    )


def on_actor_event_validate(prices: GasPrices, length: int) -> Charge:
    """Return the charge for decoding an event of so many bytes (fvm 3)."""
    compute = (
        prices.block_memcpy.apply(length)
        + prices.block_allocate.apply(length)
        + prices.event_validation.apply(length)
    )
    return ("OnActorEventValidate", compute, 0)


def on_actor_event_accept(
    prices: GasPrices, length: int, indexed_elements: int, indexed_length: int
) -> Charge:
    """Return the charge for keeping an event whose encoding has so many bytes (fvm 3).

    Three copies, two allocations and a hash; what falls after the call counts as storage.
    """
    stamped = length + _STAMP_OVERHEAD
    copied = prices.block_memcpy.apply(stamped)
    allocated = prices.block_allocate.apply(stamped)
    index = prices.event_accept_per_index
    return (
        "OnActorEventAccept",
        copied + allocated,
        index.flat * indexed_elements
        + index.per_unit * indexed_length
        + copied * 2
        + allocated
        + prices.hashing[BLAKE2B_256].apply(stamped),
    )


def _lookback_gas(prices: GasPrices, lookback: int) -> int:
    cost = prices.lookback
    return 0 if cost is None else cost.apply(lookback & MAX_MILLIGAS)
