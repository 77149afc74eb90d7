"""A market in a test's state, with clients, miners and DataCap, and messages about deals.

The clients' signatures are real, of both kinds of key. Miners are made by the power actor.
"""

from hashlib import sha256

from people import RICH, people, put_people

from papyrus.actors.common.findings import Findings
from papyrus.actors.common.signatures import GivenSignature
from papyrus.actors.cron.state import Entry
from papyrus.actors.cron.state import State as CronState
from papyrus.actors.datacap import state as datacap_state
from papyrus.actors.market import params as methods
from papyrus.actors.market import state as market_state
from papyrus.actors.market.balances import LockReason
from papyrus.actors.market.bounds import MIN_DURATION
from papyrus.actors.market.deals import ClientDealProposal, DealProposal, DealState
from papyrus.actors.market.invariants import check_state_invariants
from papyrus.actors.market.ledger import Ledger
from papyrus.actors.market.params import (
    BatchActivateDealsParams,
    OnMinerSectorsTerminateParams,
    PublishStorageDealsParams,
    PublishStorageDealsReturn,
    SectorDeals,
)
from papyrus.actors.power import state as power_state
from papyrus.actors.power.params import (
    CREATE_MINER,
    ON_EPOCH_TICK_END,
    CreateMinerParams,
    CreateMinerReturn,
)
from papyrus.actors.reward import state as reward_state
from papyrus.actors.singletons import (
    STORAGE_MARKET,
    STORAGE_POWER,
    VERIFIED_REGISTRY,
)
from papyrus.actors.verifreg import params as verifreg
from papyrus.actors.verifreg import state as verifreg_state
from papyrus.ipld.blockstore import load
from papyrus.ipld.cid import FIL_COMMITMENT_UNSEALED, SHA2_256_TRUNC254_PADDED, Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.bitfield import BitField
from papyrus.vm.payloads import encoded

PEOPLE = people(8)
OWNER, WORKER, CLIENT, OTHER_CLIENT, ROOT, VERIFIER, OTHER_OWNER, OTHER_WORKER = PEOPLE
"""Workers sign with BLS keys, as they must; of the clients each has another kind of key."""

BURNT = 99
WINDOW_POST_2KIB = 10
SEAL_2KIB = 5
START = 1000
"""The first epoch of a deal unless told otherwise."""


def put_market(one):
    """Put a market and the actors around it into a state, people with funds, and no miner yet."""
    store = one.base
    put_people(one, PEOPLE)
    power = power_state.empty(store)
    one.put_actor(2, "reward", reward_state.initial(0), balance=RICH)
    ticks = Entry(STORAGE_POWER, ON_EPOCH_TICK_END), Entry(STORAGE_MARKET, methods.CRON_TICK)
    one.put_actor(3, "cron", CronState(ticks))
    one.put_actor(4, "storagepower", power)
    one.put_actor(5, "storagemarket", market_state.empty(store))
    registry = verifreg_state.empty(store, ROOT.address)
    one.put_actor(6, "verifiedregistry", registry)
    one.put_actor(7, "datacap", datacap_state.empty(store, VERIFIED_REGISTRY))
    one.put_account(BURNT, Address.from_id(BURNT))


def put_deals(one, deals, *, schedule=None, allocations=None, pending=None, last_cron=-1):
    """Put a market with these deals into a state: by ID, a stored proposal and its state or None.

    Everyone has just what is locked for them. Pending are all deals that were never settled, unless
    told otherwise.
    """
    ledger = Ledger(one.base, market_state.empty(one.base))
    ledger.next_id = max(deals, default=-1) + 1
    ledger.last_cron = last_cron
    for deal_id, (terms, state) in deals.items():
        ledger.proposals.set(deal_id, terms)
        if state is not None:
            ledger.states.set(deal_id, state)
            if not state.is_slashed:
                ledger.add_sector_deals(terms.provider.id, [(state.sector_number, [deal_id])])
        _fund(ledger.balances, terms, state)
        if deal_id in pending if pending is not None else state is None or not state.ever_updated:
            ledger.pending.add(Cid.of(terms.to_cbor()))
    for epoch, deal_ids in (schedule or {}).items():
        ledger.schedule.add(epoch, deal_ids)
    for deal_id, allocation in (allocations or {}).items():
        ledger.allocations.set(deal_id, allocation)
    state = ledger.close()
    held = ledger.balances.escrow.total()
    one.put_actor(5, "storagemarket", state, balance=held)


def _fund(balances, terms, state):
    unpaid_from = terms.start_epoch
    if state is not None and state.ever_updated:
        unpaid_from = max(unpaid_from, state.last_updated_epoch)
    fee = terms.storage_price_per_epoch * (terms.end_epoch - unpaid_from)
    balances.escrow.add(terms.client, terms.client_collateral + fee)
    balances.escrow.add(terms.provider, terms.provider_collateral)
    balances.lock(
        terms.client,
        {
            LockReason.CLIENT_COLLATERAL: terms.client_collateral,
            LockReason.CLIENT_STORAGE_FEE: fee,
        },
    )
    balances.lock(terms.provider, {LockReason.PROVIDER_COLLATERAL: terms.provider_collateral})


def new_miner(vm, owner=OWNER, worker=WORKER):
    """Have the power actor make a miner, and return its ID."""
    params = CreateMinerParams(owner.address, worker.address, WINDOW_POST_2KIB, b"peer", ())
    answer = vm.ok(owner.id, STORAGE_POWER, CREATE_MINER, params, value=10**21)
    return CreateMinerReturn.from_cbor(answer).id_address.id


def add_balance(vm, owner, amount, sender=OWNER):
    """Put funds into the escrow of an actor, by ID."""
    address = Address.from_id(owner)
    vm.ok(sender.id, STORAGE_MARKET, methods.ADD_BALANCE, address, value=amount)


def give_datacap(vm, client, size):
    """Let a client have some bytes of DataCap."""
    params = verifreg.VerifierParams(VERIFIER.address, size)
    vm.ok(ROOT.id, VERIFIED_REGISTRY, verifreg.ADD_VERIFIER, params)
    params = verifreg.VerifierParams(Address.from_id(client), size)
    vm.ok(VERIFIER.id, VERIFIED_REGISTRY, verifreg.ADD_VERIFIED_CLIENT, params)


def piece(number):
    """Return the CID of a piece."""
    digest = bytearray(sha256(b"piece %d" % number).digest())
    digest[-1] &= 0x3F
    return Cid.of_digest(bytes(digest), FIL_COMMITMENT_UNSEALED, SHA2_256_TRUNC254_PADDED)


def proposal(provider, number=0, by=CLIENT, /, **fields):
    """Return a proposal of a client to a miner, a good one unless told otherwise."""
    start = fields.get("start_epoch", START)
    given = {
        "piece_cid": piece(number),
        "piece_size": 256,
        "verified_deal": False,
        "client": by.key,
        "provider": Address.from_id(provider),
        "label": f"deal {number}",
        "start_epoch": start,
        "end_epoch": start + MIN_DURATION,
        "storage_price_per_epoch": TokenAmount(10),
        "provider_collateral": TokenAmount(200),
        "client_collateral": TokenAmount(100),
    }
    return DealProposal(**{**given, **fields})


def stored(provider, number=0, by=CLIENT, /, **fields):
    """Return a proposal as the market keeps it, with ID addresses."""
    return proposal(provider, number, by, **{"client": by.address, **fields})


def active(sector, since=500, updated=-1, slashed=-1):
    """Return the state of a deal that was activated in a sector at an epoch."""
    return DealState(sector, since, updated, slashed)


def signed(terms, client=CLIENT):
    """Return a proposal with a client's signature."""
    signature = client.sign(terms.to_cbor())
    return ClientDealProposal(terms, GivenSignature(signature.type, signature.data))


def publish(vm, *deals, sender=WORKER):
    """Publish deals and return the outcome."""
    params = PublishStorageDealsParams(deals)
    return vm.send(sender.id, STORAGE_MARKET, methods.PUBLISH_STORAGE_DEALS, params)


def published(vm, *deals, sender=WORKER):
    """Publish deals that must all be valid, and return their IDs."""
    outcome = publish(vm, *deals, sender=sender)
    assert outcome.code == 0, outcome.failure
    answer = PublishStorageDealsReturn.from_cbor(outcome.value)
    assert len(answer.ids) == len(deals)
    return answer.ids


def sector_deals(sector, *deal_ids, expiry=START + 2 * MIN_DURATION, seal_proof=SEAL_2KIB):
    """Return the deals of a sector."""
    return SectorDeals(sector, seal_proof, expiry, deal_ids)


def activate(vm, miner, *sectors, compute_cid=False):
    """Have a miner activate the deals of sectors, and return the outcome."""
    params = BatchActivateDealsParams(sectors, compute_cid)
    return vm.send(miner, STORAGE_MARKET, methods.BATCH_ACTIVATE_DEALS, params)


def terminate(vm, miner, *sectors, epoch):
    """Have a miner end the deals in sectors, and return the outcome."""
    params = OnMinerSectorsTerminateParams(epoch, BitField.from_bits(sectors))
    return vm.send(miner, STORAGE_MARKET, methods.ON_MINER_SECTORS_TERMINATE, params)


def settle(vm, *deal_ids, sender=CLIENT):
    """Have deals settled, and return the outcome."""
    params = encoded(BitField, BitField.from_bits(deal_ids))
    return vm.send(sender.id, STORAGE_MARKET, methods.SETTLE_DEAL_PAYMENTS, params)


# Looking at the state.


def market(one):
    """Return the state of the market."""
    return one.state(5, market_state.State)


def initial_market(one):
    """Return the state of the market as it was put in, before the first message."""
    return market_state.State.from_cbor(load(one.base, one.actors[5].head))


def escrow(vm, owner):
    """Return what an actor has in escrow, and how much of it is locked."""
    state = market(vm.one)
    address = Address.from_id(owner)
    store = vm.one.machine.store
    return tuple(
        int(market_state.BALANCES.open(store, root).get(address) or 0)
        for root in (state.escrow_table, state.locked_table)
    )


def findings_of(one):
    """Return what the invariants find wrong with the market."""
    findings = Findings()
    store = one.machine.store
    check_state_invariants(store, market(one), one.balance(5), one.epoch, findings)
    return findings.sentences
