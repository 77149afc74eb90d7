"""Randomness as actors and producers draw it: from tickets and from the beacon (node.md 3.5).

Epochs are looked up on the chain that ends in a tipset; what lies after it is not random yet.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from papyrus.chain.store import ChainStore
from papyrus.consensus.chain import StoredChain
from papyrus.consensus.randomness import beacon_digest, beacon_entry, chain_digest
from papyrus.mining.base_info import BeaconSource
from papyrus.node.clock import Clock
from papyrus.primitives.epochs import ChainEpoch
from papyrus.rpc.declarations import HEAD, READ, Context, method
from papyrus.rpc.errors import ErrorCode, RpcError
from papyrus.rpc.methods.chain import tipset_of
from papyrus.rules.network import Network
from papyrus.types.ticket import BeaconEntry
from papyrus.types.tipset import Tipset, TipsetKey
from papyrus.vm.kernel.random import draw

_SECONDS_BETWEEN_LOOKS = 1.0
_MOST_EPOCHS_AHEAD = 20_000
"""Somebody would wait a week for it."""


class RandomnessNode(Protocol):
    """What the group needs of the node."""

    @property
    def chain(self) -> ChainStore:
        """The chain."""
        ...

    @property
    def network(self) -> Network:
        """The network's rules."""
        ...

    @property
    def beacons(self) -> BeaconSource:
        """Who has the rounds of the beacon."""
        ...

    @property
    def clock(self) -> Clock:
        """Where time comes from."""
        ...


@method("StateGetRandomnessFromTickets", READ)
async def state_get_randomness_from_tickets(
    context: Context[RandomnessNode],
    tag: int,
    epoch: ChainEpoch,
    entropy: bytes,
    key: TipsetKey = HEAD,
) -> bytes:
    """Return what is drawn from the ticket of an epoch for a purpose, with some entropy."""
    return _drawn(await _ticket_digest(context, epoch, key), tag, epoch, entropy)


@method("StateGetRandomnessFromBeacon", READ)
async def state_get_randomness_from_beacon(
    context: Context[RandomnessNode],
    tag: int,
    epoch: ChainEpoch,
    entropy: bytes,
    key: TipsetKey = HEAD,
) -> bytes:
    """Return what is drawn from the beacon entry of an epoch for a purpose, with some entropy."""
    return _drawn(await _beacon_digest(context, epoch, key), tag, epoch, entropy)


@method("StateGetRandomnessDigestFromTickets", READ, versions=(1,))
async def state_get_randomness_digest_from_tickets(
    context: Context[RandomnessNode], epoch: ChainEpoch, key: TipsetKey = HEAD
) -> bytes:
    """Return the digest of the ticket of an epoch, from which everything is drawn."""
    return await _ticket_digest(context, epoch, key)


@method("StateGetRandomnessDigestFromBeacon", READ, versions=(1,))
async def state_get_randomness_digest_from_beacon(
    context: Context[RandomnessNode], epoch: ChainEpoch, key: TipsetKey = HEAD
) -> bytes:
    """Return the digest of the beacon entry of an epoch, from which everything is drawn."""
    return await _beacon_digest(context, epoch, key)


@method("ChainGetRandomnessFromTickets", READ, versions=(0,))
async def chain_get_randomness_from_tickets(
    context: Context[RandomnessNode], key: TipsetKey, tag: int, epoch: ChainEpoch, entropy: bytes
) -> bytes:
    """Return what is drawn from the ticket of an epoch for a purpose, with some entropy."""
    return _drawn(await _ticket_digest(context, epoch, key), tag, epoch, entropy)


@method("ChainGetRandomnessFromBeacon", READ, versions=(0,))
async def chain_get_randomness_from_beacon(
    context: Context[RandomnessNode], key: TipsetKey, tag: int, epoch: ChainEpoch, entropy: bytes
) -> bytes:
    """Return what is drawn from the beacon entry of an epoch for a purpose, with some entropy."""
    return _drawn(await _beacon_digest(context, epoch, key), tag, epoch, entropy)


@method("StateGetBeaconEntry", READ, versions=(1,), waits=True)
async def state_get_beacon_entry(
    context: Context[RandomnessNode], epoch: ChainEpoch
) -> BeaconEntry:
    """Return the beacon entry of an epoch, waiting for it where it is not out yet."""
    return await _entry(context.node, epoch)


@method("BeaconGetEntry", READ, versions=(0,), waits=True)
async def beacon_get_entry(context: Context[RandomnessNode], epoch: ChainEpoch) -> BeaconEntry:
    """Return the beacon entry of an epoch, waiting for it where it is not out yet."""
    return await _entry(context.node, epoch)


async def _entry(node: RandomnessNode, epoch: ChainEpoch) -> BeaconEntry:
    head, network = node.chain.head, node.network
    if epoch <= head.height:
        source = StoredChain(node.chain.blocks)
        with _told("getting beacon entry"):
            return await asyncio.to_thread(beacon_entry, source, head, max(epoch, 0), network)
    if epoch > head.height + _MOST_EPOCHS_AHEAD:
        raise RpcError(
            ErrorCode.GENERIC, f"epoch {epoch} is over {_MOST_EPOCHS_AHEAD} epochs above the head"
        )
    beacon, number = network.beacon_at(epoch), network.beacon_round_at(epoch)
    while True:
        try:
            return await asyncio.to_thread(node.beacons.entry, beacon, number)
        except LookupError:
            # Nobody tells when a round comes out; it is due before the epoch begins.
            due = network.timestamp_at(epoch) - network.block_delay
            soon = node.clock.time() + _SECONDS_BETWEEN_LOOKS
            await node.clock.sleep_until(max(due, soon))


async def _ticket_digest(
    context: Context[RandomnessNode], epoch: ChainEpoch, key: TipsetKey
) -> bytes:
    node = context.node
    base, source = tipset_of(node.chain, key), StoredChain(node.chain.blocks)
    _check_is_past("getting chain randomness", base, epoch)
    with _told("getting chain randomness"):
        return await asyncio.to_thread(chain_digest, source, base, epoch)


async def _beacon_digest(
    context: Context[RandomnessNode], epoch: ChainEpoch, key: TipsetKey
) -> bytes:
    node = context.node
    base, source = tipset_of(node.chain, key), StoredChain(node.chain.blocks)
    _check_is_past("getting beacon randomness", base, epoch)
    with _told("getting beacon randomness"):
        return await asyncio.to_thread(beacon_digest, source, base, epoch, node.network)


def _drawn(digest: bytes, tag: int, epoch: ChainEpoch, entropy: bytes) -> bytes:
    try:
        return draw(digest, tag, epoch, entropy)
    except OverflowError as error:
        raise RpcError(ErrorCode.GENERIC, f"tag {tag} or epoch {epoch} is too large") from error


def _check_is_past(what: str, base: Tipset, epoch: ChainEpoch) -> None:
    if epoch > base.height:
        raise RpcError(ErrorCode.GENERIC, f"{what}: cannot draw randomness from the future")


@contextmanager
def _told(what: str) -> Iterator[None]:
    try:
        yield
    except LookupError as error:
        raise RpcError(ErrorCode.GENERIC, f"{what}: {error}") from error


class StateRandomness:
    """The group, as a server registers and a client has it."""

    state_get_randomness_from_tickets = state_get_randomness_from_tickets
    state_get_randomness_from_beacon = state_get_randomness_from_beacon
    state_get_randomness_digest_from_tickets = state_get_randomness_digest_from_tickets
    state_get_randomness_digest_from_beacon = state_get_randomness_digest_from_beacon
    chain_get_randomness_from_tickets = chain_get_randomness_from_tickets
    chain_get_randomness_from_beacon = chain_get_randomness_from_beacon
    state_get_beacon_entry = state_get_beacon_entry
    beacon_get_entry = beacon_get_entry
