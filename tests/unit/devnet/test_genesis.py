"""The genesis of a devnet: the same each time, sound, and with all that its people need."""

from dataclasses import replace

import pytest

from papyrus.actors.checks.state import check_state
from papyrus.actors.datacap.state import State as DataCapState
from papyrus.actors.datacap.token import balances_shape
from papyrus.actors.engine import ALL_WASM, ChosenActors, NativeActors
from papyrus.actors.market import state as market
from papyrus.actors.verifreg import state as verifreg
from papyrus.conformance.environment import shared_environment
from papyrus.devnet import genesis as made
from papyrus.devnet.genesis import build_devnet
from papyrus.devnet.people import people_of
from papyrus.devnet.settings import DevnetSettings, devnet_network
from papyrus.genesis.contents import contents_of
from papyrus.genesis.initial_state import TOTAL_SUPPLY
from papyrus.genesis.reading import GenesisState
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import LocalFault
from papyrus.rules.policy import DEVNET_POLICY
from papyrus.vm.state_tree import StateTree

OTHER = "legal winner thank year wave sausage worth useful legal winner thank yellow"

SETTINGS = DevnetSettings(timestamp=1_700_000_000)


def build(settings=SETTINGS, who=None):
    people = who or people_of(accounts=3)
    return build_devnet(settings, people, MemoryBlockstore(), NativeActors(DEVNET_POLICY))


@pytest.fixture(scope="module")
def devnet():
    return build()


@pytest.fixture(scope="module")
def state(devnet):
    return GenesisState.open(devnet.genesis.store, devnet.genesis.cid)


def tree_of(devnet):
    return StateTree(devnet.genesis.store, devnet.genesis.header.parent_state_root)


def actor_at(devnet, address):
    tree = tree_of(devnet)
    return tree.get(tree.resolve(address))


def test_same_settings_are_the_same_genesis(devnet):
    assert build().genesis.cid == devnet.genesis.cid


@pytest.mark.bundle("v18/devnet")
def test_genesis_is_the_same_on_the_released_actors(devnet):
    environment = shared_environment()
    store = MemoryBlockstore()
    wasm = ChosenActors(ALL_WASM, NativeActors(DEVNET_POLICY), environment.engine)
    other = build_devnet(SETTINGS, people_of(accounts=3), environment.over(store), wasm)
    assert other.genesis.cid == devnet.genesis.cid


@pytest.mark.parametrize(
    "changed",
    [
        {"timestamp": 1_700_000_001},
        {"balance": TokenAmount(1)},
        {"sectors": 3},
        {"network_name": "other"},
        {"network_version": 27},
    ],
    ids=str,
)
def test_other_settings_are_another_genesis(devnet, changed):
    assert build(replace(SETTINGS, **changed)).genesis.cid != devnet.genesis.cid


def test_genesis_state_is_sound(devnet):
    header = devnet.genesis.header
    report = check_state(
        devnet.genesis.store, header.parent_state_root, epoch=0, after_cron=False,
        total=TOTAL_SUPPLY,
    )  # fmt: skip
    assert report.findings == ()
    assert report.is_whole


def test_network_names_its_genesis_and_settings():
    devnet = build(replace(SETTINGS, block_time=1, chain_id=7))
    network = devnet.network
    assert network.genesis == devnet.genesis.cid
    assert network.genesis_timestamp == SETTINGS.timestamp
    assert (network.block_delay, network.ethereum_chain_id) == (1, 7)
    assert network.chain_name == "papyrus-devnet"
    assert network.rules_at(0).network_version == 28
    assert network.timestamp_at(10) == SETTINGS.timestamp + 10


def test_every_account_has_its_balance_under_both_addresses(devnet):
    for account in devnet.people.accounts:
        for address in (account.key.address, account.ethereum.address):
            assert actor_at(devnet, address).balance == SETTINGS.balance


def test_everybody_with_a_part_to_play_can_pay_for_it(devnet):
    people = devnet.people
    for key in (people.bls, people.verifier, people.root, people.remainder):
        assert actor_at(devnet, key.address).balance == SETTINGS.balance
    assert actor_at(devnet, people.client.address).balance == SETTINGS.balance
    worker = actor_at(devnet, people.workers[0].address).balance
    assert made.WORKER_BALANCE - TokenAmount.from_fil(1) < worker < made.WORKER_BALANCE


def test_ethereum_accounts_are_what_a_first_payment_makes(devnet, state):
    for address in devnet.people.ethereum_addresses:
        actor = actor_at(devnet, address)
        assert state.names[actor.code] == "placeholder"
        assert (actor.delegated_address, actor.nonce) == (address, 0)


def test_miner_begins_with_simulated_sectors_and_all_power(state):
    contents = contents_of(state)
    (miner,) = contents.miners
    assert (miner.actor_id, miner.sectors, miner.simulated) == (1000, 2, 2)
    assert miner.sector_size == 2048
    assert miner.raw_power == contents.raw_power == 2 * 2048


def test_each_worker_has_a_miner():
    state = build(who=people_of(miners=3)).genesis
    contents = contents_of(GenesisState.open(state.store, state.cid))
    assert [miner.actor_id for miner in contents.miners] == [1000, 1001, 1002]
    assert len({miner.worker for miner in contents.miners}) == 3


def test_verifier_and_client_have_datacap(devnet, state):
    tree = tree_of(devnet)
    verifier, client = (
        Address.from_id(tree.resolve(key.address))
        for key in (devnet.people.verifier, devnet.people.client)
    )
    registry = state.load(6, verifreg.State)
    assert verifreg.VERIFIERS.open(state.store, registry.verifiers).get(verifier) == (
        made.VERIFIER_DATACAP - made.CLIENT_DATACAP
    )
    token = state.load(7, DataCapState).token
    balances = balances_shape(token.bit_width).open(state.store, token.balances)
    assert balances.get(client.id) == made.CLIENT_DATACAP * 10**18


def test_client_has_escrow_in_the_market(devnet, state):
    tree = tree_of(devnet)
    client = Address.from_id(tree.resolve(devnet.people.client.address))
    escrow = market.BALANCES.open(state.store, state.load(5, market.State).escrow_table)
    assert escrow.get(client) == made.MARKET_BALANCE


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"balance": TokenAmount.from_fil(10**9)}, "more than the 500000000 FIL"),
        ({"balance": TokenAmount(-1)}, "less than nothing"),
        ({"sectors": 0}, "begins with one or more"),
        ({"block_time": 0}, "whole seconds, 1 or more"),
        ({"chain_id": 0}, "no chain ID"),
        ({"network_version": 25}, "too old for a new network"),
    ],
    ids=str,
)
def test_settings_that_cannot_be_met_are_refused_in_words(changed, words):
    with pytest.raises(LocalFault, match=words):
        build(replace(SETTINGS, **changed))


def test_network_of_settings_can_be_had_before_the_genesis():
    network = devnet_network(SETTINGS, people_of())
    assert network.genesis is None
    assert build(who=people_of()).network == network.with_genesis(
        build(who=people_of()).genesis.cid, SETTINGS.timestamp
    )


def test_beacon_is_of_the_same_words():
    beacons = {devnet_network(SETTINGS, who).beacons for who in (people_of(), people_of(OTHER))}
    assert len(beacons) == 2
    assert devnet_network(SETTINGS, people_of(miners=2)).beacons in beacons
