"""Whether a block may join the chain: what it says of itself, of its parents and its messages."""

from dataclasses import replace

import pytest
from block_cases import (
    B,
    Case,
    after_null_rounds,
    as_made,
    at_time,
    beaconless,
    chain,
    check_bad,
    gap,
    named,
    on_base,
    plain,
    raw_meta,
    resigned,
    secret,
    with_messages,
    with_parents,
    with_states,
)
from block_making import FIRST_MINER, TIMESTAMP, signed, winner
from genesis import worker

from papyrus.consensus.block_validity import validate_block
from papyrus.consensus.verdicts import Fault
from papyrus.crypto import bls
from papyrus.crypto.signatures import Signature, SignatureType
from papyrus.ipld.amt import amt_root
from papyrus.primitives.amounts import TokenAmount

CASES = [
    # What a block says of itself.
    Case(Fault.NO_ELECTION_PROOF, "none", as_made(election_proof=None), plain),
    Case(Fault.NO_TICKET, "none", as_made(ticket=None), plain),
    Case(Fault.NO_BLOCK_SIGNATURE, "none", as_made(block_sig=None), plain),
    Case(Fault.NO_BLS_AGGREGATE, "none", as_made(bls_aggregate=None), plain),
    Case(
        Fault.MINER_NOT_AN_ID,
        "the miner's key",
        resigned(
            lambda header: signed(
                replace(header, miner=worker(winner() - FIRST_MINER).address), secret()
            )
        ),
        plain,
    ),
    # Its place after its parents.
    Case(Fault.NO_PARENTS, "none", as_made(parents=()), plain),
    Case(
        Fault.PARENTS_NO_TIPSET,
        "two heights",
        with_parents(lambda made: (*made.base.key.cids, *made.past.key.cids)),
        with_parents(lambda made: made.base.key.cids),
    ),
    Case(
        Fault.NO_LOOKBACK,
        "a finality without blocks",
        on_base(5 + 900, parents_at=5),
        on_base(5 + 899, parents_at=5),
    ),
    Case(
        Fault.NO_LOOKBACK,
        "a finality without blocks, but not after genesis",
        on_base(1 + 900, parents_at=1),
        on_base(5000),
    ),
    Case(
        Fault.BEACON_NOT_FOUND,
        "twenty tipsets without",
        lambda: beaconless(21),
        lambda: beaconless(19),
    ),
    Case(
        Fault.HEIGHT_NOT_ABOVE_PARENT,
        "the parent's",
        as_made(height=905),
        as_made(height=906),
    ),
    Case(Fault.HEIGHT_NOT_ABOVE_PARENT, "below the parent's", as_made(height=904), plain),
    Case(Fault.TIMESTAMP, "a second early", as_made(timestamp=TIMESTAMP - 1), plain),
    Case(Fault.TIMESTAMP, "a second late", as_made(timestamp=TIMESTAMP + 1), plain),
    Case(
        Fault.TIMESTAMP,
        "as without a null round",
        lambda: after_null_rounds(timestamp=TIMESTAMP),
        after_null_rounds,
    ),
    Case(Fault.TIMESTAMP_IN_FUTURE, "two seconds", at_time(TIMESTAMP - 2), at_time(TIMESTAMP - 1)),
    Case(Fault.PARENT_WEIGHT, "one less", as_made(parent_weight=lambda right: right - 1), plain),
    Case(Fault.PARENT_WEIGHT, "one more", as_made(parent_weight=lambda right: right + 1), plain),
    Case(
        Fault.PARENT_WEIGHT,
        "that of the parents' own header",
        as_made(parent_weight=lambda _: chain().base.blocks[0].parent_weight),
        plain,
    ),
    # Its messages; all their rules are judged in the tests of `block_messages`.
    Case(
        Fault.BLOCK_MESSAGES,
        "lists with a gap",
        raw_meta(gap, lambda made: made.no_receipts),
        raw_meta(lambda made: made.no_receipts, lambda made: made.no_receipts),
    ),
    Case(
        Fault.BLOCK_MESSAGES,
        "one list",
        raw_meta(lambda made: made.no_receipts),
        raw_meta(lambda made: made.no_receipts, lambda made: made.no_receipts),
    ),
    Case(
        Fault.BLS_AGGREGATE,
        "of no messages",
        with_messages(0, bls_aggregate=Signature(SignatureType.BLS, bls.ZERO_SIGNATURE)),
        with_messages(0),
    ),
    Case(Fault.MESSAGE_NONCE, "a gap", with_messages(0, 2), with_messages(0, 1)),
    Case(Fault.MESSAGE_NONCE, "one ahead of the state", with_messages(1), with_messages(0)),
    Case(
        Fault.BLOCK_GAS_LIMIT,
        "more than a block's in two messages",
        with_messages(0, 1, gas_limit=5_000_000_001),
        with_messages(0, 1, gas_limit=5_000_000_000),
    ),
    # What follows from its parents.
    Case(
        Fault.BASE_FEE,
        "one more",
        as_made(parent_base_fee=lambda right: TokenAmount(right + 1)),
        plain,
    ),
    Case(
        Fault.BASE_FEE,
        "the parents' own",
        as_made(parent_base_fee=lambda _: chain().base.parent_base_fee),
        with_states({}, header={"parent_base_fee": TokenAmount(100)}),
    ),
    Case(
        Fault.STATE_ROOT,
        "that before the parents",
        as_made(parent_state_root=lambda _: chain().states[B]),
        plain,
    ),
    Case(
        Fault.RECEIPTS_ROOT,
        "another",
        as_made(parent_message_receipts=lambda _: amt_root(chain().store, [1])),
        plain,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_block_that_breaks_one_rule_is_refused_for_that_rule(case):
    check_bad(case)


@pytest.mark.parametrize("case", CASES, ids=named)
def test_its_twin_just_passes(case):
    validate_block(*case.good())
