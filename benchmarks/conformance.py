"""How fast official vectors, Lotus' chains and a large tipset are executed, loading not counted.

The ratio of a chain is to Lotus' own time for the same messages, as `meta.json` has it: taken on
a loaded two-core machine, so it is indicative. The large tipset is a synthetic one: the next three
hundred messages of a chain, put into one block on the state before the first of them.
"""

import json
import os
import statistics
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from time import perf_counter

from papyrus.conformance.chain_files import ChainFile, ChainRules
from papyrus.conformance.environment import Environment, shared_environment
from papyrus.conformance.vector_files import parse_body, read_header
from papyrus.conformance.vectors import (
    execute_messages,
    plan_vectors,
    vector_store,
    why_skipped,
)
from papyrus.consensus.selection import messages_of
from papyrus.consensus.transition import TipsetOutcome, World, apply_tipset
from papyrus.ipld.amt import amt_root
from papyrus.ipld.blockstore import Blockstore, LayeredBlockstore, MemoryBlockstore
from papyrus.primitives.address import Address
from papyrus.primitives.errors import LocalFault
from papyrus.rules.versions import rules_for
from papyrus.types.block import MsgMeta
from papyrus.types.message import Message, SignedMessage
from papyrus.types.tipset import Tipset

SHARED = Path(os.environ.get("PAPYRUS_SHARED", Path(__file__).resolve().parents[2] / "shared"))
LARGE_TIPSET = 300
MIXED_CHAINS = ("ledger", "miner", "market", "fevm")
ASKED_MS = 6
ASKED_SECONDS = 3
_REPEATS = 3

Row = tuple[str, float, str, str, float | None]


def bench() -> Iterator[Row]:
    """Yield every row; LookupError where there is nothing to run."""
    if not (SHARED / "vectors").is_dir():
        raise LookupError(f"no vectors and chains at {SHARED}: set PAPYRUS_SHARED to their folder")
    try:
        environment = shared_environment()
        yield from vector_rows(environment)
        yield from chain_rows(environment)
        yield from large_tipset_rows(environment)
    except LocalFault as error:
        raise LookupError(str(error)) from error


def vector_rows(environment: Environment) -> Iterator[Row]:
    """Yield the time a message of the vectors takes: the best of three runs of each."""
    times = sorted(_vector_times(environment))
    p90 = times[int(len(times) * 0.9)]
    mean = statistics.mean(times)
    yield "vectors, mean a message", mean, "ms", f"the {ASKED_MS} ms asked for", mean / ASKED_MS
    yield "vectors, p90 a message", p90, "ms", "their mean", p90 / mean
    yield "vectors, slowest message", times[-1], "ms", "their mean", times[-1] / mean


def chain_rows(environment: Environment) -> Iterator[Row]:
    """Yield tipsets a second for each of the larger chains and for all, once modules are there."""
    counts = seconds = lotus = 0.0
    for folder in sorted((SHARED / "chains").iterdir()):
        meta_path = folder / "meta.json"
        if not meta_path.is_file():
            continue
        meta = json.loads(meta_path.read_text())
        if len(meta["upgrades"]) > 1:
            continue
        count, took = _replay_time(folder / "chain.car.zst", environment)
        counts, seconds, lotus = counts + count, seconds + took, lotus + meta["lotus_ms"] / 1000
        if folder.name in MIXED_CHAINS or meta["lotus_ms"] > 5000:
            ratio = took / (meta["lotus_ms"] / 1000)
            yield f"chain {folder.name}", count / took, "tipsets/s", "Lotus' own time", ratio
    yield "all chains", counts / seconds, "tipsets/s", "Lotus' own time", seconds / lotus


def large_tipset_rows(environment: Environment) -> Iterator[Row]:
    """Yield the time of a tipset of three hundred messages, for each chain that has as many."""
    for name in MIXED_CHAINS:
        chain = ChainFile.open(SHARED / "chains" / name / "chain.car.zst", ChainRules())
        store = LayeredBlockstore(MemoryBlockstore(), chain.car, environment.code)
        tipset = _large_tipset(chain, store)
        best, outcome = float("inf"), None
        for _ in range(_REPEATS):
            started = perf_counter()
            outcome = _apply(chain, tipset, environment, store)
            best = min(best, perf_counter() - started)
        receipts = () if outcome is None else outcome.receipts
        good = sum(receipt.is_success for receipt in receipts)
        label = f"tipset of the next {len(receipts)} messages of {name} ({good} exit with 0)"
        yield label, best, "s", f"the {ASKED_SECONDS} s asked for", best / ASKED_SECONDS


def _vector_times(environment: Environment) -> Iterator[float]:
    for task in plan_vectors([SHARED / "vectors"]):
        header = read_header(task.path)
        vector = None
        for variant in header.variants:
            if why_skipped(header, variant, task.name) is not None:
                continue
            vector = vector or parse_body(header)
            rules = rules_for(variant.network_version)
            taken = []
            for _ in range(_REPEATS + 1):
                store = vector_store(vector)
                started = perf_counter()
                execute_messages(vector, variant, rules, store, environment)
                taken.append(perf_counter() - started)
            yield min(taken[1:]) * 1000 / len(vector.messages)


def _replay_time(path: Path, environment: Environment) -> tuple[int, float]:
    """Return how many tipsets of a chain were executed, and the seconds it took."""
    chain = ChainFile.open(path, ChainRules())
    chain.car.has(chain.tipsets[0].parent_state_root)
    _apply(chain, chain.tipsets[1], environment)
    started = perf_counter()
    for tipset in chain.tipsets[:-1]:
        _apply(chain, tipset, environment)
    return len(chain.tipsets) - 1, perf_counter() - started


def _apply(
    chain: ChainFile, tipset: Tipset, environment: Environment, store: Blockstore | None = None
) -> TipsetOutcome:
    world = World(
        network=chain.network,
        source=chain.source,
        store=store or LayeredBlockstore(MemoryBlockstore(), chain.car, environment.code),
        verifier=environment.verifier,
        engine=environment.engine,
    )
    return apply_tipset(tipset, world)


def _large_tipset(chain: ChainFile, store: Blockstore) -> Tipset:
    """Return a tipset of one block with the next messages of the chain from its middle on."""
    total = sum(1 for _ in _messages(chain, 0))
    place, seen = 1, 0
    while seen < (total - LARGE_TIPSET) // 2:
        seen += sum(len(messages_of(store, block)) for block in chain.tipsets[place].blocks)
        place += 1
    chosen = list(islice(_messages(chain, place), LARGE_TIPSET))
    bls, secp = (
        [message.cid for message in chosen if isinstance(message, SignedMessage) == signed]
        for signed in (False, True)
    )
    meta = MsgMeta(amt_root(store, bls), amt_root(store, secp))
    store.put(meta.cid, meta.to_cbor())
    block = replace(chain.tipsets[place].blocks[0], messages=meta.cid)
    return Tipset.of([block])


def _messages(chain: ChainFile, place: int) -> Iterator[Message | SignedMessage]:
    """Yield each message of the chain from a tipset on, of conflicting ones the first."""
    seen: set[tuple[Address, int]] = set()
    for tipset in chain.tipsets[place:]:
        for block in tipset.blocks:
            for message in messages_of(chain.car, block):
                turn = (message.unsigned.sender, message.unsigned.nonce)
                if turn not in seen:
                    seen.add(turn)
                    yield message
