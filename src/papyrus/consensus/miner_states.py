"""A miner's state, as far as consensus reads it, at every network version held (node.md 3.3).

Who the miner is, what it owes, and which sectors it proves. The miner's own record changed over the
versions (its vesting funds moved, FIP-0100 added sums to deadlines), but not the places of what is
read here, and the records behind them are read as the actors read them today.
"""

from dataclasses import dataclass

from papyrus.actors.common.collections import Array
from papyrus.actors.miner.info import MINER_INFO, MinerInfo
from papyrus.actors.miner.partition import PARTITIONS, Partition
from papyrus.actors.miner.sectors import SECTORS, SectorOnChainInfo
from papyrus.consensus.worker_keys import miner_head
from papyrus.ipld.blockstore import Blockstore, get_cbor
from papyrus.ipld.cid import Cid
from papyrus.primitives.amounts import TokenAmount, decode_bigint
from papyrus.primitives.bitfield import BitField
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.vm.state_tree import StateTree

_INFO = 0
_FEE_DEBT = 4
_SECTORS = 9
_DEADLINES = 12

_PARTITIONS = 0
"""The place of the partitions in a deadline."""


@dataclass(frozen=True, slots=True)
class MinerState:
    """One miner in one state."""

    info: MinerInfo
    fee_debt: TokenAmount
    sectors: Cid
    """All its sectors by number."""
    deadlines: tuple[Cid, ...]
    store: Blockstore

    @classmethod
    def of(cls, tree: StateTree, miner: int) -> "MinerState":
        """Return a miner's state.

        LookupError where there is no such miner, LocalFault where its state cannot be read.
        """
        head = miner_head(tree, miner)
        try:
            state = get_cbor(tree.store, head)
            [deadlines] = get_cbor(tree.store, state[_DEADLINES])
            return cls(
                info=MINER_INFO.load(tree.store, state[_INFO]),
                fee_debt=TokenAmount(decode_bigint(state[_FEE_DEBT])),
                sectors=Cid(state[_SECTORS]),
                deadlines=tuple(deadlines),
                store=tree.store,
            )
        except (DecodeError, IndexError, TypeError, ValueError) as error:
            raise LocalFault(f"the state of miner {miner} cannot be read: {error}") from error

    def active_sectors(self) -> BitField:
        """Return the numbers of the sectors that count for power: proven and not faulty."""
        return BitField.union(
            partition.active_sectors
            for root in self.deadlines
            for _, partition in self._partitions(root).items()
        )

    def sector(self, number: int) -> SectorOnChainInfo | None:
        """Return a sector, or None where the miner has none of that number."""
        return SECTORS.open(self.store, self.sectors).get(number)

    def _partitions(self, deadline: Cid) -> Array[Partition]:
        return PARTITIONS.open(self.store, get_cbor(self.store, deadline)[_PARTITIONS])
