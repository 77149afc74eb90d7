"""The market's state opened, to be worked on: what a method changes, it changes here.

Collections are opened as they are needed and written back together, by `close`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property

from papyrus.actors.common.collections import Array, KeySet, Map
from papyrus.actors.common.nested_collections import MapOfMaps, SetMultimap
from papyrus.actors.market.balances import Balances, BalanceTable, LockReason
from papyrus.actors.market.deals import DealProposal, DealState
from papyrus.actors.market.params import EX_DEAL_EXPIRED
from papyrus.actors.market.state import (
    BALANCES,
    DEAL_OPS,
    PENDING_ALLOCATIONS,
    PENDING_PROPOSALS,
    PROPOSALS,
    PROVIDER_SECTORS,
    STATES,
    State,
)
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import ActorError, DecodeError
from papyrus.vm.aborts import illegal_state, not_found


class Ledger:
    """The market's deals and funds, to be read and changed."""

    def __init__(self, store: Blockstore, state: State) -> None:
        """Begin with a state; nothing is read yet."""
        self._store = store
        self._state = state
        self.next_id = state.next_id
        self.last_cron = state.last_cron

    @cached_property
    def proposals(self) -> Array[DealProposal]:
        """The deals that are not over."""
        return PROPOSALS.open(self._store, self._state.proposals)

    @cached_property
    def states(self) -> Array[DealState]:
        """What has become of those that were activated."""
        return STATES.open(self._store, self._state.states)

    @cached_property
    def pending(self) -> KeySet[Cid]:
        """The CIDs of proposals that must not be published again."""
        return PENDING_PROPOSALS.open(self._store, self._state.pending_proposals)

    @cached_property
    def balances(self) -> Balances:
        """Everyone's funds."""
        state = self._state
        return Balances(
            BalanceTable(BALANCES.open(self._store, state.escrow_table)),
            BalanceTable(BALANCES.open(self._store, state.locked_table)),
            {
                LockReason.CLIENT_COLLATERAL: state.total_client_locked_collateral,
                LockReason.PROVIDER_COLLATERAL: state.total_provider_locked_collateral,
                LockReason.CLIENT_STORAGE_FEE: state.total_client_storage_fee,
            },
        )

    @cached_property
    def schedule(self) -> SetMultimap[int, int]:
        """The deals that cron is to look at, by epoch."""
        return DEAL_OPS.open(self._store, self._state.deal_ops_by_epoch)

    @cached_property
    def allocations(self) -> Map[int, int]:
        """The allocations of verified deals that are not activated."""
        return PENDING_ALLOCATIONS.open(self._store, self._state.pending_deal_allocation_ids)

    @cached_property
    def sectors(self) -> MapOfMaps[int, int, tuple[int, ...]]:
        """The deals in sectors, by provider and sector number."""
        return PROVIDER_SECTORS.open(self._store, self._state.provider_sectors)

    def close(self) -> State:
        """Write what was opened and return the state as it is then."""
        roots = {
            field: getattr(self, name).flush()
            for name, field in _FIELDS.items()
            if name in self.__dict__
        }
        state = replace(self._state, next_id=self.next_id, last_cron=self.last_cron, **roots)
        if "balances" not in self.__dict__:
            return state
        balances = self.balances
        return replace(
            state,
            escrow_table=balances.escrow.amounts.flush(),
            locked_table=balances.locked.amounts.flush(),
            total_client_locked_collateral=balances.totals[LockReason.CLIENT_COLLATERAL],
            total_provider_locked_collateral=balances.totals[LockReason.PROVIDER_COLLATERAL],
            total_client_storage_fee=balances.totals[LockReason.CLIENT_STORAGE_FEE],
        )

    # Deals.

    def find_proposal(self, deal_id: int) -> DealProposal | None:
        """Return a deal that is not over, or None."""
        try:
            return self.proposals.get(deal_id)
        except (DecodeError, IndexError) as error:
            raise illegal_state(f"failed to load deal proposal {deal_id}: {error}") from error

    def get_proposal(self, deal_id: int) -> DealProposal:
        """Return a deal that is not over; abort as for one that is, or never was."""
        proposal = self.find_proposal(deal_id)
        if proposal is not None:
            return proposal
        if deal_id < self.next_id:
            raise ActorError(EX_DEAL_EXPIRED, f"deal {deal_id} expired")
        raise not_found(f"no such deal {deal_id}")

    def find_state(self, deal_id: int) -> DealState | None:
        """Return what has become of a deal that was activated, or None."""
        try:
            return self.states.get(deal_id)
        except (DecodeError, IndexError) as error:
            raise illegal_state(f"failed to load deal state {deal_id}: {error}") from error

    def new_deal(self, proposal: DealProposal) -> int:
        """Keep a published proposal and return the ID it has from then on."""
        deal_id = self.next_id
        self.next_id += 1
        self.proposals.set(deal_id, proposal)
        return deal_id

    def remove_proposal(self, deal_id: int) -> None:
        """Forget a deal; abort where it is not there."""
        if not self.proposals.delete(deal_id):
            raise illegal_state(f"failed to delete deal {deal_id} proposal: does not exist")

    def remove_completed_deal(self, deal_id: int) -> None:
        """Forget a deal and what had become of it; abort where either is not there."""
        if not self.states.delete(deal_id):
            raise illegal_state("failed to delete deal state: does not exist")
        self.remove_proposal(deal_id)

    # Deals in sectors.

    def add_sector_deals(
        self, provider: int, deals_by_sector: Iterable[tuple[int, Iterable[int]]]
    ) -> None:
        """Note that deals are in sectors of a provider, beside those that are there."""
        sectors = self.sectors.inner(provider)
        for sector, deal_ids in deals_by_sector:
            # Quirk: a sector none of whose deals were activated is noted with no deals.
            sectors.set(sector, tuple(sorted({*deal_ids, *(sectors.get(sector) or ())})))

    def pop_sector_deals(self, provider: int, sector_numbers: Iterable[int]) -> list[int]:
        """Forget which deals are in sectors of a provider, and return them."""
        sectors = self.sectors.inner(provider)
        return [deal_id for sector in sector_numbers for deal_id in sectors.delete(sector) or ()]

    def remove_sector_deals(self, deals: Mapping[int, Mapping[int, Iterable[int]]]) -> None:
        """Forget that deals are in sectors, by provider and sector; some may be forgotten."""
        for provider, by_sector in deals.items():
            sectors = self.sectors.inner(provider)
            for sector, gone in by_sector.items():
                deal_ids = sectors.get(sector)
                if deal_ids is None:
                    continue
                left = tuple(deal_id for deal_id in deal_ids if deal_id not in gone)
                if left:
                    sectors.set(sector, left)
                else:
                    sectors.delete(sector)


_FIELDS = {
    "proposals": "proposals",
    "states": "states",
    "pending": "pending_proposals",
    "schedule": "deal_ops_by_epoch",
    "allocations": "pending_deal_allocation_ids",
    "sectors": "provider_sectors",
}
"""The fields of the state in which the collections are kept."""
