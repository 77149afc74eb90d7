"""A whole state tree is checked: one thing is changed in a sound one, and a sentence names it."""

from dataclasses import replace
from random import Random

import pytest
from genesis import worker
from whole_states import MINER, WholeState

from papyrus.actors.checks.state import SHARES, Finding, check_state, state_codes
from papyrus.actors.common.collections import UNSIGNED_KEY, MapShape
from papyrus.actors.cron.state import State as CronState
from papyrus.actors.datacap.state import State as DatacapState
from papyrus.actors.init.state import ADDRESSES
from papyrus.actors.init.state import State as InitState
from papyrus.actors.market.state import PENDING_ALLOCATIONS, PROPOSALS, PROVIDER_SECTORS, STATES
from papyrus.actors.market.state import State as MarketState
from papyrus.actors.miner.params.proving import CronEventPayload
from papyrus.actors.miner.sectors import SECTORS
from papyrus.actors.miner.state import State as MinerState
from papyrus.actors.multisig.state import State as MultisigState
from papyrus.actors.paych.state import LANES
from papyrus.actors.paych.state import State as ChannelState
from papyrus.actors.power.state import CLAIMS as POWER_CLAIMS
from papyrus.actors.power.state import CRON_QUEUE, CronEvent
from papyrus.actors.power.state import State as PowerState
from papyrus.actors.reward.state import State as RewardState
from papyrus.actors.system.state import ActorEntry, Registry
from papyrus.actors.system.state import State as SystemState
from papyrus.actors.verifreg.state import ALLOCATIONS, CLAIMS, VERIFIERS, Allocation
from papyrus.actors.verifreg.state import State as RegistryState
from papyrus.genesis.initial_state import TOTAL_SUPPLY
from papyrus.ipld import dag_cbor
from papyrus.ipld.blockstore import put_cbor
from papyrus.ipld.cid import Cid
from papyrus.ipld.hamt import Hamt
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.rules.policy import policy_of
from papyrus.types.actor import EMPTY_STATE, StateRoot

MINER_ADDRESS = Address.from_id(MINER)
ACCOUNT = 100
MIB = 1 << 20
HALF_A_YEAR = 180 * 2880


@pytest.fixture
def whole():
    return WholeState()


def test_a_sound_state_is_summed_up(whole):
    report = whole.report(total=TOTAL_SUPPLY)
    assert report.findings == ()
    assert (report.epoch, report.build, report.is_whole) == (-1, "devnet", True)
    assert report.actors == sum(report.by_name.values()) == len(whole.actors)
    assert report.by_name["storageminer"] == 1
    assert report.balance == TOTAL_SUPPLY
    assert report.totals.active_power.raw == 2 * 2048
    assert (report.deals, report.allocations, report.claims) == (2, 0, 2)


def test_progress_is_told_with_every_actor(whole):
    told = []
    whole.report(progress=lambda shares, actors: told.append((shares, actors)))
    assert [actors for _, actors in told][-1] == len(whole.actors)
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] < SHARES


def test_a_check_ends_when_too_much_is_wrong(whole):
    for actor_id in (0, 1, 2):
        whole.change_actor(actor_id, balance=TokenAmount(-1))
    report = whole.report(limit=2)
    assert [finding.actor_id for finding in report.findings] == [0, 1]
    assert not report.is_whole
    whole.change(MINER, MinerState, fee_debt=TokenAmount(-1))
    assert not whole.report(limit=4).is_whole


def test_a_finding_says_where_it_is():
    assert str(Finding(1000, "storageminer", "it is so")) == "f01000 (storageminer): it is so"
    assert str(Finding(None, "", "it is so")) == "it is so"


# Each damage is done to a sound state, and the sentence is one of those that tell of it.


def edit_claims(whole, edit):
    whole.edit(4, PowerState, "claims", POWER_CLAIMS, edit)


def with_claim(**fields):
    def damage(whole):
        edit_claims(
            whole,
            lambda claims: claims.set(MINER_ADDRESS, replace(claims.get(MINER_ADDRESS), **fields)),
        )

    return damage


def with_events(*events):
    """Have the first miner woken with these payloads, from epoch 5 on."""

    def damage(whole):
        queue = CRON_QUEUE.open(whole.store, None)
        for epoch, payload in enumerate(events, 5):
            queue.append(epoch, CronEvent(MINER_ADDRESS, payload))
        whole.change(4, PowerState, cron_event_queue=queue.flush())

    return damage


DEADLINE, TERMINATIONS = (CronEventPayload(kind).to_cbor() for kind in (1, 2))


def with_verified_claim(**fields):
    """Change the registry's claim on the first miner's first sector."""

    def damage(whole):
        def edit(claims):
            number = next(
                number for number, claim in claims.inner(MINER).items() if claim.sector == 0
            )
            claims.set(MINER, number, replace(claims.get(MINER, number), **fields))

        whole.edit(6, RegistryState, "claims", CLAIMS, edit)

    return damage


def of_another(whole):
    """Move the first miner's claims to one who is no miner."""

    def edit(claims):
        claim = next(claim for _, claim in claims.inner(MINER).items())
        claims.set(ACCOUNT, 1, replace(claim, provider=ACCOUNT))

    whole.edit(6, RegistryState, "claims", CLAIMS, edit)


def with_sector(**fields):
    def damage(whole):
        whole.edit(
            MINER,
            MinerState,
            "sectors",
            SECTORS,
            lambda sectors: sectors.set(0, replace(sectors.get(0), **fields)),
        )

    return damage


def without_sector(whole):
    whole.edit(MINER, MinerState, "sectors", SECTORS, lambda sectors: sectors.delete(0))


def first_deal(whole):
    """Return the ID of a deal of the first miner."""
    deals = PROPOSALS.open(whole.store, whole.state(5, MarketState).proposals)
    return next(number for number, deal in deals.items() if deal.provider == MINER_ADDRESS)


def with_deal(**fields):
    def damage(whole):
        number = first_deal(whole)
        whole.edit(
            5,
            MarketState,
            "proposals",
            PROPOSALS,
            lambda deals: deals.set(number, replace(deals.get(number), **fields)),
        )

    return damage


def with_allocation(**fields):
    """Let the first miner's first deal wait for an allocation that is not quite its own."""

    def damage(whole):
        number = first_deal(whole)
        deal = PROPOSALS.open(whole.store, whole.state(5, MarketState).proposals).get(number)
        size, client = 256, deal.client.id
        allocation = Allocation(client, MINER, deal.piece_cid, size, HALF_A_YEAR, HALF_A_YEAR, 1)
        whole.edit(
            5, MarketState, "pending_deal_allocation_ids", PENDING_ALLOCATIONS,
            lambda waiting: waiting.set(number, 99),
        )  # fmt: skip
        whole.edit(
            6, RegistryState, "allocations", ALLOCATIONS,
            lambda made: made.set(client, 99, replace(allocation, **fields)),
        )  # fmt: skip

    return damage


def with_unknown_allocation(whole):
    whole.edit(
        5, MarketState, "pending_deal_allocation_ids", PENDING_ALLOCATIONS,
        lambda waiting: waiting.set(first_deal(whole), 99),
    )  # fmt: skip


def with_token_holder(whole):
    whole.edit(
        6, RegistryState, "verifiers", VERIFIERS,
        lambda verifiers: verifiers.set(Address.from_id(ACCOUNT), 5),
    )  # fmt: skip
    token = whole.state(7, DatacapState).token
    balances = MapShape(UNSIGNED_KEY, TokenAmount, token.bit_width).open(
        whole.store, token.balances
    )
    balances.set(ACCOUNT, TokenAmount.from_fil(1))
    whole.change(7, DatacapState, token=replace(token, balances=balances.flush()))


def with_channel(whole):
    whole.put(
        200,
        "paymentchannel",
        ChannelState(
            Address.from_id(ACCOUNT), Address.from_id(101), TokenAmount(6), 0, 0,
            LANES.empty_root(whole.store),
        ),
        balance=5,
    )  # fmt: skip


def forgotten(whole):
    whole.edit(
        1, InitState, "address_map", ADDRESSES, lambda known: known.delete(worker(0).address)
    )


def changed(actor_id, kind, **fields):
    return lambda whole: whole.change(actor_id, kind, **fields)


def with_actor(actor_id, **fields):
    return lambda whole: whole.change_actor(actor_id, **fields)


def put(actor_id, name, *state, **fields):
    return lambda whole: whole.put(actor_id, name, *state, **fields)


def with_cron_entry(**fields):
    def damage(whole):
        entries = whole.state(3, CronState).entries
        whole.change(3, CronState, entries=(replace(entries[0], **fields), *entries[1:]))

    return damage


STRANGER = Address.from_string("f1abjxfbp274xpdqcpuaykwkfb43omjotacm2p3za")
CODE = Cid.of(b"code")

DAMAGES = {
    "init gave fewer IDs": (
        changed(1, InitState, next_id=MINER),
        "f01000 (storageminer): has an ID that is not given yet: the next is 1000",
    ),
    "init has no name": (
        changed(1, InitState, network_name=""),
        "f01 (init): network name is empty",
    ),
    "init forgot a key": (
        forgotten,
        f"f0100 (account): address {worker(0).address} is known to init as that of nobody",
    ),
    "an account is someone else's": (
        lambda whole: whole.change_actor(102, head=whole.actors[101].head),
        "is known to init as that of f0101",
    ),
    "an account has no key": (
        lambda whole: whole.change_actor(
            102, head=put_cbor(whole.store, [bytes(Address.actor(b"x"))])
        ),
        "must be BLS or SECP256K1 protocol",
    ),
    "a contract's address is unknown": (
        put(900, "evm", CODE, delegated=Address.from_ethereum(bytes(19) + b"\1")),
        "is known to init as that of nobody",
    ),
    "a contract has no address": (
        put(900, "evm", CODE),
        "f0900 (evm): a contract without a delegated address",
    ),
    "cron calls a key": (
        with_cron_entry(receiver=STRANGER),
        f"f03 (cron): entry 0 receiver address {STRANGER} must be ID protocol",
    ),
    "cron calls no method": (
        with_cron_entry(method_number=0),
        "f03 (cron): entry 0 has invalid method number 0",
    ),
    "the reward was given twice": (
        with_actor(2, balance=ZERO),
        "f02 (reward): reward given 0 + reward left 0 < storage mining allocation",
    ),
    "realised more than the baseline": (
        changed(2, RewardState, cumulative_realized=2, cumulative_baseline=1),
        "f02 (reward): cumsum realized 2 > cumsum baseline 1",
    ),
    "power was summed wrongly": (
        changed(4, PowerState, total_raw_byte_power=1),
        "f04 (storagepower): recorded raw power 1 does not match that of claims 4096",
    ),
    "a claim is too small": (
        with_claim(raw_byte_power=1),
        "does not match claim PowerPair(raw=1, quality_adjusted=40960)",
    ),
    "a claim is for another proof": (
        with_claim(window_post_proof_type=11),
        "f01000 (storageminer): Window PoSt proof type 10 does not match that of the claim 11",
    ),
    "a claim is gone": (
        lambda whole: edit_claims(whole, lambda claims: claims.delete(MINER_ADDRESS)),
        "f01000 (storageminer): miner has no power claim",
    ),
    "a miner is not woken": (
        with_events(),
        "f01000 (storageminer): deadline cron is active, but no cron event is registered for it",
    ),
    "a miner is woken that sleeps": (
        changed(MINER, MinerState, deadline_cron_active=False),
        "f01000 (storageminer): deadline cron is not active, but a cron event is registered",
    ),
    "a miner is woken twice": (
        with_events(DEADLINE, DEADLINE),
        "f01000 (storageminer): duplicate proving period crons at epochs 5, 6",
    ),
    "a miner is woken with noise": (
        with_events(DEADLINE, TERMINATIONS, b"noise"),
        "f01000 (storageminer): registered cron at epoch 7 with wrong or corrupt payload",
    ),
    "a miner is woken for nothing": (
        with_events(DEADLINE, CronEventPayload(3).to_cbor()),
        "f01000 (storageminer): unexpected cron event type 3",
    ),
    "power missed an epoch": (
        changed(4, PowerState, first_cron_epoch=-3),
        "power saw cron last at -4, not at -1",
    ),
    "the market missed an epoch": (
        changed(5, MarketState, last_cron=-3),
        "market saw cron last at -3, not at -1",
    ),
    "the market locked too much": (
        changed(5, MarketState, total_client_storage_fee=TokenAmount(7)),
        "f05 (storagemarket): locked total, ",
    ),
    "a deal is with no miner": (
        with_deal(provider=Address.from_id(ACCOUNT)),
        "f05 (storagemarket): provider f0100 of deals not found among miners",
    ),
    "a deal is with nobody": (
        with_deal(provider=Address.from_id(77)),
        "f05 (storagemarket): provider f077 of deals not found among miners",
    ),
    "a deal is in no sector": (
        lambda whole: whole.edit(
            5, MarketState, "provider_sectors", PROVIDER_SECTORS,
            lambda sectors: sectors.delete(MINER, 0),
        ),
        "not found in provider sector deals",
    ),
    "a deal is in a sector that is gone": (
        without_sector,
        "f01000 (storageminer): deal 0 goes on in sector 0, which is not there",
    ),
    "a deal's state has no deal": (
        lambda whole: whole.edit(
            5, MarketState, "states", STATES, lambda states: states.set(70, states.get(0))
        ),
        "f05 (storagemarket): no deal proposal for deal state 70",
    ),
    "a deal waits for no allocation": (
        with_unknown_allocation,
        "deal 0 with allocation 99: no such allocation of client f0",
    ),
    "a deal waits for another's allocation": (
        with_allocation(provider=ACCOUNT),
        "deal 0 with allocation 99: mismatched providers 1000 and 100",
    ),
    "a deal waits for another piece": (
        with_allocation(data=CODE),
        "deal 0 with allocation 99: mismatched pieces ",
    ),
    "an allocation has no DataCap": (
        with_allocation(),
        "verifreg datacap balance 0 does not match pending allocation size 256",
    ),
    "a verifier has DataCap": (
        with_token_holder,
        "f06 (verifiedregistry): verifier f0100 is also a datacap token holder",
    ),
    "DataCap came of nothing": (
        with_token_holder,
        "f07 (datacap): the total supply 0 does not match the sum of all balances",
    ),
    "a claim is no miner's": (
        of_another,
        "f06 (verifiedregistry): claim provider f0100 not found among miners",
    ),
    "a claim is too large": (
        with_verified_claim(size=4096),
        "f01000 (storageminer): sector 0: verified space 2048 does not match claims of 4096",
    ),
    "a claim is older than its sector": (
        with_verified_claim(term_start=-1),
        "sector start 0 is after claim term start -1",
    ),
    "a claim outlives its sector": (
        with_verified_claim(term_min=5_000_000, term_max=6_000_000),
        "is before claim min term 5000000",
    ),
    "a sector's weight is odd": (
        with_sector(verified_deal_weight=2048 * 3 + 1),
        "f01000 (storageminer): sector 0: verified weight 6145 is of no whole space for ",
    ),
    "a sector has no epoch": (
        with_sector(power_base_epoch=9_000_000),
        "f01000 (storageminer): power base epoch is not before the sector expiration 0",
    ),
    "a miner owes less than nothing": (
        changed(MINER, MinerState, fee_debt=TokenAmount(-1)),
        "f01000 (storageminer): miner fee debt is less than zero: -1",
    ),
    "a miner cannot cover its pledge": (
        with_actor(MINER, balance=TokenAmount(1)),
        "f01000 (storageminer): miner balance 1 is less than sum of locked funds",
    ),
    "a multisig has too few signers": (
        changed(80, MultisigState, approvals_threshold=2),
        "f080 (multisig): multisig has insufficient signers to meet threshold (1 < 2)",
    ),
    "a channel owes more than it has": (
        with_channel,
        "f0200 (paymentchannel): channel has insufficient funds to send (5 < 6)",
    ),
    "a placeholder keeps a state": (
        lambda whole: whole.put(
            200, "placeholder", CODE, delegated=whole.actors[1001].delegated_address
        ),
        "f0200 (placeholder): it keeps a state: ",
    ),
    "a miner has no state": (
        with_actor(MINER, head=EMPTY_STATE),
        "f01000 (storageminer): has no state",
    ),
    "a state is another actor's": (
        lambda whole: whole.change_actor(MINER, head=whole.actors[1].head),
        "f01000 (storageminer): its state cannot be read: ",
    ),
    "a block is missing": (
        with_actor(80, head=CODE),
        f"f080 (multisig): its state cannot be read: block {CODE} is missing from the store",
    ),
    "a code is nobody's": (
        with_actor(102, code=CODE),
        f"f0102 ({CODE}): unexpected actor code {CODE}",
    ),
    "a balance is negative": (
        with_actor(102, balance=TokenAmount(-1)),
        "f0102 (account): balance is negative: -1",
    ),
    "a singleton is another's": (
        lambda whole: whole.change_actor(10, code=whole.codes["account"]),
        "f010 (account): is not the eam actor",
    ),
    "a singleton is there twice": (
        lambda whole: whole.put(200, "cron", whole.actors[3].head),
        "f0200 (cron): is another cron actor than the network's one",
    ),
    "a singleton is gone": (
        lambda whole: whole.actors.pop(7),
        "f07 (datacap): there is no such actor",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("damage", "sentence"), DAMAGES.values(), ids=DAMAGES)
def test_damage_is_told(whole, damage, sentence):
    damage(whole)
    wrong = whole.wrong()
    assert any(sentence in told for told in wrong), wrong


def test_every_actor_with_fields_has_a_damage(whole):
    told = " ".join(sentence for _, sentence in DAMAGES.values())
    stateless = {"system", "eam", "ethaccount"}
    assert [name for name in whole.codes if f"({name})" not in told and name not in stateless] == []


def test_what_only_a_wider_rule_lets_pass_is_good(whole):
    # A claim that was dropped when its sector was extended past its end.
    with_verified_claim(term_min=HALF_A_YEAR, term_max=HALF_A_YEAR)(whole)
    with_sector(verified_deal_weight=0, deal_weight=1, power_base_epoch=5)(whole)
    assert not any("claim 1" in told or "verified space" in told for told in whole.wrong())
    # But no more than is claimed may be counted.
    with_sector(verified_deal_weight=2048 * 3_675_532)(whole)
    assert any("verified space 2048 does not match claims of 0" in one for one in whole.wrong())


def test_a_sector_of_genesis_may_count_a_byte_more_than_is_claimed(whole):
    for short, is_good in ((2, True), (3, False), (-1, False)):
        with_claim(quality_adjusted_power=40960 - short)(whole)
        assert any("does not match claim" in told for told in whole.wrong()) != is_good


def test_a_miner_needs_neither_claims_nor_deals(whole):
    def forget(sectors):
        for number in (0, 1):
            sectors.delete(MINER, number)

    whole.edit(6, RegistryState, "claims", CLAIMS, forget_claims)
    whole.edit(5, MarketState, "provider_sectors", PROVIDER_SECTORS, forget)
    told = "f05 (storagemarket): active deal {} not found in provider sector deals"
    assert whole.wrong() == [told.format(0), told.format(1)]


def forget_claims(claims):
    for number in [number for number, _ in claims.inner(MINER).items()]:
        claims.delete(MINER, number)


def test_claims_of_a_sector_of_old_quality_are_not_weighed(whole):
    with_sector(flags=0)(whole)
    with_verified_claim(size=4096, term_min=5_000_000, term_max=6_000_000)(whole)
    assert not any("claim" in told for told in whole.wrong() if "storageminer" in told)


def test_an_allocation_of_no_deal_is_told_once(whole):
    whole.edit(
        5, MarketState, "pending_deal_allocation_ids", PENDING_ALLOCATIONS,
        lambda waiting: waiting.set(70, 99),
    )  # fmt: skip
    assert whole.wrong() == [
        "f05 (storagemarket): pending deal allocation 70 not found in proposals"
    ]


def test_claims_of_sectors_that_are_gone_are_let_be(whole):
    with_verified_claim(sector=77, size=4096)(whole)
    assert whole.wrong() == []


def test_the_tree_itself_is_checked(whole):
    assert whole.wrong(total=TokenAmount(5)) == [
        f"total token balance is {TOTAL_SUPPLY}, expected 5"
    ]
    root = StateRoot.from_cbor(whole.store.get(whole.write()))
    tree = Hamt(whole.store, root.actors)
    tree.set(Address.actor(b"someone"), whole.actors[102].to_ipld())
    odd = put_cbor(whole.store, StateRoot(5, tree.flush(), root.info).to_ipld())
    wrong = [str(finding) for finding in check_state(whole.store, odd).findings]
    assert wrong == [f"{Address.actor(b'someone')} is a key of the state tree"]


def test_the_epoch_is_the_states_own_unless_it_is_said(whole):
    assert whole.report().epoch == -1
    assert whole.report(epoch=7, after_cron=False).findings == ()
    wrong = whole.wrong(epoch=7)
    assert wrong == [
        "f02 (reward): reward state epoch 0 does not match prior_epoch+1 8",
        "power saw cron last at -1, not at 7",
        "market saw cron last at -1, not at 7",
    ]
    del whole.actors[2]
    with pytest.raises(LocalFault, match="its epoch must be said"):
        whole.report()
    assert whole.wrong(epoch=-1) == ["f02 (reward): there is no such actor"]


def rename_codes(whole):
    """Give all actors codes of no known release."""
    codes = {name: Cid.of(name.encode()) for name in whole.codes}
    registry = Registry(tuple(ActorEntry(name, code) for name, code in codes.items()))
    names = {code: name for name, code in whole.codes.items()}
    for actor_id, actor in whole.actors.items():
        whole.change_actor(actor_id, code=codes[names[actor.code]])
    whole.change(0, SystemState, builtin_actors=put_cbor(whole.store, registry.to_ipld()))
    return codes


def test_the_policy_is_that_of_the_states_own_build(whole):
    assert whole.report(policy=policy_of("mainnet")).build == "devnet"
    codes = rename_codes(whole)
    assert state_codes(whole.store, whole.write()) == codes
    with pytest.raises(LocalFault, match="which policy they hold to must be said"):
        whole.report()
    assert whole.report(policy=policy_of("devnet")).findings == ()
    assert any(
        "consensus" in one or "claims" in one for one in whole.wrong(policy=policy_of("mainnet"))
    )


def test_what_is_no_state_tree_of_today_is_refused(whole):
    with pytest.raises(DecodeError):
        check_state(whole.store, whole.actors[1].head)
    top = StateRoot.from_cbor(whole.store.get(whole.write()))
    old = put_cbor(whole.store, [4, top.actors, top.info])
    with pytest.raises(LocalFault, match="is a state tree of version 4, before nv18"):
        check_state(whole.store, old)
    with pytest.raises(LocalFault, match="is missing"):
        check_state(whole.store, CODE)
    del whole.actors[0]
    with pytest.raises(LocalFault, match="no system actor"):
        whole.report()


def noise(random, value):
    """Return a value like another, but for something in it."""
    if isinstance(value, list) and value and random.random() < 0.9:
        place = random.randrange(len(value))
        return [noise(random, item) if here == place else item for here, item in enumerate(value)]
    if isinstance(value, bytes) and type(value) is bytes and value and random.random() < 0.7:
        place = random.randrange(len(value))
        return value[:place] + random.randbytes(1) + value[place + 1 :]
    return random.choice([0, 1, -1, 2**63, 2**64 - 1, b"", b"\1", None, True, [], "x", {}])


@pytest.mark.parametrize("seed", range(25))
def test_no_damage_is_too_much_to_be_told(whole, seed):
    random = Random(seed)  # noqa: S311 - no secret
    for actor_id in random.sample(sorted(set(whole.actors) - {0}), 3):
        block = whole.store.get(whole.actors[actor_id].head)
        head = put_cbor(whole.store, noise(random, dag_cbor.decode(block)))
        whole.change_actor(actor_id, head=head)
    report = whole.report(epoch=-1)
    assert report.actors == len(whole.actors)
