"""Bringing the end of sectors near: SIMULATED, since no message makes a sector's life shorter.

The shortest life of a sector is half a year, so that a test would have to let half a million epochs
pass to see one end. What is changed is what `ExtendSectorExpiration2` would change, by the same
functions; from there on the sector ends as any other.
"""

from collections.abc import Sequence
from dataclasses import replace

from papyrus.actors.miner.deadline import (
    Deadline,
    add_expiration_partitions,
    must_find_partition,
    open_partitions,
)
from papyrus.actors.miner.deadlines import load_deadline, with_deadline
from papyrus.actors.miner.partition import Scope, replace_sectors
from papyrus.actors.miner.placement import deadline_scope, find_sector
from papyrus.actors.miner.sectors import SectorOnChainInfo
from papyrus.actors.miner.state import (
    State,
    load_deadlines,
    load_info,
    with_deadlines,
)
from papyrus.ipld.blockstore import Blockstore
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import ActorError, LocalFault
from papyrus.rules.policy import Policy


def with_expiration(
    store: Blockstore, state: State, policy: Policy, sectors: Sequence[int], expiration: ChainEpoch
) -> State:
    """Return a miner's state in which sectors expire at an epoch, as rounded as any are.

    LocalFault where one is not active, or holds data, whose worth depends on how long it lasts.
    """
    sector_size = load_info(store, state).sector_size
    for number in sectors:
        try:
            deadline_index, partition = find_sector(store, state, number)
            scope = deadline_scope(store, state, policy, deadline_index, sector_size)
            deadlines = load_deadlines(store, state)
            deadline = _with_expiration(
                scope,
                load_deadline(store, deadlines, deadline_index),
                partition,
                scope.sectors.load(BitField.from_bits((number,))),
                expiration,
            )
            deadlines = with_deadline(store, policy, deadlines, deadline_index, deadline)
        except ActorError as error:
            raise LocalFault(
                f"sector {number} is not active, so that it cannot be let expire: {error}"
            ) from error
        state = with_deadlines(store, replace(state, sectors=scope.sectors.flush()), deadlines)
    return state


def _with_expiration(
    scope: Scope,
    deadline: Deadline,
    index: int,
    old: Sequence[SectorOnChainInfo],
    expiration: ChainEpoch,
) -> Deadline:
    """Return a deadline in which sectors of one partition expire at an epoch."""
    for sector in old:
        if sector.deal_weight or sector.verified_deal_weight:
            raise LocalFault(f"sector {sector.sector_number} holds data, which is to last")
    new = [replace(sector, expiration=expiration) for sector in old]
    scope.sectors.put(new)
    partitions = open_partitions(scope.store, deadline)
    partition, _ = replace_sectors(scope, must_find_partition(partitions, index), old, new)
    partitions.set(index, partition)
    deadline = replace(deadline, partitions=partitions.flush())
    return add_expiration_partitions(scope.store, deadline, expiration, [index], scope.quant)
