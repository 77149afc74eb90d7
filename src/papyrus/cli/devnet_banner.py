"""What a devnet says of itself when it is up: for people, and for programs."""

from collections.abc import Iterator, Sequence
from typing import Any

from papyrus.crypto.hashing import keccak_256
from papyrus.devnet.devnet import Devnet, Mining
from papyrus.devnet.people import DEFAULT_MNEMONIC
from papyrus.genesis.initial_state import ROOT_ID
from papyrus.node.api_info import environment_line
from papyrus.node.listen_address import ListenAddress
from papyrus.primitives.address import Address
from papyrus.wallet.forms import write_key

_WHEN = {
    Mining.INSTANT: "a tipset as soon as a message waits",
    Mining.INTERVAL: "a tipset every {interval:g} s",
    Mining.MIXED: "a tipset for each message, and every {interval:g} s",
    Mining.MANUAL: "no tipset until Papyrus.MineTipset asks for one",
}


def facts(devnet: Devnet, address: ListenAddress, token: str) -> dict[str, Any]:
    """Return everything a program needs to use the devnet, keys included."""
    people, letter = devnet.people, devnet.node.network.address_prefix
    return {
        "network": devnet.node.network.name,
        "rpc": address.local.url + "/rpc/v1",
        "fullnodeApiInfo": environment_line(address, token),
        "token": token or None,
        "chainId": devnet.node.network.ethereum_chain_id,
        "genesis": str(devnet.node.network.genesis),
        "height": devnet.node.chain.head.height,
        "proofs": "SIMULATED",
        "engine": devnet.node.config.chain.engine,
        "mining": devnet.mining.value,
        "accounts": [
            {
                "filecoin": account.key.address.to_string(letter),
                "delegated": account.ethereum.address.to_string(letter),
                "ethereum": checksummed(account.ethereum.address),
                "filecoinKey": account.key.secret.hex(),
                "ethereumKey": "0x" + account.ethereum.secret.hex(),
            }
            for account in people.accounts
        ],
        "bls": {"address": people.bls.address.to_string(letter), "export": write_key(people.bls)},
        "verifier": people.verifier.address.to_string(letter),
        "client": people.client.address.to_string(letter),
        "rootMultisig": Address.from_id(ROOT_ID).to_string(letter),
        "rootSigner": people.root.address.to_string(letter),
        "miners": [miner.to_string(letter) for miner in devnet.miners],
    }


def devnet_info(devnet: Devnet, found: dict[str, Any], seconds: float) -> dict[str, Any]:
    """Return what `foc-devnet` writes for the tools of Filecoin Onchain Cloud, as far as it is so.

    The contracts and providers of that cloud are not deployed here, so its lists of them are empty:
    tools that only need users and a place to ask can go on, others must deploy theirs first.
    """
    node = devnet.node
    users = [
        {
            "name": f"USER_{place + 1}",
            "evm_addr": account["ethereum"],
            "native_addr": account["delegated"],
            "private_key_hex": account["ethereumKey"],
        }
        for place, account in enumerate(found["accounts"])
    ]
    return {
        "version": 1,
        "info": {
            "run_id": str(node.session),
            "start_time": node.started_at.isoformat(),
            "startup_duration": f"{seconds:.2f}s",
            "users": users,
            "lotus": {"host_rpc_url": found["rpc"]},
            "contracts": {},
            "pdp_sps": [],
        },
    }


def banner(devnet: Devnet, found: dict[str, Any], seconds: float) -> Iterator[str]:
    """Yield the lines that people see."""
    node = devnet.node
    yield ""
    yield f"  Papyrus devnet   {node.agent}, network version 28, {found['engine']} actors"
    yield "  Proofs of storage are SIMULATED; keys and funds here are worth nothing."
    yield ""
    if found["accounts"]:
        yield from _accounts(found["accounts"], devnet.options.balance.to_fil())
    yield f"  BLS account   {found['bls']['address']}"
    yield f"  Verifier      {found['verifier']}"
    yield f"  Client        {found['client']}   with DataCap, and funds in the market"
    yield f"  Root          {found['rootMultisig']}, a multisig of {found['rootSigner']}"
    yield f"  Miners        {', '.join(found['miners'])}   2 KiB sectors"
    yield ""
    if devnet.options.mnemonic == DEFAULT_MNEMONIC:
        yield f"  Mnemonic      {DEFAULT_MNEMONIC}"
    yield f"  Chain ID      {found['chainId']}"
    yield f"  Mining        {_WHEN[devnet.mining].format(interval=devnet.interval)}"
    yield f"  Head          epoch {node.chain.head.height}, {seconds:.1f} s after the command"
    yield f"  JSON-RPC      {found['rpc']}"
    yield f"  Lotus CLI     export FULLNODE_API_INFO={found['fullnodeApiInfo']}"
    yield ""


def _accounts(accounts: Sequence[dict[str, str]], balance: str) -> Iterator[str]:
    yield f"  Accounts, each with {balance} under its t1 and as much under its 0x address"
    for place, account in enumerate(accounts):
        yield f"  ({place}) {account['ethereum']}   {account['filecoin']}"
    yield ""
    yield "  Keys, in the same order"
    for place, account in enumerate(accounts):
        yield f"  ({place}) {account['ethereumKey']}   {account['filecoinKey']}"
    yield ""


def checksummed(address: Address) -> str:
    """Return the 0x form of an address, its letters' case a checksum (EIP-55)."""
    digits = (address.to_ethereum() or b"").hex()
    marks = keccak_256(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if mark in "89abcdef" else digit
        for digit, mark in zip(digits, marks, strict=False)
    )
