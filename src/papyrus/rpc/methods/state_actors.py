"""Actors, addresses and the network itself: the State methods that every client begins with."""

import asyncio

from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.rpc.declarations import HEAD, READ, Context, method
from papyrus.rpc.methods.chain import tipset_of
from papyrus.rpc.methods.looking import StateNode, look, state_at
from papyrus.rpc.views import actors, market, network, power
from papyrus.rpc.views.actors import ActorView
from papyrus.rpc.views.network import NetworkParameters
from papyrus.rules.actor_codes import actor_codes
from papyrus.rules.versions import rules_for
from papyrus.types.tipset import TipsetKey


@method("StateGetActor", READ)
async def state_get_actor(
    context: Context[StateNode], address: Address, key: TipsetKey = HEAD
) -> ActorView:
    """Return the actor at an address: its code, state, nonce and balance."""
    return await look(context, key, actors.actor, address)


@method("StateLookupID", READ)
async def state_lookup_id(
    context: Context[StateNode], address: Address, key: TipsetKey = HEAD
) -> Address:
    """Return the ID address of an address."""
    return await look(context, key, actors.id_address, address)


@method("StateAccountKey", READ)
async def state_account_key(
    context: Context[StateNode], address: Address, key: TipsetKey = HEAD
) -> Address:
    """Return the address with the key that an account signs with."""
    return await look(context, key, actors.key_address, address)


@method("StateLookupRobustAddress", READ, versions=(1,))
async def state_lookup_robust_address(
    context: Context[StateNode], address: Address, key: TipsetKey = HEAD
) -> Address:
    """Return an address of an ID that a reorganisation leaves as it is."""
    return await look(context, key, actors.robust_address, address)


@method("StateListActors", READ)
async def state_list_actors(context: Context[StateNode], key: TipsetKey = HEAD) -> list[Address]:
    """Return the ID address of every actor."""
    return await look(context, key, actors.list_actors)


@method("StateChangedActors", READ)
async def state_changed_actors(
    context: Context[StateNode], old: Cid, new: Cid
) -> dict[str, ActorView]:
    """Return the actors of one state root that are not so under another."""
    node = context.node
    letter = node.network.address_prefix
    return await asyncio.to_thread(actors.changed_actors, node.chain.blocks, old, new, letter)


@method("StateNetworkName", READ)
async def state_network_name(context: Context[StateNode]) -> str:
    """Return the name by which the network's nodes find each other."""
    return await look(context, HEAD, network.network_name)


@method("StateNetworkVersion", READ)
async def state_network_version(context: Context[StateNode], key: TipsetKey = HEAD) -> int:
    """Return the network version at a tipset."""
    node = context.node
    return node.network.schedule.version_at(tipset_of(node.chain, key).height)


@method("StateGetNetworkParams", READ)
async def state_get_network_params(context: Context[StateNode]) -> NetworkParameters:
    """Return the constants of the network."""
    name = await look(context, HEAD, network.network_name)
    return network.network_parameters(context.node.network, name)


@method("StateActorCodeCIDs", READ)
async def state_actor_code_cids(
    context: Context[StateNode], network_version: int
) -> dict[str, Cid]:
    """Return the code of each built-in actor by its name, at a network version."""
    return _codes(context, network_version)


@method("StateVMCirculatingSupplyInternal", READ)
async def state_vm_circulating_supply_internal(
    context: Context[StateNode], key: TipsetKey = HEAD
) -> power.SupplyView:
    """Return the circulating supply that the machine tells actors, and its parts."""
    return await look(context, key, power.supply)


@method("StateCirculatingSupply", READ)
async def state_circulating_supply(
    context: Context[StateNode], key: TipsetKey = HEAD
) -> TokenAmount:
    """Return what circulates by a count over all actors."""
    return await look(context, key, network.circulating_supply)


@method("StateMarketParticipants", READ)
async def state_market_participants(
    context: Context[StateNode], key: TipsetKey = HEAD
) -> dict[str, market.MarketBalance]:
    """Return what everybody has in the market, by ID address."""
    letter = context.node.network.address_prefix
    return await look(context, key, market.participants, letter)


def _codes(context: Context[StateNode], network_version: int) -> dict[str, Cid]:
    node = context.node
    asked = rules_for(network_version)
    if asked is node.network.rules_at(node.chain.head.height):
        # What runs is what the state says, whatever build of the actors that is.
        return actors.code_cids(state_at(node, HEAD))
    return actor_codes(asked.actors_version, node.network.actors_bundle)


class StateActors:
    """The group, as a server registers and a client has it."""

    state_get_actor = state_get_actor
    state_lookup_id = state_lookup_id
    state_account_key = state_account_key
    state_lookup_robust_address = state_lookup_robust_address
    state_list_actors = state_list_actors
    state_changed_actors = state_changed_actors
    state_network_name = state_network_name
    state_network_version = state_network_version
    state_get_network_params = state_get_network_params
    state_actor_code_cids = state_actor_code_cids
    state_vm_circulating_supply_internal = state_vm_circulating_supply_internal
    state_circulating_supply = state_circulating_supply
    state_market_participants = state_market_participants
