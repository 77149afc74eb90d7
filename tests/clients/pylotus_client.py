"""pylotus-rpc, over all that it has for a chain that does not change under it: it only reads.

It runs in an environment of its own, so that nothing of Papyrus is at hand:
`python pylotus_client.py DEVNET.json MESSAGE_CID` prints what it found as one JSON document.
"""

import json
import sys
from dataclasses import asdict, is_dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pylotus_rpc.http_json_rpc_connector import HttpJsonRpcConnector
from pylotus_rpc.lotus_client import LotusClient

findings = {}


def step(name, find):
    """Keep what a step finds under its name, or why it could not; return what it found."""
    try:
        value = find()
    except Exception as error:  # noqa: BLE001 - whatever the client does, it is told
        findings[name] = {"error": f"{type(error).__name__}: {error}"}
        return None
    findings[name] = {"value": value}
    return value


def plain(value):
    """Return what JSON cannot hold as something that it can."""
    return asdict(value) if is_dataclass(value) else str(value)


def main():
    """Ask everything, and print what came."""
    devnet = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    message = sys.argv[2]
    url = urlsplit(devnet["rpc"])
    client = LotusClient(HttpJsonRpcConnector(f"http://{url.hostname}:{url.port}/rpc/v0"))
    state, chain, net = client.State, client.Chain, client.Net
    miner = devnet["miners"][0]
    account, other = (devnet["accounts"][place]["filecoin"] for place in (7, 8))

    head = step("head", chain.head)
    step("genesis", chain.get_genesis)
    step("tipset", lambda: chain.get_tip_set(head.get_tip_set_key()))
    step("tipset_by_height", lambda: chain.get_tipset_by_height(1))
    step("block", lambda: chain.get_block(head.cids[0].id))
    step("weight", lambda: chain.tip_set_weight(head.get_tip_set_key()))
    step("path", lambda: chain.get_path(head.get_tip_set_key(), head.get_tip_set_key()))
    step("block_messages", lambda: chain.get_block_messages(head.cids[0].id))
    step("parent_messages", lambda: chain.get_parent_messages(head.cids[0].id))
    step("parent_receipts", lambda: chain.get_parent_receipts(head.cids[0].id))
    step("messages_in_tipset", lambda: chain.get_messages_in_tipset(head.get_tip_set_key()))
    step("message", lambda: chain.get_message(message))
    step("has_obj", lambda: chain.has_obj(message))
    step("read_obj", lambda: chain.read_obj(message))
    step("node", lambda: chain.get_node(f"/ipfs/{message}/0/3"))

    step("network_name", state.network_name)
    step("network_version", state.network_version)
    step("actor", lambda: state.get_actor(account))
    step("lookup_id", lambda: state.lookup_id(account))
    step("account_key", lambda: state.account_key(findings["lookup_id"]["value"]))
    step("read_state", lambda: state.read_state(devnet["rootMultisig"]))
    step("list_actors", state.list_actors)
    step("list_miners", state.list_miners)
    step("miner_info", lambda: state.miner_info(miner))
    step("miner_power", lambda: state.miner_power(miner))
    step("miner_sectors", lambda: state.miner_sectors(miner, [0, 2]))
    step("miner_active_sectors", lambda: state.miner_active_sectors(miner))
    step("miner_sector_count", lambda: state.miner_sector_count(miner))
    step("miner_deadlines", lambda: state.miner_deadlines(miner))
    step("miner_partitions", lambda: state.miner_partitions(miner, 0))
    step("miner_proving_deadline", lambda: state.miner_proving_deadline(miner))
    step("miner_faults", lambda: state.miner_faults(miner))
    step("miner_recoveries", lambda: state.miner_recoveries(miner))
    step("miner_available_balance", lambda: state.miner_available_balance(miner))
    step("sector_get_info", lambda: state.sector_get_info(miner, 0))
    step("sector_expiration", lambda: state.sector_expiration(miner, 0))
    step("sector_partition", lambda: state.sector_partition(miner, 0))
    step("market_balance", lambda: state.market_balance(devnet["client"]))
    step("market_deals", state.market_deals)
    step("market_participants", state.market_participants)
    step("verifier_status", lambda: state.verifier_status(devnet["verifier"]))
    step("verified_client_status", lambda: state.verified_client_status(devnet["client"]))
    step("verified_registry_root_key", state.verified_registry_root_key)
    step("circulating_supply", state.circulating_supply)
    step("vm_circulating_supply", state.vm_circulating_supply_internal)
    step("collateral_bounds", lambda: state.deal_provider_collateral_bounds(2048, is_verified=True))
    step("wait", lambda: state.wait_msg(message, 0))
    step("search", lambda: state.search_message(message))
    step("replay", lambda: state.replay(message))
    step("list_messages", lambda: state.list_messages(other, account, 0))

    step("net_peers", net.peers)
    step("net_addresses", net.addrs_listen)
    step("net_nat", net.auto_nat_status)
    step("net_bandwidth", net.bandwidth_stats)
    print(json.dumps(findings, default=plain))  # noqa: T201 - this is what it is run for


main()
