"""Records of actors over JSON-RPC, on chains that Lotus made."""

import json
from base64 import b64encode

import pytest
from state_node import key_of, link, state_node

from papyrus.actors.miner.params.onboarding import PreCommitSectorBatch2Params
from papyrus.chain.messages import tipset_messages
from papyrus.primitives.address import Address
from papyrus.rpc.views.state_at import StateAt
from papyrus.storage.bundle_manifests import pinned

PRE_COMMIT_BATCH_2 = 28
INVOKE = 3844450837


@pytest.fixture(scope="module")
def market(shared):
    """Return a node over a chain with deals."""
    with state_node(shared, "market") as made:
        yield made


@pytest.fixture(scope="module")
def pledge(shared):
    """Return a node over a chain with sectors that hold deals."""
    with state_node(shared, "pledge") as made:
        yield made


@pytest.fixture(scope="module")
def contracts(shared):
    """Return a node over a chain with contracts."""
    with state_node(shared, "fevm-basic") as made:
        yield made


def sectors_with_deals(node):
    """Return (miner, sector, tipset) of the sectors that were announced with deals."""
    return [
        (message.to, sector, tipset)
        for message, tipset in messages(node)
        if message.method == PRE_COMMIT_BATCH_2
        for sector in PreCommitSectorBatch2Params.from_cbor(message.params).sectors
        if sector.deal_ids
    ]


def messages(node):
    """Yield every message with its tipset."""
    for tipset in node.file.tipsets:
        for message in tipset_messages(node.chain.blocks, tipset, node.network):
            yield message.unsigned, tipset


def test_state_is_read_with_the_actor(market):
    told = market.ask("StateReadState", "f01", [])
    state = StateAt.before(market.chain.head, market.chain.blocks, market.network)
    actor = state.actor(Address.from_id(1))
    assert told["Balance"] == str(actor.balance)
    assert told["Code"] == link(actor.code)
    assert told["State"].keys() == {"AddressMap", "NextID", "NetworkName"}
    assert market.refusal("StateReadState", "f0987654", []) == (11, "actor not found")


def test_contract_and_its_call_are_read(contracts):
    found = [
        (message, tipset) for message, tipset in messages(contracts) if message.method == INVOKE
    ]
    message, tipset = found[-1]
    told = contracts.ask("StateReadState", str(message.to), [])["State"]
    assert told["Nonce"] == 1
    assert len(told["BytecodeHash"]) == 32
    assert told["Tombstone"] is None
    params = b64encode(message.params).decode()
    decoded = contracts.ask("StateDecodeParams", str(message.to), INVOKE, params, key_of(tipset))
    assert decoded == b64encode(message.params[1 + (len(message.params) > 24) :]).decode()
    state = StateAt.before(tipset, contracts.chain.blocks, contracts.network)
    code = link(state.actor(message.to).code)
    assert contracts.ask("StateEncodeParams", code, INVOKE, decoded) == params
    assert contracts.ask("StateReadState", "f010", [])["State"] is None


def test_params_of_every_message_of_a_chain_are_read_and_written_back(market):
    count = 0
    for message, tipset in list(messages(market))[::4]:
        state = StateAt.before(tipset, market.chain.blocks, market.network)
        if state.tree.resolve(message.to) is None:
            continue
        params = b64encode(message.params).decode()
        call = (str(message.to), message.method, params, key_of(tipset))
        answer = market_answer(market, call)
        if answer is None:
            continue
        code = link(state.actor(message.to).code)
        again = market.ask("StateEncodeParams", code, message.method, answer)
        if message.method and '"Label": ""' not in json.dumps(answer):
            assert again == params
        count += 1
    assert count > 50


def market_answer(node, call):
    """Return decoded params, None where a message carries garbage, as some here do."""
    try:
        return node.ask("StateDecodeParams", *call)
    except AssertionError as error:
        assert "cannot be read" in str(error) or "metadata not found" in str(error)  # noqa: PT017
        return None


@pytest.mark.bundle("v18/testing-fake-proofs")
def test_data_of_a_sector_with_deals_is_what_was_announced(pledge):
    announced = sectors_with_deals(pledge)
    assert len(announced) > 2
    for miner, sector, tipset in announced:
        ask = ("StateComputeDataCID", str(miner), sector.seal_proof, list(sector.deal_ids))
        told = pledge.ask(*ask, key_of(tipset))
        assert told == link(sector.unsealed_cid)
    assert pledge.ask("StateComputeDataCID", str(miner), 5, [], []) is None
    _, words = pledge.refusal("StateComputeDataCID", str(miner), 5, [987654], [])
    assert words == "receipt for VerifyDealsForActivation had exit code 17"


def test_pledge_of_an_announced_sector(pledge):
    miner, sector, tipset = sectors_with_deals(pledge)[0]
    announced = {
        "SealProof": sector.seal_proof,
        "SectorNumber": sector.sector_number,
        "SealedCID": link(sector.sealed_cid),
        "SealRandEpoch": sector.seal_randomness_epoch,
        "DealIDs": None,
        "Expiration": sector.expiration,
        "UnsealedCid": None,
    }
    ask = ("StateMinerInitialPledgeCollateral", str(miner))
    plain = int(pledge.ask(*ask, announced, key_of(tipset)))
    with_deals = {**announced, "DealIDs": list(sector.deal_ids)}
    assert int(pledge.ask(*ask, with_deals, key_of(tipset))) >= plain > 0
    for wrong, why in (
        ({"DealIDs": [987654]}, "no such deal 987654"),
        ({"DealIDs": list(sector.deal_ids) * 2}, "a deal is named more than once"),
        ({"DealIDs": list(sector.deal_ids), "Expiration": tipset.height + 1}, "it lasts from"),
        ({"Expiration": tipset.height}, "too late"),
        ({"SealProof": 99}, "no sector size is known"),
    ):
        assert why in pledge.refusal(*ask, announced | wrong, key_of(tipset))[1]
    other = next(
        Address.from_id(actor_id)
        for actor_id, actor in StateAt.before(
            tipset, pledge.chain.blocks, pledge.network
        ).tree.items()
        if actor_id not in (0, miner.id)
    )
    words = pledge.refusal(ask[0], str(other), with_deals, key_of(tipset))[1]
    assert "its provider is" in words


def test_sector_numbers_that_were_used(market):
    miner, sector, tipset = next(
        (message.to, sector, tipset)
        for message, tipset in messages(market)
        if message.method == PRE_COMMIT_BATCH_2
        for sector in PreCommitSectorBatch2Params.from_cbor(message.params).sectors
    )
    used = ("StateMinerSectorAllocated", str(miner), sector.sector_number)
    assert market.ask(*used, []) is True
    assert market.ask(*used, key_of(tipset)) is False


def test_manifest_of_a_network_version(market):
    expected = pinned(18, market.network.actors_bundle).manifest
    assert market.ask("StateActorManifestCID", 28) == link(expected)
    assert market.refusal("StateActorManifestCID", 3)[0] == 1


def test_faults_of_all_miners_are_not_answered(market):
    assert "no state says when" in market.refusal("StateAllMinerFaults", 10, [])[1]
