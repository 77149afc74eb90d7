"""Whether to pass on a block that a peer announced.

The node's own head is the tipset at 905 of the small chain, so an announced block of epoch 906 is
judged as if it were built on it, whatever its parents are.
"""

from dataclasses import dataclass, replace
from functools import cache

import pytest
from block_making import (
    BLOCK_DELAY,
    FIRST_MINER,
    GENESIS_TIME,
    HEIGHT,
    MINERS,
    TIMESTAMP,
    Moment,
    SmallChain,
    other_miner,
    signed,
    winner,
)
from genesis import worker
from hypothesis import given
from hypothesis import strategies as st

from papyrus.consensus.block_messages import messages_root
from papyrus.consensus.gossip_validity import (
    Answer,
    GossipWorld,
    is_in_range,
    judge_announcement,
)
from papyrus.consensus.verdicts import Fault
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.types.block import BlockMessage

SIX_HOURS = 6 * 3600
HEAD_TIME = GENESIS_TIME + BLOCK_DELAY * 905


@cache
def chain() -> SmallChain:
    return SmallChain()


def world(made=None, **changes) -> GossipWorld:
    made = made or chain()
    fields = {
        "network": made.network,
        "source": made.source,
        "store": made.store,
        "head": made.base,
        "now": TIMESTAMP,
        "seen": frozenset(),
    }
    return GossipWorld(**(fields | changes))


def announced(header, bls=(), others=()) -> bytes:
    return BlockMessage(header, tuple(bls), tuple(others)).to_cbor()


def answer(data: bytes, where: GossipWorld | None = None) -> tuple[Answer, Fault | None]:
    verdict = judge_announcement(data, where or world())
    return verdict.answer, verdict.fault


def secret(miner: int) -> bytes:
    return worker(miner - FIRST_MINER).secret


def again(**changes) -> bytes:
    """Announce a block of the winner with other fields, signed."""
    return announced(signed(replace(chain().block(), **changes), secret(winner())))


ACCEPTED = (Answer.ACCEPT, None)


def test_a_right_block_is_passed_on_and_handed_over():
    block = BlockMessage(chain().block(), (), ())
    verdict = judge_announcement(block.to_cbor(), world())
    assert (verdict.answer, verdict.fault) == ACCEPTED
    assert verdict.block == block


@pytest.mark.parametrize("data", [b"", b"\x80", b"\x83\x80\x80\x80", b"garbage"])
def test_what_is_no_block_is_rejected(data):
    assert answer(data) == (Answer.REJECT, Fault.BLOCK_MALFORMED)


def test_not_a_byte_more_nor_less_than_a_block_is_taken():
    data = announced(chain().block())
    for other in (data + b"\0", data[:-1], data + data):
        assert answer(other) == (Answer.REJECT, Fault.BLOCK_MALFORMED)


@given(st.binary(max_size=300))
def test_no_bytes_do_any_harm(data):
    assert answer(data)[0] is Answer.REJECT


@given(st.data())
def test_no_spoiled_block_does_any_harm(data):
    right = announced(chain().block())
    place = data.draw(st.integers(0, len(right) - 1))
    spoiled = bytearray(right)
    spoiled[place] ^= data.draw(st.integers(1, 255))
    assert answer(bytes(spoiled))[0] is not Answer.ACCEPT


def many(bls_count: int, other_count: int) -> bytes:
    cids = [Cid.of(b"%d" % number) for number in range(bls_count + other_count)]
    bls, others = cids[:bls_count], cids[bls_count:]
    root = messages_root(MemoryBlockstore(), bls, others)
    return announced(signed(replace(chain().block(), messages=root), secret(winner())), bls, others)


def test_a_block_may_name_ten_thousand_messages():
    assert answer(many(5000, 5000)) == ACCEPTED
    assert answer(many(5001, 5000)) == (Answer.REJECT, Fault.TOO_MANY_MESSAGES)


def test_an_unsigned_block_is_rejected():
    data = announced(chain().block(block_sig=None))
    assert answer(data) == (Answer.REJECT, Fault.NO_BLOCK_SIGNATURE)


def test_messages_are_those_of_the_header():
    [cid] = [chain().message().cid]
    root = messages_root(MemoryBlockstore(), [cid], [])
    header = signed(replace(chain().block(), messages=root), secret(winner()))
    assert answer(announced(header, bls=[cid])) == ACCEPTED
    for lists in ({}, {"others": [cid]}, {"bls": [cid, cid]}):
        assert answer(announced(header, **lists)) == (Answer.REJECT, Fault.MESSAGES_ROOT)


@pytest.mark.parametrize(
    ("head", "epoch_now", "height", "inside"),
    [
        (905, 905, 5, True),
        (905, 905, 4, False),
        (905, 905, 910, True),
        (905, 905, 911, False),
        (5, 905, 0, True),
        (905, 2000, 5, True),
        (905, 2000, 2005, True),
        (905, 2000, 2006, False),
    ],
)
def test_heights_in_range_are_from_a_finality_ago_to_five_epochs_ahead(
    head, epoch_now, height, inside
):
    where = world(
        head=chain().add(chain().genesis, head, Moment.BASE),
        now=GENESIS_TIME + BLOCK_DELAY * epoch_now + BLOCK_DELAY - 1,
    )
    assert is_in_range(height, where) is inside


def test_a_block_out_of_range_is_ignored():
    early = world(now=GENESIS_TIME + BLOCK_DELAY * (HEIGHT - 6))
    on_time = world(now=GENESIS_TIME + BLOCK_DELAY * (HEIGHT - 5))
    data = announced(chain().block())
    assert answer(data, early) == (Answer.IGNORE, Fault.EPOCH_OUT_OF_RANGE)
    assert answer(data, on_time) == ACCEPTED


def test_range_is_asked_before_messages_and_after_the_signature_is_there():
    early = world(now=GENESIS_TIME)
    assert answer(again(messages=Cid.of(b"")), early)[0] is Answer.IGNORE
    assert answer(announced(chain().block(block_sig=None)), early)[0] is Answer.REJECT


@dataclass(frozen=True)
class Standing:
    """A change to the states by which a miner is judged, and what it is refused for."""

    moment: Moment
    change: object
    fault: Fault


def barred(editor):
    editor.info(winner(), consensus_fault_elapsed=905)


def below_minimum(editor):
    editor.claim(winner(), raw_byte_power=2047)
    editor.power(miner_above_minimum_power_count=MINERS - 1)


INELIGIBLE = [
    Standing(Moment.BEFORE_PAST, below_minimum, Fault.MINER_BELOW_MINIMUM_POWER),
    Standing(
        Moment.BASE,
        lambda editor: editor.claim(winner(), quality_adjusted_power=0),
        Fault.MINER_WITHOUT_POWER,
    ),
    Standing(Moment.BASE, lambda editor: editor.drop_claim(winner()), Fault.MINER_WITHOUT_POWER),
    Standing(
        Moment.BASE,
        lambda editor: editor.miner(winner(), fee_debt=TokenAmount(1)),
        Fault.MINER_IN_FEE_DEBT,
    ),
    Standing(Moment.BASE, barred, Fault.MINER_IN_CONSENSUS_FAULT),
]


@pytest.mark.parametrize("standing", INELIGIBLE, ids=lambda standing: standing.fault)
def test_an_ineligible_miner_is_rejected_by_a_node_that_is_up_to_date(standing):
    made = SmallChain({standing.moment: standing.change})
    data = announced(chain().block())
    fresh = world(made, now=HEAD_TIME + SIX_HOURS - 1)
    assert answer(data, fresh) == (Answer.REJECT, standing.fault)


@pytest.mark.parametrize("standing", INELIGIBLE, ids=lambda standing: standing.fault)
def test_an_ineligible_miner_is_ignored_by_a_node_that_is_behind(standing):
    made = SmallChain({standing.moment: standing.change})
    data = announced(chain().block())
    behind = world(made, now=HEAD_TIME + SIX_HOURS)
    assert answer(data, behind) == (Answer.IGNORE, standing.fault)


@pytest.mark.parametrize(
    ("moment", "change"),
    [
        (Moment.PAST, lambda editor: editor.delete(winner())),
        (Moment.PAST, lambda editor: editor.info(winner(), worker=Address.from_id(4))),
        (Moment.BEFORE_PAST, lambda editor: editor.drop_claim(winner())),
        (Moment.BASE, lambda editor: editor.delete(winner())),
    ],
    ids=["no miner", "no key", "no claim", "gone since"],
)
def test_what_cannot_be_looked_up_is_ignored(moment, change):
    made = SmallChain({moment: change})
    data = announced(chain().block())
    assert answer(data, world(made)) == (Answer.IGNORE, Fault.CHAIN_NOT_KNOWN)


def test_a_state_that_is_not_here_leaves_the_block_unjudged():
    empty = world(store=MemoryBlockstore())
    assert answer(announced(chain().block()), empty) == (Answer.IGNORE, Fault.CHAIN_NOT_KNOWN)


def test_a_block_of_nobody_is_ignored():
    assert answer(again(miner=Address.from_id(77))) == (Answer.IGNORE, Fault.CHAIN_NOT_KNOWN)
    key = worker(winner() - FIRST_MINER).address
    assert answer(again(miner=key)) == (Answer.IGNORE, Fault.MINER_NOT_AN_ID)


def test_a_block_too_far_from_the_head_to_look_back_is_ignored():
    where = world(head=chain().past, now=GENESIS_TIME + BLOCK_DELAY * HEIGHT)
    assert answer(announced(chain().block()), where) == (Answer.IGNORE, Fault.CHAIN_NOT_KNOWN)


def test_a_block_must_claim_a_win():
    proof = chain().block().election_proof
    assert answer(again(election_proof=None)) == (Answer.REJECT, Fault.NO_ELECTION_PROOF)
    for wins in (0, -1):
        data = again(election_proof=replace(proof, win_count=wins))
        assert answer(data) == (Answer.REJECT, Fault.WIN_COUNT_NOT_POSITIVE)
    # Whether it is the right count is asked later.
    assert answer(again(election_proof=replace(proof, win_count=7))) == ACCEPTED


def test_a_block_is_signed_by_the_worker_of_the_lookback_state():
    header = chain().block()
    wrong = (
        signed(header, secret(other_miner())),
        replace(header, fork_signaling=1),
    )
    for block in wrong:
        assert answer(announced(block)) == (Answer.REJECT, Fault.BLOCK_SIGNATURE)


def test_a_block_seen_before_is_ignored():
    header = chain().block()
    seen = world(seen={header.cid})
    assert answer(announced(header), seen) == (Answer.IGNORE, Fault.ALREADY_SEEN)
    # A bad one is rejected each time.
    bad = replace(header, fork_signaling=1)
    seen = world(seen={bad.cid})
    assert answer(announced(bad), seen) == (Answer.REJECT, Fault.BLOCK_SIGNATURE)


def test_parents_and_proofs_are_not_asked_for():
    data = again(parents=(Cid.of(b"not here"),), ticket=None, win_post_proof=(), parent_weight=0)
    assert answer(data) == ACCEPTED
