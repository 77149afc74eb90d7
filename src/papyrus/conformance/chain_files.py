"""A chain file with what lies beside it: by which rules it was made, and its maker's traces.

The file is a CAR of headers, messages, receipts and states, with the head tipset as its roots.
Beside it may lie `meta.json` (the upgrades, the network's name) and `traces.jsonl.zst` (Lotus'
`StateCompute` of every tipset, one a line).
"""

from collections.abc import Container
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from papyrus.chain.snapshot_format import snapshot_head
from papyrus.conformance import json_fields as fields
from papyrus.consensus.chain import StoredChain, load_header
from papyrus.ipld.cid import Cid
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.rules.network import Network
from papyrus.rules.networks import (
    LOTUS_ITEST,
    LOTUS_ITEST_DAILY_FEES,
    NETWORKS,
    network_named,
)
from papyrus.storage.car_files import CarFile, open_car
from papyrus.storage.compression import open_file, open_plain
from papyrus.types.tipset import Tipset, TipsetKey

META_FILE = "meta.json"
TRACE_FILES = ("traces.jsonl.zst", "traces.jsonl")

_MAX_META_SIZE = 1 << 24
_MAX_LINE_LENGTH = 1 << 30
"""Bytes of one tipset's trace; Lotus' largest here has some millions."""

_DAILY_FEES_TEST = "DailyFees"
"""The one test of Lotus that changes a constant of its network."""

Upgrades = tuple[tuple[ChainEpoch, int], ...]
"""Pairs of height and network version."""


class KnownTipsets:
    """The tipsets of a chain, by key."""

    def __init__(self, tipsets: tuple[Tipset, ...]) -> None:
        """Hold the tipsets."""
        self._tipsets = {tipset.key: tipset for tipset in tipsets}

    def tipset(self, key: TipsetKey) -> Tipset:
        """Return the tipset; LocalFault where the chain has none of that key."""
        found = self._tipsets.get(key)
        if found is None:
            raise LocalFault(f"the chain file holds no tipset {key}")
        return found


@dataclass(frozen=True, slots=True)
class ChainRules:
    """By which rules a chain was made, as told by its user or by `meta.json`."""

    network: str | None = None
    """The name of a network's row of constants; None to go by `meta.json`."""
    upgrades: Upgrades = ()
    """Instead of the network's own; none to go by `meta.json`, and then by the network."""


@dataclass(frozen=True, slots=True)
class TipsetRecord:
    """What the maker of a chain says of executing one tipset."""

    epoch: ChainEpoch
    state_root: Cid
    """The state after it."""
    supply: dict[str, int]
    """The circulating supply before it and its parts, in attoFIL, by Lotus' names."""
    messages: tuple[dict[str, Any], ...]
    """Lotus' trace of each message, the protocol's own included; empty unless asked for."""


@dataclass(frozen=True, slots=True)
class ChainFile:
    """An opened chain."""

    path: Path
    car: CarFile
    network: Network
    tipsets: tuple[Tipset, ...]
    """From the first to the head."""
    source: KnownTipsets
    """The same by key, for lookups into the past."""
    traces: Path | None
    """The file of traces beside it."""

    @classmethod
    def open(cls, path: Path, rules: ChainRules) -> Self:
        """Return the chain; LocalFault where it cannot be read, DecodeError where it is none."""
        car = open_car(path)
        tipsets = _walk(car, path)
        network = _network(path, rules)
        genesis = tipsets[0].blocks[0]
        if genesis.height == 0:
            network = network.with_genesis(genesis.cid, genesis.timestamp)
        beside = [path.with_name(name) for name in TRACE_FILES]
        traces = next((file for file in beside if file.is_file()), None)
        return cls(path, car, network, tipsets, KnownTipsets(tipsets), traces)


def read_records(
    path: Path, epochs: Container[ChainEpoch], *, with_messages: bool
) -> dict[ChainEpoch, TipsetRecord]:
    """Return what a file of traces says of the tipsets at some epochs.

    DecodeError where one of its lines is none.
    """
    records = {}
    stream, _ = open_plain(path)
    with stream:
        while line := stream.readline(_MAX_LINE_LENGTH):
            record = _brief_record(line)
            if record.epoch in epochs:
                if with_messages:
                    record = _record(line, with_messages=True)
                records[record.epoch] = record
    return records


def _brief_record(line: bytes) -> TipsetRecord:
    """Return the record without its messages, which are nearly all of the line.

    Where they come last, as Lotus writes them, they are not even parsed.
    """
    head, separator, _ = line.partition(b'"Trace":[')
    if separator:
        with suppress(DecodeError):
            return _record(head + b'"Trace":null}}', with_messages=False)
    return _record(line, with_messages=False)


def _record(line: bytes, *, with_messages: bool) -> TipsetRecord:
    entry = fields.mapping(fields.parse(line), "a line of the traces")
    supply = fields.mapping(entry.get("circ"), "circ")
    output = fields.mapping(entry.get("out"), "out")
    messages = fields.sequence(output.get("Trace"), "out.Trace") if with_messages else []
    return TipsetRecord(
        epoch=fields.number(entry.get("epoch"), "epoch"),
        state_root=fields.cid(output.get("Root"), "out.Root"),
        supply={name: fields.decimal(amount, f"circ.{name}") for name, amount in supply.items()},
        messages=tuple(fields.mapping(message, "a trace") for message in messages),
    )


def _walk(car: CarFile, path: Path) -> tuple[Tipset, ...]:
    """Return the tipsets from the first one the file holds to its head."""
    chain = StoredChain(car)
    try:
        current = Tipset.of(load_header(car, cid) for cid in snapshot_head(car, car.roots))
    except (DecodeError, LocalFault) as error:
        raise DecodeError(f"{path} is not a chain: its roots are no tipset: {error}") from error
    found = [current]
    while current.height > 0 and current.parents.cids and _holds(car, current.parents):
        parent = chain.tipset(current.parents)
        if parent.height >= current.height:
            raise DecodeError(f"{path} is not a chain: height {parent.height} comes twice")
        current = parent
        found.append(current)
    return tuple(reversed(found))


def _holds(car: CarFile, key: TipsetKey) -> bool:
    return all(car.has(cid) for cid in key.cids)


def _network(path: Path, rules: ChainRules) -> Network:
    """Return the network that a chain belongs to, upgraded as it was."""
    if rules.network is not None:
        network, upgrades = network_named(rules.network), rules.upgrades
    else:
        network, upgrades = _network_beside(path)
        upgrades = rules.upgrades or upgrades
    return network.with_upgrades(upgrades) if upgrades else network


def _network_beside(path: Path) -> tuple[Network, Upgrades]:
    meta_path = path.with_name(META_FILE)
    if not meta_path.is_file():
        names = ", ".join(sorted(NETWORKS))
        raise LocalFault(
            f"no {META_FILE} beside {path} says by which rules the chain was made: "
            f"give --network ({names}) and, where its upgrades differ, --upgrade nv@HEIGHT"
        )
    with open_file(meta_path) as file:
        meta = fields.mapping(fields.parse(file.read(_MAX_META_SIZE)), str(meta_path))
    name = fields.text(meta.get("network_name"), f"{meta_path}: network_name")
    rows = fields.sequence(meta.get("upgrades"), f"{meta_path}: upgrades")
    network = _by_chain_name(name, str(meta.get("test", "")), meta_path)
    return network, tuple(_upgrade(row, meta_path) for row in rows)


def _by_chain_name(name: str, test: str, meta_path: Path) -> Network:
    if name == LOTUS_ITEST.chain_name:
        return LOTUS_ITEST_DAILY_FEES if _DAILY_FEES_TEST in test else LOTUS_ITEST
    for network in NETWORKS.values():
        if name in (network.name, network.chain_name):
            return network
    raise LocalFault(f"{meta_path} names the network {name!r}, which is unknown: give --network")


def _upgrade(row: Any, meta_path: Path) -> tuple[ChainEpoch, int]:
    entry = fields.mapping(row, f"{meta_path}: an upgrade")
    height = fields.number(entry.get("Height"), f"{meta_path}: an upgrade's height", lowest=-1)
    version = fields.number(entry.get("Network"), f"{meta_path}: an upgrade's network version")
    return height, version
