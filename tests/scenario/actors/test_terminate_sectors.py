"""A sector with deals that is given up a month after it was first proven."""

import pytest
from calls import last_call
from contents import deals_in, sector_of
from events import deal_event, events, sector_event
from markets import add_balance, escrow, market, proposal, published, signed
from passage import (
    Committed,
    claimed_power,
    committed,
    end_sectors,
    keep_proving,
    locked,
    prove_sectors,
    put_miner,
)
from sealing import announcement, codes, deal_pieces, pre_commit, prove_commit
from upkeep import (
    CLIENT,
    NOBODY,
    OWNER,
    POLICY,
    SEALING,
    SECTOR_SIZE,
    WORKER,
    give_datacap,
    place,
    sector,
    store_of,
    tick,
    wait,
)

from papyrus.actors.market import params as methods
from papyrus.actors.market.params import WithdrawBalanceParams
from papyrus.actors.market.state import PENDING_PROPOSALS, PROPOSALS
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.upkeep import TerminateSectorsReturn
from papyrus.actors.miner.power import NO_POWER, power_of_sectors
from papyrus.actors.power import params as power
from papyrus.actors.reward import params as reward
from papyrus.actors.singletons import BURNT_FUNDS, REWARD, STORAGE_MARKET, STORAGE_POWER
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.exit_codes import ExitCode
from papyrus.rules.policy import EPOCHS_IN_DAY
from papyrus.vm.payloads import cbor_block

NUMBER = 100
FIL = 10**18
SEND = 0
PRICE = 10**9
"""What each deal pays an epoch."""


@pytest.fixture
def miner(network):
    """Return a miner with collateral at the market, as its clients have."""
    made = put_miner(network)
    for client in (CLIENT, NOBODY):
        add_balance(network, client.id, 3 * FIL, client)
    add_balance(network, made, 64 * FIL)
    give_datacap(network, SECTOR_SIZE)
    return made


def publish(network, miner, start):
    """Publish two verified deals and one that is not, and return them by ID."""
    terms = [
        proposal(
            miner,
            number,
            client,
            piece_size=SECTOR_SIZE // part,
            verified_deal=client is CLIENT,
            start_epoch=start,
            end_epoch=start + days * EPOCHS_IN_DAY,
            storage_price_per_epoch=TokenAmount(PRICE),
            client_collateral=TokenAmount(FIL),
            provider_collateral=TokenAmount(2 * FIL),
        )
        for number, (client, part, days) in enumerate(
            [(CLIENT, 8, 181), (CLIENT, 4, 200), (NOBODY, 2, 210)]
        )
    ]
    clients = CLIENT, CLIENT, NOBODY
    deals = [signed(each, client) for each, client in zip(terms, clients, strict=True)]
    ids = published(network, *deals, sender=WORKER)
    return dict(zip(ids, terms, strict=True))


def still_pending(network, deals):
    """Return the deals that wait for their sector, or for the first look at them."""
    state = market(network.one)
    waiting = PENDING_PROPOSALS.open(store_of(network), state.pending_proposals)
    found = PROPOSALS.open(store_of(network), state.proposals)
    return [each for each in deals if Cid.of(found.get(each).to_cbor()) in waiting]


def withdraw(network, sender, owner, amount):
    """Withdraw from escrow and return the calls that the market makes."""
    params = WithdrawBalanceParams(Address.from_id(owner), TokenAmount(amount))
    network.ok(sender.id, STORAGE_MARKET, methods.WITHDRAW_BALANCE, params)
    return [(call.to, call.method, call.value) for call in last_call(network).calls]


@pytest.mark.slow
def test_a_sector_with_deals_is_given_up(network, miner):
    start = network.one.epoch + SEALING
    deals = publish(network, miner, start)
    tick(network)
    assert [sector_of(network, deal) for deal in deals] == [None] * 3
    pieces = deal_pieces(network, deals)
    expiration = network.one.epoch + 220 * EPOCHS_IN_DAY
    info = announcement(network, miner, NUMBER, pieces, expiration=expiration)
    assert pre_commit(network, miner, info).code == ExitCode.OK
    wait(network, SEALING)
    required = {"require_activation_success": True, "require_notification_success": True}
    assert codes(prove_commit(network, miner, {NUMBER: pieces}, **required)) == [ExitCode.OK]
    assert [sector_of(network, deal) for deal in deals] == [NUMBER] * 3

    prove_sectors(network, miner, [NUMBER])
    held = power_of_sectors(SECTOR_SIZE, [sector(network, miner, NUMBER)])
    assert claimed_power(network, miner) == held
    assert held.quality_adjusted > held.raw == SECTOR_SIZE
    keep_proving(network, miner, NUMBER, network.one.epoch + POLICY.deal_updates_interval)
    assert still_pending(network, deals) == []
    assert claimed_power(network, miner) == held

    index, _ = place(network, miner, NUMBER)
    outcome = end_sectors(network, miner, index, NUMBER)
    assert TerminateSectorsReturn.from_cbor(outcome.value).done
    check_calls(network, held)
    clients = {deal: NOBODY if place == 2 else CLIENT for place, deal in enumerate(deals)}
    assert events(outcome) == [
        *(deal_event("deal-terminated", deal, each.id, miner) for deal, each in clients.items()),
        sector_event(miner, "sector-terminated", NUMBER),
    ]

    assert locked(network, miner) == (0, 0)
    assert claimed_power(network, miner) == NO_POWER
    assert committed(network) == Committed()
    assert deals_in(network, miner) == {}
    found = PROPOSALS.open(store_of(network), market(network.one).proposals)
    assert [(sector_of(network, deal), found.get(deal)) for deal in deals] == [(None, None)] * 3

    # Whoever has the collateral of a client has it back, and pays for the time until now.
    paid = PRICE * (network.one.epoch - start)
    left = 64 * FIL - 3 * 2 * FIL + 3 * paid
    assert escrow(network, CLIENT.id) == (3 * FIL - 2 * paid, 0)
    assert escrow(network, NOBODY.id) == (3 * FIL - paid, 0)
    assert escrow(network, miner) == (left, 0)
    assert withdraw(network, CLIENT, CLIENT.id, 2 * FIL) == [(CLIENT.address, SEND, 2 * FIL)]
    assert withdraw(network, WORKER, miner, 64 * FIL) == [
        (Address.from_id(miner), numbers.CONTROL_ADDRESSES, 0),
        (OWNER.address, SEND, left),
    ]


def check_calls(network, held):
    """Check what the miner did as it gave the sector up."""
    whole = last_call(network)
    assert whole.told == [
        (REWARD, reward.THIS_EPOCH_REWARD),
        (STORAGE_POWER, power.CURRENT_TOTAL_POWER),
        (BURNT_FUNDS, SEND),
        (STORAGE_POWER, power.UPDATE_PLEDGE_TOTAL),
        (STORAGE_MARKET, methods.ON_MINER_SECTORS_TERMINATE),
        (STORAGE_POWER, power.UPDATE_CLAIMED_POWER),
    ]
    _, _, fee, _, ending, claiming = whole.calls
    assert fee.value > 0
    assert [(call.to, call.method, call.value) for call in ending.calls] == [
        (BURNT_FUNDS, SEND, 3 * 2 * FIL)
    ]
    loss = power.UpdateClaimedPowerParams(-held.raw, -held.quality_adjusted)
    assert claiming.params == cbor_block(loss)
