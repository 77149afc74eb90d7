"""The two worlds of addresses: what Ethereum calls an actor, and what Filecoin does (FIP-0055).

An f410 address and a 0x address are the same twenty bytes, and an ID has a masked form; both are
told without a look at the chain. An f1, f2 or f3 address has an Ethereum form once the actor has an
ID, so it is looked up in the state of a block, which is said as Ethereum says it.
"""

import re

from papyrus.primitives.address import Address
from papyrus.primitives.epochs import CHAIN_FINALITY, ChainEpoch
from papyrus.primitives.sentences import sentence
from papyrus.rpc.declarations import READ, Context, method
from papyrus.rpc.errors import ErrorCode, RpcError
from papyrus.rpc.methods.chain import Chain
from papyrus.rpc.methods.looking import StateNode, look
from papyrus.rpc.views import actors
from papyrus.types.tipset import Tipset

_ETHEREUM = re.compile("0x[0-9a-fA-F]{40}")

_SAFE_DEPTH = 30
"""Epochs between the head and the block that Ethereum clients are told is safe."""


@method("EthAddressToFilecoinAddress", READ, versions=(1,))
async def eth_address_to_filecoin_address(_context: Context[object], address: str) -> Address:
    """Return the Filecoin form of an Ethereum address: f410, or an ID where it is a masked one."""
    if not _ETHEREUM.fullmatch(address):
        raise RpcError(
            ErrorCode.INVALID_PARAMETERS,
            f"{address[:80]!r} is no Ethereum address: 0x and 40 hexadecimal digits",
        )
    return Address.from_ethereum(bytes.fromhex(address[2:]))


@method("FilecoinAddressToEthAddress", READ, versions=(1,))
async def filecoin_address_to_eth_address(
    context: Context[StateNode], address: Address, block: str = "finalized"
) -> str:
    """Return the Ethereum form of an address.

    `block` says in which state an address without one is looked up: a number, or latest, safe,
    finalized or pending.
    """
    found = address.to_ethereum()
    if found is None:
        tipset = _tipset_of_block(context.node.chain, block)
        identity = await look(context, tipset.key, actors.id_address, address)
        found = identity.to_ethereum()
    if found is None:
        raise RpcError(ErrorCode.GENERIC, sentence("{} has no Ethereum form", address))
    return "0x" + found.hex()


def _tipset_of_block(chain: Chain, block: str) -> Tipset:
    head = chain.head
    match block:
        case "pending":
            return head
        case "latest":
            return chain.tipset(head.parents) if head.parents.cids else head
        case "safe":
            return chain.tipset_at(max(0, head.height - _SAFE_DEPTH))
        case "finalized":
            return chain.tipset_at(max(0, head.height - CHAIN_FINALITY))
    height = _number(block)
    if not 0 <= height < head.height:
        raise RpcError(ErrorCode.GENERIC, "requested a future epoch (beyond 'latest')")
    return chain.tipset_at(height)


def _number(block: str) -> ChainEpoch:
    try:
        return ChainEpoch(int(block, 16 if block.startswith("0x") else 10))
    except ValueError:
        raise RpcError(
            ErrorCode.INVALID_PARAMETERS,
            f"{block[:80]!r} is no block: a number, or latest, safe, finalized or pending",
        ) from None


class EthAddressMethods:
    """The group, as a server registers and a client has it."""

    eth_address_to_filecoin_address = eth_address_to_filecoin_address
    filecoin_address_to_eth_address = filecoin_address_to_eth_address
