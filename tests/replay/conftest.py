"""Chains made by Lotus, read once each."""

import io
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
import zstandard

from papyrus.consensus.chain import StoredChain
from papyrus.rules.networks import LOTUS_ITEST, LOTUS_ITEST_DAILY_FEES, Network
from papyrus.storage.car_files import CarFile, open_car
from papyrus.types.tipset import Tipset, TipsetKey


@dataclass(frozen=True)
class LotusChain:
    """One chain: its blocks, its network, its tipsets newest first, and Lotus' word on each."""

    store: CarFile
    source: StoredChain
    network: Network
    tipsets: tuple[Tipset, ...]
    traces: dict[int, dict]
    """By epoch: the supply, the state after the tipset and the messages applied."""


@cache
def _read(folder: Path) -> LotusChain:
    meta = json.loads((folder / "meta.json").read_text())
    store = open_car(folder / "chain.car.zst")
    source = StoredChain(store)
    tipsets = [source.tipset(TipsetKey(tuple(store.roots)))]
    while tipsets[-1].height > 0:
        tipsets.append(source.tipset(tipsets[-1].parents))
    genesis = tipsets[-1].blocks[0]
    base = LOTUS_ITEST_DAILY_FEES if "DailyFees" in meta["test"] else LOTUS_ITEST
    rows = [(row["Height"], row["Network"]) for row in meta["upgrades"]]
    network = base.with_upgrades(rows).with_genesis(genesis.cid, genesis.timestamp)
    traces = {}
    with (
        (folder / "traces.jsonl.zst").open("rb") as file,
        zstandard.ZstdDecompressor().stream_reader(file) as stream,
    ):
        for line in io.TextIOWrapper(stream):
            entry = json.loads(line)
            for applied in entry["out"]["Trace"] or []:
                del applied["ExecutionTrace"]
            traces[entry["epoch"]] = entry
    return LotusChain(store, source, network, tuple(tipsets), traces)


@pytest.fixture
def lotus_chain(shared, request):
    """Return the chain of the folder that the test names by indirect parametrisation."""
    return _read(shared / "chains" / request.param)
