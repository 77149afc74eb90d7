"""A small network's genesis: the same on every engine, sound, and recovered from its state."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from genesis import build, devnet, key, vm_at, worker
from invariants import broken_invariants, total_balance

from papyrus.genesis.build import genesis_blocks
from papyrus.genesis.contents import contents_of
from papyrus.genesis.initial_state import TOTAL_SUPPLY
from papyrus.genesis.reading import GenesisState
from papyrus.genesis.recovery import recover_template
from papyrus.genesis.sectors import simulated_sector
from papyrus.genesis.template import Account, Multisig
from papyrus.ipld.blockstore import MemoryBlockstore, put_cbor
from papyrus.ipld.cid import Cid
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import LocalFault

SUPPORT = Path(__file__).resolve().parents[2] / "support"

ANN, BOB, CAT = (key(name).address for name in ("Ann", "Bob", "Cat"))

FULL_ACCOUNTS = (
    Multisig((ANN, BOB), 2, TokenAmount.from_fil(7), vesting_start=5, vesting_duration=100),
    *devnet().accounts,
    Account(CAT, TokenAmount(3)),
    Multisig((CAT,), 1, TokenAmount(11)),
)

SMALL_MINER = replace(
    devnet().miners[0],
    sector_size=512 << 20,
    sectors=(simulated_sector(0, 0, 512 << 20),),
)


@pytest.fixture(scope="module")
def genesis():
    return build(devnet())


def opened(genesis):
    return GenesisState.open(genesis.store, genesis.cid)


@pytest.mark.bundle("v18/devnet")
@pytest.mark.parametrize("choice", ["wasm", "hybrid:miner=wasm,market=wasm", "hybrid:power=wasm"])
def test_genesis_is_the_same_on_every_engine(genesis, choice):
    assert build(devnet(), choice).cid == genesis.cid


def test_genesis_counts_every_sector_as_proven(genesis):
    contents = contents_of(opened(genesis))
    assert (contents.raw_power, contents.quality_adjusted_power) == (6 * 2048, 60 * 2048)
    assert [miner.raw_power for miner in contents.miners] == [3 * 2048] * 2
    assert [(miner.sectors, miner.simulated) for miner in contents.miners] == [(3, 3)] * 2
    assert [miner.period_start for miner in contents.miners] == [-2222, -2726]
    assert contents.deals == 6
    assert contents.total == TOTAL_SUPPLY


def after_two_windows(genesis, choice):
    """Return the machine after two proving windows in which nobody proved anything."""
    vm = vm_at(genesis, choice)
    for epoch in range(130):
        vm.epoch = epoch
        vm.cron()
    return vm


def test_network_goes_on_from_its_genesis(genesis):
    vm = after_two_windows(genesis, "native")
    assert broken_invariants(vm) == []
    assert total_balance(vm) == TOTAL_SUPPLY
    assert vm.flush() != genesis.header.parent_state_root


@pytest.mark.bundle("v18/devnet")
def test_network_goes_on_alike_on_both_engines(genesis):
    roots = {after_two_windows(genesis, choice).flush() for choice in ("native", "wasm")}
    assert len(roots) == 1


@pytest.mark.parametrize(
    "template",
    [
        devnet(),
        devnet(
            root=Account(key("root").address, TokenAmount(5)),
            remainder=Account(key("rest").address),
            network_version=27,
        ),
        devnet(count=1, sectors=2, root=Multisig((CAT, worker(0).address, BOB), 2)),
        devnet(
            miners=tuple(replace(one, market_balance=TokenAmount(9)) for one in devnet().miners)
        ),
        devnet(count=1, accounts=(*devnet(count=1).accounts, Account(ANN), Account(BOB))),
    ],
    ids=["plain", "accounts", "signers", "market", "empty accounts"],
)
def test_template_is_recovered_from_its_genesis(template):
    genesis = build(template)
    recovered = recover_template(opened(genesis))
    assert replace(recovered, keys=template.keys, trusts_deals=False) == template
    assert build(recovered).cid == genesis.cid


def test_template_recovered_with_other_words_gives_the_same_genesis():
    """Signers are listed before the multisigs that they sign for, which changes no ID."""
    template = devnet(accounts=FULL_ACCOUNTS, remainder=Account(key("rest").address))
    genesis = build(template)
    recovered = recover_template(opened(genesis))
    assert recovered.accounts[:2] == (Account(ANN), Account(BOB))
    assert recovered.accounts[-2:] == (FULL_ACCOUNTS[0], FULL_ACCOUNTS[-1])
    assert build(recovered).cid == genesis.cid


def test_deals_are_signed_by_their_client():
    stranger = replace(devnet().miners[0], client=ANN)
    funded = (*devnet().accounts, Account(ANN))
    template = devnet(miners=(stranger,), accounts=funded)
    with pytest.raises(LocalFault, match=f"the key of {ANN}, whose deals fill sectors"):
        build(template)
    signed = build(replace(template, keys=(key("Ann"),)))
    forged = replace(key("Bob"), address=ANN)
    with pytest.raises(LocalFault, match="failed to authenticate message"):
        build(replace(template, keys=(forged,)))
    assert build(replace(template, trusts_deals=True)).cid == signed.cid


@pytest.mark.parametrize(
    ("template", "reason"),
    [
        (devnet(accounts=(Account(ANN),)), "called by f3"),
        (devnet(accounts=(Account(ANN, TokenAmount.from_fil(10**9)),)), "100000000 FIL more than"),
        (devnet(network="butterflynet", miners=(SMALL_MINER,)), "only 0 of 536870912 bytes of pow"),
    ],
    ids=["no funds", "too much", "little power"],
)
def test_genesis_that_cannot_be_is_refused(template, reason):
    with pytest.raises(LocalFault, match=reason):
        build(template)


def test_blocks_come_in_the_same_order_whatever_the_hash_seed(genesis):
    program = (
        "import hashlib, genesis\n"
        "from papyrus.genesis.build import genesis_blocks\n"
        "from papyrus.ipld.blockstore import MemoryBlockstore\n"
        "made = genesis.build(genesis.devnet())\n"
        "told = hashlib.sha256()\n"
        "for cid, data in genesis_blocks(made, MemoryBlockstore()):\n"
        "    told.update(cid + data)\n"
        "print(told.hexdigest())\n"
    )
    here = hashlib.sha256()
    for cid, data in genesis_blocks(genesis, MemoryBlockstore()):
        here.update(cid + data)
    for seed in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(SUPPORT)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == here.hexdigest()


def test_block_that_is_no_genesis_is_refused(genesis):
    store = MemoryBlockstore()
    later = put_cbor(store, replace(genesis.header, height=1).to_ipld())
    with pytest.raises(LocalFault, match="has height 1, not 0"):
        GenesisState.open(store, later)
    old = put_cbor(store, [4, Cid.of(b""), Cid.of(b"")])
    first = put_cbor(store, replace(genesis.header, parent_state_root=old).to_ipld())
    with pytest.raises(LocalFault, match="version 4: only 5"):
        GenesisState.open(store, first)
