"""The template that a genesis must have been made from.

A state keeps all that a template says, but for the secrets. What its accounts paid out to their
miners is given back to them: nothing else has been spent at height 0.
"""

from collections.abc import Mapping
from dataclasses import replace

from papyrus.actors.account.state import State as AccountState
from papyrus.actors.init import state as init
from papyrus.actors.market import state as market
from papyrus.actors.market.deals import DealProposal
from papyrus.actors.miner.info import MinerInfo
from papyrus.actors.miner.sectors import SECTORS
from papyrus.actors.miner.state import State as MinerState
from papyrus.actors.multisig.state import State as MultisigState
from papyrus.genesis.initial_state import FIRST_VERIFIER_ID, REMAINDER_ID, ROOT_ID
from papyrus.genesis.reading import GenesisState
from papyrus.genesis.template import (
    FIRST_ACCOUNT_ID,
    FIRST_MINER_ID,
    Account,
    Holder,
    Miner,
    Multisig,
    Sector,
    Template,
)
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import LocalFault


def recover_template(state: GenesisState) -> Template:
    """Return the template of a genesis; LocalFault where it cannot have been made from one."""
    header = state.header
    if header.ticket is None:
        raise LocalFault("the block has no ticket, so it is no genesis of Lotus or Papyrus")
    released = state.release()
    miners = tuple(_miners(state))
    accounts = _accounts(state, _spent(state))
    return _without_signers(
        Template(
            network=released.network.name,
            network_version=released.network_version,
            network_name=state.load(1, init.State).network_name,
            timestamp=header.timestamp,
            ticket=header.ticket.vrf_proof,
            first_verifier=_key_of(state, FIRST_VERIFIER_ID),
            root=_holder(state, ROOT_ID),
            remainder=replace(_holder(state, REMAINDER_ID), balance=ZERO),
            accounts=accounts,
            miners=miners,
            trusts_deals=True,
        )
    )


def _accounts(state: GenesisState, spent: Mapping[Address, TokenAmount]) -> tuple[Holder, ...]:
    """Return who has the IDs below the miners', in their order."""
    found = []
    for actor_id in sorted(state.actors):
        if FIRST_ACCOUNT_ID <= actor_id < FIRST_MINER_ID:
            holder = _holder(state, actor_id)
            if isinstance(holder, Account):
                paid = spent.get(holder.address, ZERO)
                holder = replace(holder, balance=holder.balance + paid)
            found.append(holder)
    return tuple(found)


def _without_signers(template: Template) -> Template:
    """Leave out accounts at the end that are there only because they sign for root or remainder."""
    later = [
        signer
        for holder in (template.root, template.remainder)
        if isinstance(holder, Multisig)
        for signer in holder.signers
    ]
    accounts = list(template.accounts)
    keys = [account for account in accounts if isinstance(account, Account)]
    dropped: list[Address] = []
    while keys and keys[-1].balance == 0 and keys[-1].address in later:
        last = keys.pop()
        accounts.remove(last)
        dropped.insert(0, last.address)
    in_order = [signer for signer in dict.fromkeys(later) if signer in dropped]
    return replace(template, accounts=tuple(accounts)) if in_order == dropped else template


def _spent(state: GenesisState) -> dict[Address, TokenAmount]:
    """Return what each account gave its miners: all that they have, and have in the market."""
    escrow = market.BALANCES.open(state.store, state.load(5, market.State).escrow_table)
    spent: dict[Address, TokenAmount] = {}
    for actor_id, info in _infos(state):
        worker = _key_of(state, info.worker.id)
        held = state.actors[actor_id].balance + (escrow.get(Address.from_id(actor_id)) or ZERO)
        spent[worker] = spent.get(worker, ZERO) + held
    return spent


def _infos(state: GenesisState) -> list[tuple[int, MinerInfo]]:
    found = []
    for actor_id in state.of_type("storageminer"):
        miner = state.load(actor_id, MinerState)
        found.append((actor_id, state.load_record(miner.info, MinerInfo)))
    return found


def _miners(state: GenesisState) -> list[Miner]:
    deals = _deals_by_sector(state)
    escrow = market.BALANCES.open(state.store, state.load(5, market.State).escrow_table)
    found = []
    for place, (actor_id, info) in enumerate(_infos(state)):
        if actor_id != FIRST_MINER_ID + place:
            raise LocalFault(f"miner f0{actor_id} should be f0{FIRST_MINER_ID + place}")
        worker = _key_of(state, info.worker.id)
        sectors = SECTORS.open(state.store, state.load(actor_id, MinerState).sectors)
        clients = set()
        ordered = []
        for number, sector in sectors.items():
            deal_id, deal = deals.get((actor_id, number), (0, None))
            if deal is None or not isinstance(deal.label, str):
                raise LocalFault(f"sector {number} of f0{actor_id} holds no deal with a label")
            clients.add(_key_of(state, deal.client.id))
            ordered.append(
                (deal_id, Sector(number, sector.sealed_cid, deal.piece_cid, deal.label,
                                 sector.seal_proof))
            )  # fmt: skip
        if len(clients) > 1:
            raise LocalFault(f"the sectors of f0{actor_id} hold data of more than one client")
        ordered.sort(key=lambda pair: pair[0])
        found.append(
            Miner(
                owner=worker,
                worker=worker,
                client=clients.pop() if clients else worker,
                peer_id=info.peer_id,
                sector_size=info.sector_size,
                sectors=tuple(sector for _, sector in ordered),
                market_balance=escrow.get(Address.from_id(actor_id)) or ZERO,
            )
        )
    return found


def _deals_by_sector(
    state: GenesisState,
) -> dict[tuple[int, int], tuple[int, DealProposal]]:
    """Return the deal of each miner's sector, by the miner's ID and the sector's number."""
    deals = state.load(5, market.State)
    proposals = market.PROPOSALS.open(state.store, deals.proposals)
    states = market.STATES.open(state.store, deals.states)
    found: dict[tuple[int, int], tuple[int, DealProposal]] = {}
    for deal_id, activated in states.items():
        proposal = proposals.get(deal_id)
        if proposal is not None:
            place = (proposal.provider.id, activated.sector_number)
            if place in found:
                raise LocalFault(f"sector {place[1]} of f0{place[0]} holds more than one deal")
            found[place] = (deal_id, proposal)
    return found


def _holder(state: GenesisState, actor_id: int) -> Holder:
    actor = state.actors.get(actor_id)
    kind = None if actor is None else state.names.get(actor.code)
    if actor is not None and kind == "account":
        return Account(state.load(actor_id, AccountState).address, actor.balance)
    if actor is not None and kind == "multisig":
        multisig = state.load(actor_id, MultisigState)
        return Multisig(
            signers=tuple(_key_of(state, signer.id) for signer in multisig.signers),
            threshold=multisig.approvals_threshold,
            balance=multisig.initial_balance,
            vesting_start=multisig.start_epoch,
            vesting_duration=multisig.unlock_duration,
        )
    raise LocalFault(f"f0{actor_id} is neither an account nor a multisig")


def _key_of(state: GenesisState, actor_id: int) -> Address:
    return state.load(actor_id, AccountState).address
