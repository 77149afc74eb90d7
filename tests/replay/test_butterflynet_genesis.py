"""The genesis of butterflynet, which Lotus built, built again from the template it must have had.

The file lies in Lotus' repository, as build/genesis/butterflynet.car.zst. It is one of several that
butterflynet has had: the one of May 2026, with actors v17.
"""

import os
from pathlib import Path

import pytest
from genesis import build

from papyrus.actors.checks.state import check_state
from papyrus.genesis.build import genesis_blocks
from papyrus.genesis.initial_state import TOTAL_SUPPLY
from papyrus.genesis.reading import GenesisState
from papyrus.genesis.recovery import recover_template
from papyrus.genesis.template_text import read_template, write_template
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.ipld.cid import RAW, Cid
from papyrus.storage.car_files import CarFile, open_car

VARIABLE = "PAPYRUS_BUTTERFLYNET_GENESIS"
GENESIS = Cid.from_string("bafy2bzacebt5wxzyrgizu2uunetxtkc6aom3ult236vviv2nseiwnquu6anha")
STATE_ROOT = Cid.from_string("bafy2bzaceadg6vhazx3meod5irmoh4ucfeq6ej46lay76q2femzhma7i5wdyq")


@pytest.fixture(scope="module")
def butterflynet() -> CarFile:
    """Return the genesis file, or skip and say where to get it."""
    path = os.environ.get(VARIABLE)
    if path is None:
        pytest.skip(f"set {VARIABLE} to Lotus' build/genesis/butterflynet.car.zst of May 2026")
    file = open_car(Path(path))
    if file.roots != (GENESIS,):
        pytest.skip(f"{VARIABLE} is another genesis, {file.roots[0]}: take Lotus' of May 2026")
    return file


@pytest.mark.slow
@pytest.mark.parametrize(
    "choice",
    [
        pytest.param("wasm", marks=pytest.mark.bundle("v17/butterflynet")),
        pytest.param(
            "hybrid:miner=wasm,datacap=wasm,init=wasm",
            marks=pytest.mark.bundle("v17/butterflynet"),
        ),
        "native",
    ],
    ids=["wasm", "hybrid", "native"],
)
def test_butterflynet_genesis_is_rebuilt(butterflynet: CarFile, choice: str) -> None:
    """Every block, in order; the actors' code alone is taken from the file itself."""
    template = recover_template(GenesisState.open(butterflynet, GENESIS))
    rebuilt = build(read_template(write_template(template)), choice)
    assert rebuilt.header.parent_state_root == STATE_ROOT
    assert rebuilt.cid == GENESIS
    blocks = list(butterflynet.blocks())
    code = MemoryBlockstore({cid: data for cid, data in blocks if cid.codec == RAW})
    assert list(genesis_blocks(rebuilt, code)) == blocks


def test_butterflynet_genesis_is_sound(butterflynet: CarFile) -> None:
    report = check_state(butterflynet, STATE_ROOT, epoch=-1, total=TOTAL_SUPPLY)
    assert report.findings == ()
    assert (report.build, report.actors, report.deals) == ("butterflynet", 21, 1440)
