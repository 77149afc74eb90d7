"""pylotus-rpc 3.0, the one client in Python with types: it reads, over /rpc/v0.

It leaves `params` out where there are none, and its ids are milliseconds since 1970.
"""

import pytest

from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.types.message import Message

ONE = TokenAmount.parse("1 FIL")
NONE = TokenAmount(0)


@pytest.fixture(scope="module")
def payment(ours, facts):
    """Return where a payment from the eighth account to the ninth was executed."""
    sender, receiver = (
        Address.from_string(facts["accounts"][place]["filecoin"]) for place in (7, 8)
    )
    wish = Message(0, receiver, sender, 0, ONE, 0, NONE, NONE, 0, b"")
    return ours.state_wait_msg(ours.mpool_push_message(wish, None).cid, 0)


@pytest.fixture(scope="module")
def found(python, payment):
    """Return what pylotus-rpc found."""
    return python("pylotus_client.py", str(payment.message))


def test_chain_is_read(found, facts, payment):
    head = found["head"]
    assert head["height"] == payment.height
    assert found["tipset"] == head
    assert found["block"] == head["blocks"][0]
    assert found["genesis"]["cids"] == [{"id": facts["genesis"]}]
    assert found["tipset_by_height"]["height"] == 1
    assert found["weight"] > 0
    assert found["path"] == []


def test_message_and_receipt_are_read(found, payment):
    message = found["message"]
    assert (message["value"], message["nonce"]) == (ONE, 0)
    assert [each["message"] for each in found["parent_messages"]] == [message]
    assert [each["gas_used"] for each in found["parent_receipts"]] == [payment.receipt.gas_used]
    assert found["block_messages"]["cids"] == found["messages_in_tipset"] == []
    assert found["has_obj"] is True


def test_message_is_waited_for_searched_and_replayed(found, payment):
    wait = found["wait"]
    assert wait["message_cid"]["id"] == str(payment.message)
    assert wait["message_receipt"]["exit_code"] == 0
    assert wait["height"] == payment.height
    assert found["search"] == wait
    assert found["replay"]["msg"] == found["message"]
    # It wraps the CID once more than it means to.
    assert found["list_messages"] == [{"/": {"/": str(payment.message)}}]


def test_network_and_its_actors_are_read(found, facts):
    account = facts["accounts"][7]["filecoin"]
    assert found["network_name"] == "papyrus-devnet"
    assert found["network_version"] == 28
    assert found["actor"]["nonce"] == 1
    assert found["lookup_id"] == "t0107"
    assert found["account_key"]["id"] == account
    assert "t0107" in found["list_actors"]
    assert found["read_state"]["state"]["NumApprovalsThreshold"] == 1
    assert found["circulating_supply"] > 0
    assert found["vm_circulating_supply"]["FilCirculating"] > 0


def test_miner_is_read(found, facts):
    assert found["list_miners"] == facts["miners"]
    assert found["miner_info"]["sector_size"] == 2048
    assert found["miner_power"]["has_min_power"] is True
    assert found["miner_sector_count"] == {"Live": 2, "Active": 2, "Faulty": 0}
    assert len(found["miner_deadlines"]) == 48
    assert found["miner_partitions"][0]["live_sectors"] == [0, 1]
    assert found["miner_proving_deadline"]["wpost_proving_period"] == 2880
    assert found["miner_faults"] == []
    assert found["miner_available_balance"] > 0
    assert found["sector_expiration"]["Early"] == 0
    assert found["sector_partition"] == {"Deadline": 0, "Partition": 0}


def test_market_and_datacap_are_read(found):
    assert found["market_balance"]["Escrow"] == TokenAmount.parse("1000 FIL")
    assert [each["id"] for each in found["market_participants"]] == ["t0114"]
    assert found["verifier_status"] > found["verified_client_status"] > 0
    assert found["verified_registry_root_key"] == "t080"
    assert len(found["collateral_bounds"]) == 2


def test_node_alone_answers_of_its_network(found):
    assert found["net_peers"] == []
    assert found["net_addresses"]["peer_id"].startswith("12D3KooW")
    assert found["net_nat"]["reachability"] == 0


@pytest.mark.parametrize("step", ["miner_sectors", "miner_active_sectors", "sector_get_info"])
def test_it_cannot_read_sectors_since_network_version_25(found, step):
    """A limitation of its own: it takes three amounts for present that FIP-0100 left out.

    Lotus, too, writes null for the expected day reward, the expected storage pledge and the
    replaced day reward of a sector made since.
    """
    assert "not 'NoneType'" in found.refusal(step)


def test_it_has_no_way_to_list_deals(found):
    """A limitation of its own, which says so."""
    assert "StateMarketDeals is" in found.refusal("market_deals")


def test_what_lies_at_a_path_is_not_told(found):
    """A limitation of ours: no ChainGetNode. ChainReadObj gives the bytes, as CBOR.

    The client reads the result of an answer without looking for an error first.
    """
    assert found.refusal("node") == "KeyError: 'result'"
    assert found["read_obj"]
