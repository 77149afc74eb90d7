"""Whether a block may join the chain: its miner's right to make it."""

from dataclasses import replace

import pytest
from block_cases import (
    BP,
    A,
    B,
    Case,
    P,
    as_made,
    barred_until,
    before_smoke,
    chain,
    check_bad,
    election,
    entry,
    in_debt,
    just_enough_power,
    lower_power,
    lower_power_among_few,
    more_power,
    more_wins,
    named,
    next_sector,
    one_win,
    parent_ticket,
    plain,
    resigned,
    secret,
    sector_proof,
    ticket_of,
    with_keyless_worker,
    with_little_power,
    with_other_worker,
    with_states,
    without_claim,
    without_miner,
    without_network_power,
    without_power,
    without_sectors,
)
from block_making import HEIGHT, other_miner, signed, winner, wrong_entry
from genesis import key

from papyrus.consensus.block_validity import validate_block
from papyrus.consensus.verdicts import Fault
from papyrus.consensus.winning_sectors import AcceptAllWinningProofs
from papyrus.crypto.signatures import SignatureType, sign
from papyrus.types.ticket import Ticket
from papyrus.vm.runtime import RandomnessPurpose

CASES = [
    Case(
        Fault.WORKER_KEY,
        "no miner in the lookback state",
        with_states({P: without_miner}),
        with_states({A: without_miner}),
    ),
    Case(
        Fault.WORKER_KEY,
        "a worker without a key",
        with_states({P: with_keyless_worker}),
        with_states({B: with_keyless_worker}),
    ),
    Case(
        Fault.TICKET,
        "another worker since the lookback",
        with_states({P: with_other_worker}),
        with_states({B: with_other_worker}),
    ),
    Case(
        Fault.MINER_WITHOUT_CLAIM,
        "none before the parents",
        with_states({B: without_claim}),
        with_states({A: without_claim}),
    ),
    Case(
        Fault.MINER_WITHOUT_CLAIM,
        "none before the lookback tipset",
        with_states({BP: without_claim}),
        plain,
    ),
    Case(Fault.TICKET, "not a point", as_made(ticket=Ticket(b"ticket")), plain),
    Case(
        Fault.TICKET,
        "signed by another worker",
        lambda: (
            chain().block(ticket=ticket_of(winner(), HEIGHT - 1, parent_ticket(), other_miner())),
            chain().world(),
        ),
        lambda: (
            chain().block(ticket=ticket_of(winner(), HEIGHT - 1, parent_ticket())),
            chain().world(),
        ),
    ),
    Case(
        Fault.TICKET,
        "drawn for the block's own epoch",
        lambda: (
            chain().block(ticket=ticket_of(winner(), HEIGHT, parent_ticket())),
            chain().world(),
        ),
        plain,
    ),
    Case(
        Fault.TICKET,
        "drawn without the parent's",
        lambda: (chain().block(ticket=ticket_of(winner(), HEIGHT - 1, b"")), chain().world()),
        lambda: (
            chain().block(ticket=ticket_of(winner(), HEIGHT - 1, b"")),
            chain().world(network=before_smoke()),
        ),
    ),
    Case(
        Fault.TICKET,
        "drawn with the parent's before that was so",
        lambda: (chain().block(), chain().world(network=before_smoke())),
        plain,
    ),
    Case(
        Fault.BLOCK_SIGNATURE,
        "by another worker",
        resigned(lambda header: signed(header, secret(other_miner()))),
        plain,
    ),
    Case(
        Fault.BLOCK_SIGNATURE,
        "of another block",
        resigned(lambda header: replace(header, fork_signaling=1)),
        as_made(fork_signaling=1),
    ),
    Case(
        Fault.BLOCK_SIGNATURE,
        "by a key of another kind",
        resigned(lambda header: signed(header, key("Ann").secret, SignatureType.SECP256K1)),
        plain,
    ),
    Case(
        Fault.BLOCK_SIGNATURE,
        "of the whole header with its signature",
        resigned(
            lambda header: replace(
                header, block_sig=sign(SignatureType.BLS, secret(), header.to_cbor())
            )
        ),
        plain,
    ),
    Case(Fault.BEACON_MISSING, "none", as_made(beacon_entries=()), plain),
    Case(
        Fault.BEACON_SIGNATURE,
        "another's data",
        as_made(beacon_entries=lambda _: (wrong_entry(entry()),)),
        plain,
    ),
    Case(
        Fault.BEACON_LAST_ROUND,
        "the round before",
        as_made(beacon_entries=lambda previous: (previous,)),
        plain,
    ),
    Case(
        Fault.WINNING_POST,
        "none",
        as_made(win_post_proof=()),
        lambda: (
            chain().block(win_post_proof=()),
            chain().world(verifier=AcceptAllWinningProofs()),
        ),
    ),
    Case(
        Fault.WINNING_POST,
        "of another sector",
        lambda: (
            chain().block(win_post_proof=sector_proof(winner(), next_sector)),
            chain().world(),
        ),
        lambda: (chain().block(win_post_proof=sector_proof(winner())), chain().world()),
    ),
    Case(
        Fault.WINNING_POST,
        "of another epoch's challenge",
        lambda: (
            chain().block(win_post_proof=sector_proof(winner(), epoch=HEIGHT - 1)),
            chain().world(),
        ),
        plain,
    ),
    Case(
        Fault.WINNING_POST,
        "of another miner",
        lambda: (chain().block(win_post_proof=sector_proof(other_miner())), chain().world()),
        plain,
    ),
    Case(
        Fault.WINNING_POST,
        "sectors gone in the lookback state",
        with_states(
            {P: without_sectors}, block={"win_post_proof": lambda _: sector_proof(winner())(())}
        ),
        with_states({B: without_sectors}),
    ),
    Case(
        Fault.WIN_COUNT_NOT_POSITIVE,
        "no win",
        as_made(election_proof=lambda proof: replace(proof, win_count=0)),
        plain,
    ),
    Case(
        Fault.WIN_COUNT_NOT_POSITIVE,
        "less than none",
        as_made(election_proof=lambda proof: replace(proof, win_count=-1)),
        plain,
    ),
    Case(
        Fault.MINER_BELOW_MINIMUM_POWER,
        "by a byte",
        with_states({BP: lower_power}),
        with_states({BP: just_enough_power}),
    ),
    Case(
        Fault.MINER_BELOW_MINIMUM_POWER,
        "where four others reach it, not three",
        with_states({BP: lower_power}),
        with_states({BP: lower_power_among_few}),
    ),
    Case(
        Fault.MINER_BELOW_MINIMUM_POWER,
        "before the lookback tipset, not after it",
        with_states({BP: lower_power}),
        with_states({P: lower_power, B: lower_power, A: lower_power}),
    ),
    Case(
        Fault.MINER_BELOW_MINIMUM_POWER,
        "none at all, though few reach it",
        with_states(
            {
                BP: lambda editor: (
                    lower_power_among_few(editor),
                    editor.claim(winner(), raw_byte_power=0),
                )
            }
        ),
        with_states(
            {
                BP: lambda editor: (
                    lower_power_among_few(editor),
                    editor.claim(winner(), raw_byte_power=1),
                )
            }
        ),
    ),
    Case(
        Fault.MINER_WITHOUT_POWER,
        "before the parents",
        with_states({B: without_power}),
        with_states({B: with_little_power}),
    ),
    Case(
        Fault.MINER_IN_FEE_DEBT,
        "before the parents",
        with_states({B: in_debt}),
        with_states({P: in_debt, A: in_debt}),
    ),
    Case(
        Fault.MINER_IN_CONSENSUS_FAULT,
        "until the parents' epoch",
        with_states({B: barred_until(905)}),
        with_states({B: barred_until(904)}),
    ),
    Case(
        Fault.MINER_IN_CONSENSUS_FAULT,
        "in the parents' state, not in others",
        with_states({B: barred_until(5000)}),
        with_states({BP: barred_until(5000), P: barred_until(5000), A: barred_until(5000)}),
    ),
    Case(
        Fault.ELECTION_PROOF,
        "signed by another worker",
        lambda: (chain().block(election_proof=election(signer=other_miner())), chain().world()),
        lambda: (chain().block(election_proof=election()), chain().world()),
    ),
    Case(
        Fault.ELECTION_PROOF,
        "drawn for another epoch",
        lambda: (chain().block(election_proof=election(epoch=HEIGHT - 1)), chain().world()),
        plain,
    ),
    Case(
        Fault.ELECTION_PROOF,
        "drawn for another purpose",
        lambda: (
            chain().block(election_proof=election(RandomnessPurpose.WINNING_POST_CHALLENGE_SEED)),
            chain().world(),
        ),
        plain,
    ),
    Case(Fault.WIN_COUNT, "one more", as_made(election_proof=more_wins(1)), plain),
    Case(
        Fault.WIN_COUNT,
        "for power it had at another time",
        with_states({P: more_power}, block={"election_proof": one_win}),
        with_states({BP: more_power, B: more_power, A: more_power}),
    ),
    Case(
        Fault.WIN_COUNT,
        "where the network had no power",
        with_states({P: without_network_power}, block={"election_proof": one_win}),
        plain,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_block_that_breaks_one_rule_is_refused_for_that_rule(case):
    check_bad(case)


@pytest.mark.parametrize("case", CASES, ids=named)
def test_its_twin_just_passes(case):
    validate_block(*case.good())
