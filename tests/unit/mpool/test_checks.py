"""Each rule by which a message is let into the pool: what just breaks it, and what just passes."""

from dataclasses import replace

import pytest
from pool_chain import FIL, GAS, NETWORK, person, pool_of

from papyrus.consensus.base_fee import BLOCK_GAS_LIMIT
from papyrus.consensus.message_validity import ZERO_ADDRESS, minimum_gas
from papyrus.consensus.verdicts import Fault
from papyrus.crypto.signatures import Signature, SignatureType, sign
from papyrus.mpool.config import MpoolConfig
from papyrus.mpool.refusals import GossipVerdict, Refusal, gossip_verdict
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import Invalid
from papyrus.types.message import SignedMessage

ALICE, BOB, STRANGER = person(1), person(2), person(99)
BELLA = person(3, SignatureType.BLS)
EDITH = person(4, SignatureType.DELEGATED)

ALL_FIL = 2_000_000_000 * FIL
PRICES = NETWORK.rules_at(1).prices


def attofil(amount):
    return TokenAmount(amount)


def least_gas(signed):
    return minimum_gas(signed.chain_length, PRICES)


def of_size(length):
    """Return a message of so many bytes, its signature included."""
    small = ALICE.message(0, gas_limit=200_000_000)
    padding = length - len(small.to_cbor())
    for extra in range(4):  # the length of the parameters takes up to four bytes itself
        made = ALICE.message(0, gas_limit=200_000_000, params=bytes(padding - extra))
        if len(made.to_cbor()) == length:
            return made
    message = "no such length"
    raise AssertionError(message)


def exact_gas(person_, missing=0):
    """Return a message whose gas limit pays for its place and no more, or lacks some of it."""
    limit = least_gas(person_.message(0))
    return person_.message(0, gas_limit=limit - missing)


def resigned(signed, secret):
    signature = sign(signed.signature.type, secret, bytes(signed.message.cid))
    return SignedMessage(signed.message, signature)


FORM = {
    "size": (
        of_size(65_537), Refusal.MESSAGE_TOO_BIG, of_size(65_536),
    ),
    "version": (
        ALICE.message(0, version=1), Fault.MESSAGE_VERSION, ALICE.message(0, version=0),
    ),
    "zero address": (
        ALICE.message(0, to=ZERO_ADDRESS), Fault.MESSAGE_TO_ZERO_ADDRESS,
        ALICE.message(0, to=BELLA.address),
    ),
    "negative value": (
        ALICE.message(0, value=attofil(-1)), Fault.MESSAGE_VALUE,
        ALICE.message(0, value=attofil(0)),
    ),
    "more than all FIL": (
        ALICE.message(0, value=attofil(ALL_FIL + 1)), Fault.MESSAGE_VALUE,
        ALICE.message(0, value=attofil(ALL_FIL - 1)),
    ),
    "exactly all FIL": (
        ALICE.message(0, value=attofil(ALL_FIL)), Refusal.VALUE_TOO_HIGH,
        ALICE.message(0, value=attofil(ALL_FIL - 1)),
    ),
    "negative fee cap": (
        ALICE.message(0, gas_fee_cap=attofil(-1)), Fault.MESSAGE_FEE_CAP,
        ALICE.message(0, gas_fee_cap=attofil(100)),
    ),
    "negative premium": (
        ALICE.message(0, gas_premium=attofil(-1)), Fault.MESSAGE_PREMIUM,
        ALICE.message(0, gas_premium=attofil(0)),
    ),
    "premium above fee cap": (
        ALICE.message(0, gas_fee_cap=attofil(500), gas_premium=attofil(501)),
        Fault.MESSAGE_PREMIUM,
        ALICE.message(0, gas_fee_cap=attofil(500), gas_premium=attofil(500)),
    ),
    "no gas": (
        ALICE.message(0, gas_limit=0), Fault.MESSAGE_GAS_LIMIT, exact_gas(ALICE),
    ),
    "negative gas": (
        ALICE.message(0, gas_limit=-1), Fault.MESSAGE_GAS_LIMIT, exact_gas(ALICE),
    ),
    "more gas than a block": (
        ALICE.message(0, gas_limit=BLOCK_GAS_LIMIT + 1), Fault.MESSAGE_GAS_LIMIT,
        ALICE.message(0, gas_limit=BLOCK_GAS_LIMIT),
    ),
    "fee cap below every base fee": (
        ALICE.message(0, gas_fee_cap=attofil(99)), Refusal.FEE_CAP_BELOW_MINIMUM,
        ALICE.message(0, gas_fee_cap=attofil(100)),
    ),
    "another's secp256k1 signature": (
        resigned(ALICE.message(0), BOB.secret), Fault.MESSAGE_SIGNATURE, ALICE.message(0),
    ),
    "another's BLS signature": (
        resigned(BELLA.message(0), person(5, SignatureType.BLS).secret), Fault.MESSAGE_SIGNATURE,
        BELLA.message(0),
    ),
    "another kind of signature": (
        SignedMessage(ALICE.message(0).message, BELLA.message(0).signature),
        Fault.MESSAGE_SIGNATURE, ALICE.message(0),
    ),
    "empty signature": (
        SignedMessage(ALICE.message(0).message, Signature(SignatureType.SECP256K1, b"")),
        Fault.MESSAGE_SIGNATURE, ALICE.message(0),
    ),
    "sender by its ID": (
        ALICE.message(0, sender=Address.from_id(101)), Fault.MESSAGE_SIGNATURE, ALICE.message(0),
    ),
    "delegated signature of no transaction": (
        SignedMessage(EDITH.call(0).message, Signature(SignatureType.DELEGATED, bytes(64))),
        Fault.ETHEREUM_TRANSACTION, EDITH.call(0),
    ),
    "delegated signature of another transaction": (
        SignedMessage(EDITH.call(0, premium=2).message, EDITH.call(0).signature),
        Fault.MESSAGE_SIGNATURE, EDITH.call(0, premium=2),
    ),
    "gas below the cost of its place": (
        exact_gas(ALICE, missing=1), Fault.MESSAGE_MINIMUM_GAS, exact_gas(ALICE),
    ),
    "gas below the cost of its place, under BLS": (
        exact_gas(BELLA, missing=1), Fault.MESSAGE_MINIMUM_GAS, exact_gas(BELLA),
    ),
}  # fmt: skip


@pytest.fixture
def rich(chain):
    chain.fund(ALICE, BOB, BELLA, EDITH, fil=10_000)
    return chain


@pytest.mark.parametrize("rule", FORM)
def test_a_message_that_breaks_a_rule_is_refused_for_it(rich, rule):
    breaking, reason, _ = FORM[rule]
    for enter in ("add", "push", "push_untrusted"):
        pool = pool_of(rich)
        with pytest.raises(Invalid) as error:
            getattr(pool, enter)(breaking)
        assert error.value.fault == reason
        assert (len(pool), pool.pending()) == (0, [])


@pytest.mark.parametrize("rule", FORM)
def test_its_twin_that_just_keeps_the_rule_waits(rich, rule):
    twin = FORM[rule][2]
    for enter in ("add", "push", "push_untrusted"):
        pool = pool_of(rich)
        assert getattr(pool, enter)(twin) == twin.cid
        assert pool.pending() == [twin]


@pytest.mark.parametrize("rule", FORM)
def test_what_no_honest_node_can_take_for_good_is_rejected(rich, rule):
    breaking, reason, _ = FORM[rule]
    with pytest.raises(Invalid) as error:
        pool_of(rich).add(breaking)
    expected = (
        GossipVerdict.IGNORE if reason is Refusal.FEE_CAP_BELOW_MINIMUM else GossipVerdict.REJECT
    )
    assert gossip_verdict(error.value) is expected


def refusal(act):
    with pytest.raises(Invalid) as error:
        act()
    return error.value


def test_a_nonce_that_was_used_is_refused_and_the_next_is_not(chain, pool):
    chain.fund(ALICE, nonce=5)
    error = refusal(lambda: pool.add(ALICE.message(4)))
    assert error.fault == Refusal.NONCE_TOO_LOW
    assert error.detail == "minimum expected nonce is 5, got 4: message nonce too low"
    assert gossip_verdict(error) is GossipVerdict.IGNORE
    pool.add(ALICE.message(5))


def test_a_nonce_counts_as_used_once_the_head_has_used_it(chain, pool):
    chain.move(pool, chain.extend([ALICE.message(0)]))
    assert refusal(lambda: pool.add(ALICE.message(0, premium=9))).fault == Refusal.NONCE_TOO_LOW
    pool.add(ALICE.message(1))


def test_a_sender_that_is_not_there_is_only_ignored(pool):
    error = refusal(lambda: pool.add(STRANGER.message(0)))
    assert error.fault == Refusal.SENDER_UNKNOWN
    assert gossip_verdict(error) is GossipVerdict.IGNORE


def test_a_sender_becomes_known_with_its_account(chain, pool):
    chain.fund(STRANGER)
    chain.move(pool, chain.extend())
    pool.add(STRANGER.message(0))


def test_an_actor_that_is_no_account_sends_nothing(chain, pool):
    chain.fund(ALICE, may_send=False)
    error = refusal(lambda: pool.push(ALICE.message(0)))
    assert error.fault == Fault.SENDER_NOT_AN_ACCOUNT
    assert gossip_verdict(error) is GossipVerdict.REJECT


@pytest.mark.parametrize("version", [22, 23, 28])
def test_a_legacy_transaction_is_good_from_its_upgrade_on(chain, version):
    """It counts which version rules the epoch after the head, where it could first be included."""
    legacy = EDITH.legacy_call(0)
    network = NETWORK.with_upgrades([(-1, 22), (1, version)])
    pool = pool_of(chain, network)
    chain.move(pool, chain.extend())
    if version == 22:
        error = refusal(lambda: pool.add(legacy))
        assert error.fault == Fault.ETHEREUM_TRANSACTION
        assert gossip_verdict(error) is GossipVerdict.REJECT
    else:
        pool.add(legacy)
    pool.push(EDITH.call(1))


@pytest.mark.parametrize(
    ("base_fee", "bound"), [(100, 100), (10_000, 100), (10_100, 101), (10**9, 10**7)]
)
def test_a_peers_fee_cap_reaches_a_hundredth_of_the_heads_base_fee(chain, pool, base_fee, bound):
    chain.move(pool, chain.extend(base_fee=base_fee))
    if bound > 100:
        low = ALICE.message(0, gas_fee_cap=attofil(bound - 1))
        error = refusal(lambda: pool.add(low))
        assert error.fault == Refusal.FEE_CAP_BELOW_BOUND
        assert gossip_verdict(error) is GossipVerdict.IGNORE
    pool.add(ALICE.message(0, gas_fee_cap=attofil(bound)))


def test_a_users_own_message_with_a_low_fee_cap_waits_but_is_not_published(chain):
    published = []
    pool = pool_of(chain, publish=published.append)
    chain.move(pool, chain.extend(base_fee=10**9))
    pool.push(ALICE.message(0, gas_fee_cap=attofil(10**7 - 1)))
    assert (len(pool), published) == (1, [])
    high = BOB.message(0, gas_fee_cap=attofil(10**7))
    pool.push(high)
    assert published == [high]


def test_what_a_peer_sent_is_not_published_by_the_pool(chain):
    published = []
    pool_of(chain, publish=published.append).add(ALICE.message(0))
    assert published == []


def test_gas_must_be_payable_to_the_last_attofil(chain, pool):
    message = ALICE.message(0)
    cost = 101 * GAS
    chain.book[ALICE.address] = replace(chain.book[ALICE.address], balance=attofil(cost - 1))
    error = refusal(lambda: pool.push(message))
    assert error.fault == Refusal.NOT_ENOUGH_FUNDS
    assert gossip_verdict(error) is GossipVerdict.IGNORE
    chain.book[ALICE.address] = replace(chain.book[ALICE.address], balance=attofil(cost))
    chain.move(pool, chain.extend())
    pool.push(message)


def test_the_value_is_not_counted_as_gas(pool):
    pool.push(ALICE.message(0, value=attofil(5 * FIL)))
    assert len(pool) == 1


def test_gas_of_all_that_waits_must_be_payable(chain, pool):
    cost = 101 * GAS
    chain.book[ALICE.address] = replace(chain.book[ALICE.address], balance=attofil(3 * cost - 1))
    pool.push(ALICE.message(0))
    pool.push(ALICE.message(1))
    error = refusal(lambda: pool.push(ALICE.message(2)))
    assert error.fault == Refusal.NOT_ENOUGH_FUNDS_FOR_ALL
    assert gossip_verdict(error) is GossipVerdict.IGNORE
    chain.book[ALICE.address] = replace(chain.book[ALICE.address], balance=attofil(3 * cost))
    chain.move(pool, chain.extend())
    pool.push(ALICE.message(2))


def test_what_is_replaced_is_not_counted_twice(chain, pool):
    cost = 101 * GAS
    chain.book[ALICE.address] = replace(chain.book[ALICE.address], balance=attofil(cost + 9 * GAS))
    pool.push(ALICE.message(0))
    pool.push(ALICE.message(0, premium=10))
    assert [one.message.gas_premium for one in pool.pending()] == [10]


@pytest.mark.parametrize("gap", range(5))
def test_a_peers_message_may_come_four_nonces_early(pool, gap):
    pool.add(ALICE.message(gap))
    assert pool.next_nonce(ALICE.address) == (1 if gap == 0 else 0)


def test_a_peers_message_may_not_come_five_nonces_early(pool):
    error = refusal(lambda: pool.add(ALICE.message(5)))
    assert error.fault == Refusal.NONCE_GAP
    assert gossip_verdict(error) is GossipVerdict.IGNORE
    pool.add(ALICE.message(0))
    pool.add(ALICE.message(5))


def test_a_users_own_message_may_come_as_early_as_it_likes(pool):
    pool.push(ALICE.message(1_000))
    assert pool.next_nonce(ALICE.address) == 0


def test_a_gateways_user_may_leave_no_gap(pool):
    assert refusal(lambda: pool.push_untrusted(ALICE.message(1))).fault == Refusal.NONCE_GAP
    pool.push_untrusted(ALICE.message(0))
    pool.push_untrusted(ALICE.message(1))


@pytest.mark.parametrize("enter", ["add", "push"])
def test_the_same_message_waits_once(pool, enter):
    pool.add(ALICE.message(0))
    error = refusal(lambda: getattr(pool, enter)(ALICE.message(0)))
    assert error.fault == Refusal.ALREADY_PENDING
    assert "with nonce 0 already in mpool" in str(error)
    assert gossip_verdict(error) is GossipVerdict.IGNORE


@pytest.mark.parametrize(("old", "least"), [(0, 1), (1, 2), (10, 12), (100, 111), (109, 120)])
def test_replacing_takes_a_tenth_more_premium_and_one(pool, old, least):
    cap = attofil(1000)
    pool.add(ALICE.message(0, gas_fee_cap=cap, gas_premium=attofil(old)))
    below = ALICE.message(0, gas_fee_cap=cap, gas_premium=attofil(least - 1), method=3)
    error = refusal(lambda: pool.add(below))
    assert error.fault == Refusal.PREMIUM_TOO_LOW_TO_REPLACE
    assert f"increase GasPremium to {least} from {least - 1}" in str(error)
    assert gossip_verdict(error) is GossipVerdict.IGNORE
    enough = ALICE.message(0, gas_fee_cap=cap, gas_premium=attofil(least))
    pool.add(enough)
    assert pool.pending() == [enough]


def test_a_peer_replaces_nothing_behind_a_gap_and_a_user_does(pool):
    pool.add(ALICE.message(2))
    higher = ALICE.message(2, premium=50)
    assert refusal(lambda: pool.add(higher)).fault == Refusal.NONCE_GAP
    pool.push(higher)
    assert pool.pending() == [higher]


def test_a_sender_has_a_thousand_messages_waiting_and_no_more(chain, pool):
    chain.fund(ALICE, fil=1000)
    for nonce in range(1000):
        pool.push(ALICE.message(nonce))
    for enter in (pool.push, pool.add):
        error = refusal(lambda enter=enter: enter(ALICE.message(1000)))
        assert error.fault == Refusal.TOO_MANY_PENDING
        assert gossip_verdict(error) is GossipVerdict.IGNORE
    pool.push(ALICE.message(999, premium=100))
    assert len(pool) == 1000


def test_a_gateways_user_has_a_hundred(chain, pool):
    chain.fund(ALICE, fil=1000)
    for nonce in range(100):
        pool.push_untrusted(ALICE.message(nonce))
    error = refusal(lambda: pool.push_untrusted(ALICE.message(100)))
    assert error.fault == Refusal.TOO_MANY_PENDING
    pool.push(ALICE.message(100))


def test_a_users_funds_do_not_go_to_an_address_that_nobody_can_have(pool):
    nowhere = Address.delegated(10, bytes(21))
    for enter in (pool.push, pool.push_untrusted):
        error = refusal(lambda enter=enter: enter(ALICE.message(0, to=nowhere)))
        assert error.fault == Refusal.RECIPIENT_UNREACHABLE
    pool.add(ALICE.message(0, to=nowhere))
    pool.push(ALICE.message(1, to=Address.delegated(10, bytes(range(20)))))


BOTH = [
    ("size and version", replace(of_size(65_537).message, version=1), Refusal.MESSAGE_TOO_BIG),
    (
        "version and value",
        replace(ALICE.message(0).message, version=1, value=attofil(-1)),
        Fault.MESSAGE_VERSION,
    ),
    (
        "value and fee cap",
        replace(ALICE.message(0).message, value=attofil(ALL_FIL), gas_fee_cap=attofil(99)),
        Refusal.VALUE_TOO_HIGH,
    ),
]


@pytest.mark.parametrize(("what", "message", "reason"), BOTH, ids=[one[0] for one in BOTH])
def test_of_two_broken_rules_the_earlier_gives_the_reason(pool, what, message, reason):
    assert what
    assert refusal(lambda: pool.add(ALICE.sign(message))).fault == reason


def test_a_signature_is_asked_for_before_the_state_is(chain, pool):
    forged = resigned(STRANGER.message(0), BOB.secret)
    assert refusal(lambda: pool.add(forged)).fault == Fault.MESSAGE_SIGNATURE
    assert chain.looked_up == 0


def test_a_used_nonce_is_told_before_too_little_gas(chain, pool):
    chain.fund(ALICE, nonce=1)
    low = exact_gas(ALICE, missing=1)
    error = refusal(lambda: pool.add(low))
    assert error.fault == Refusal.NONCE_TOO_LOW
    assert gossip_verdict(error) is GossipVerdict.IGNORE


def test_too_little_gas_is_told_before_too_low_a_fee_cap(chain, pool):
    chain.move(pool, chain.extend(base_fee=10**9))
    low = exact_gas(ALICE, missing=1)
    assert refusal(lambda: pool.add(low)).fault == Fault.MESSAGE_MINIMUM_GAS


def test_too_low_a_fee_cap_is_told_before_too_little_money(chain, pool):
    chain.move(pool, chain.extend(base_fee=10**9))
    chain.fund(ALICE, fil=0)
    assert refusal(lambda: pool.add(ALICE.message(0))).fault == Refusal.FEE_CAP_BELOW_BOUND


def test_too_little_money_is_told_before_a_gap(chain, pool):
    chain.fund(ALICE, fil=0)
    assert refusal(lambda: pool.add(ALICE.message(9))).fault == Refusal.NOT_ENOUGH_FUNDS


def test_a_full_pool_takes_its_users_messages_alone(chain):
    pool = pool_of(chain, config=MpoolConfig(size_limit_high=2, size_limit_low=1))
    for nonce in range(4):
        pool.push(ALICE.message(nonce))
    error = refusal(lambda: pool.add(BOB.message(0)))
    assert error.fault == Refusal.POOL_FULL
    assert gossip_verdict(error) is GossipVerdict.IGNORE
    pool.push(BOB.message(0))


def test_every_refusal_ends_in_the_words_clients_look_for(pool):
    pool.add(ALICE.message(0))
    error = refusal(lambda: pool.add(ALICE.message(0, method=3)))
    assert str(error).endswith(": replace by fee has too low GasPremium")
