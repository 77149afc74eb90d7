"""Pairs of blocks for each rule: one that breaks only that rule, and its twin that just passes.

Blocks are signed anew after a change, and drawn anew where what they are drawn from changes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import pytest
from block_making import (
    FIRST_MINER,
    HEIGHT,
    MINERS,
    TIMESTAMP,
    Moment,
    SmallChain,
    other_miner,
    winner,
    winning_proof,
)
from genesis import worker

from papyrus.consensus.beacon import mock_entry
from papyrus.consensus.block_validity import BlockWorld, TipsetState, validate_block
from papyrus.consensus.miner_states import MinerState
from papyrus.consensus.verdicts import Fault
from papyrus.consensus.winning_sectors import winning_sectors
from papyrus.crypto import bls
from papyrus.ipld.amt import Amt
from papyrus.ipld.blockstore import put_cbor
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import Invalid
from papyrus.proofs.statements import SectorInfo
from papyrus.types.block import BlockHeader
from papyrus.types.ticket import ElectionProof, Ticket
from papyrus.vm.runtime import RandomnessPurpose
from papyrus.vm.state_tree import StateTree

Judged = tuple[BlockHeader, BlockWorld]


@dataclass(frozen=True)
class Case:
    """A rule, what breaks it, and what just does not."""

    fault: Fault
    what: str
    bad: Callable[[], Judged]
    good: Callable[[], Judged]


@cache
def chain() -> SmallChain:
    return SmallChain()


def as_made(**changes) -> Callable[[], Judged]:
    """Judge a block of the plain chain."""
    return lambda: (chain().block(**changes), chain().world())


def plain() -> Judged:
    return as_made()()


def at_time(now: int) -> Callable[[], Judged]:
    return lambda: (chain().block(), chain().world(now=now))


def with_states(changes, *, block=None, header=None) -> Callable[[], Judged]:
    """Judge a block on a chain whose states were changed at some moments."""

    def make() -> Judged:
        changed = SmallChain(changes, **(header or {}))
        return changed.block(**(block or {})), changed.world()

    return make


def changing(moment: Moment, change) -> dict:
    return {moment: change}


def on_base(height: int, parents_at: int = 0) -> Callable[[], Judged]:
    """Judge a block of a height right upon genesis or a tipset after it."""

    def make() -> Judged:
        made = SmallChain()
        base = made.genesis
        if parents_at:
            base = made.add(made.genesis, parents_at, Moment.BASE)
        made.outcomes[base.key] = TipsetState(made.states[Moment.AFTER], made.no_receipts)
        block = made.block(height=height, base=base)
        # Whether the miner wins there is no matter of this rule.
        wins = block.election_proof.win_count
        place = FIRST_MINER
        while wins < 1:
            place += 1
            block = made.block(height=height, base=base, miner=place)
            wins = block.election_proof.win_count
        return block, made.world(now=block.timestamp)

    return make


def resigned(change) -> Callable[[], Judged]:
    """Judge a right block whose signature was changed."""

    def make() -> Judged:
        header = chain().block()
        return change(header), chain().world()

    return make


def secret(miner: int | None = None) -> bytes:
    return worker((winner() if miner is None else miner) - FIRST_MINER).secret


def entry():
    return mock_entry(100 + HEIGHT)


def drawn(purpose: RandomnessPurpose, epoch: int, miner: int, entropy: bytes = b"") -> bytes:
    return chain().drawn(purpose, epoch, miner, entry(), entropy)


def ticket_of(miner: int, epoch: int, entropy: bytes, signer: int | None = None) -> Ticket:
    message = drawn(RandomnessPurpose.TICKET_PRODUCTION, epoch, miner, entropy)
    return Ticket(bls.sign(secret(signer), message))


def parent_ticket() -> bytes:
    return chain().base.blocks[0].ticket.vrf_proof


def election(purpose=RandomnessPurpose.ELECTION_PROOF_PRODUCTION, epoch=HEIGHT, signer=None):
    """Return an election proof with as many wins as it gives for a fifth of the power."""

    def change(right: ElectionProof) -> ElectionProof:
        message = drawn(purpose, epoch, winner())
        return replace(right, vrf_proof=bls.sign(secret(signer), message))

    return change


def more_wins(count: int):
    return lambda proof: replace(proof, win_count=proof.win_count + count)


def sector_proof(miner: int, change=lambda sector: sector, epoch: int = HEIGHT):
    """Return the proof for the sector challenged, after a change to what it is about."""

    def make(_right):
        made = chain()
        purpose = RandomnessPurpose.WINNING_POST_CHALLENGE_SEED
        randomness = drawn(purpose, epoch, miner)
        state = MinerState.of(StateTree(made.store, made.states[Moment.PAST]), miner)
        sectors = tuple(map(change, winning_sectors(state, miner, randomness)))
        return winning_proof(miner, randomness, sectors)

    return make


def next_sector(sector: SectorInfo) -> SectorInfo:
    return replace(sector, sector_number=sector.sector_number + 1)


def with_messages(*nonces: int, gas_limit: int = 2_000_000, **changes) -> Callable[[], Judged]:
    def make() -> Judged:
        made = chain()
        messages = [made.message(nonce, gas_limit=gas_limit) for nonce in nonces]
        return made.carrying(*messages, **changes), made.world()

    return make


def raw_meta(*roots) -> Callable[[], Judged]:
    """Judge a block that names something of ours as its messages."""

    def make() -> Judged:
        made = chain()
        return made.block(messages=put_cbor(made.store, [*(root(made) for root in roots)])), (
            made.world()
        )

    return make


def with_parents(choose) -> Callable[[], Judged]:
    def make() -> Judged:
        return chain().block(parents=choose(chain())), chain().world()

    return make


def lower_power(editor) -> None:
    """Put the winner below the minimum while four others reach it."""
    editor.claim(winner(), raw_byte_power=2047)
    editor.power(miner_above_minimum_power_count=MINERS - 1)


def just_enough_power(editor) -> None:
    lower_power(editor)
    editor.claim(winner(), raw_byte_power=2048)


def lower_power_among_few(editor) -> None:
    lower_power(editor)
    editor.power(miner_above_minimum_power_count=MINERS - 2)


def without_claim(editor) -> None:
    editor.drop_claim(winner())


def without_power(editor) -> None:
    editor.claim(winner(), quality_adjusted_power=0)


def with_little_power(editor) -> None:
    editor.claim(winner(), quality_adjusted_power=1)


def in_debt(editor) -> None:
    editor.miner(winner(), fee_debt=TokenAmount(1))


def barred_until(epoch: int):
    return lambda editor: editor.info(winner(), consensus_fault_elapsed=epoch)


def with_keyless_worker(editor) -> None:
    editor.info(winner(), worker=Address.from_id(4))


def with_other_worker(editor) -> None:
    """Let another miner's worker sign for the winner."""
    other = editor.tree.resolve(worker(other_miner() - FIRST_MINER).address)
    editor.info(winner(), worker=Address.from_id(other))


def without_miner(editor) -> None:
    editor.delete(winner())


def without_sectors(editor) -> None:
    editor.forget_sectors(winner())


def without_network_power(editor) -> None:
    editor.power(total_quality_adjusted_power=0)


def one_win(right: ElectionProof) -> ElectionProof:
    return replace(right, win_count=1)


def more_power(editor) -> None:
    """Give the winner nearly all power, so that it wins more often."""
    editor.claim(winner(), quality_adjusted_power=20 * 2048 * 3 * MINERS)
    editor.power(total_quality_adjusted_power=20 * 2048 * 3 * MINERS + 1)


B, P, A, BP = Moment.BASE, Moment.PAST, Moment.AFTER, Moment.BEFORE_PAST


def gap(made: SmallChain):
    """Return the root of a list of which the first entry is missing."""
    array = Amt(made.store, version=0)
    array.set(1, made.message().cid)
    made.store.put(made.message().cid, made.message().to_cbor())
    return array.flush()


def before_smoke():
    """Return the network as if tickets had not yet been drawn from their parents'."""
    rules = chain().network
    return replace(rules, base_fee=replace(rules.base_fee, packed_until=HEIGHT))


def after_null_rounds(**changes) -> Judged:
    """Judge a block two epochs later than the others are."""
    made = chain()
    for height in range(HEIGHT + 2, HEIGHT + 40):
        for miner in range(FIRST_MINER, FIRST_MINER + MINERS):
            block = made.block(miner=miner, height=height, **changes)
            if block.election_proof.win_count > 0:
                return block, made.world(now=TIMESTAMP + 1000)
    raise AssertionError("nobody ever wins")


def beaconless(count: int) -> Judged:
    """Judge a block on so many tipsets that carry no beacon entry."""
    made = SmallChain()
    base = made.base
    for height in range(906, 906 + count):
        base = made.add(base, height, Moment.BASE, beacon_entries=())
    made.outcomes[base.key] = TipsetState(made.states[A], made.no_receipts)
    stamp = {"beacon_entries": (mock_entry(100 + base.height + 1),)}
    for miner in range(FIRST_MINER, FIRST_MINER + MINERS):
        try:
            block = made.block(miner=miner, height=base.height + 1, base=base, **stamp)
        except LookupError:
            header = replace(chain().block(), parents=base.key.cids, height=base.height + 1)
            return header, made.world(now=TIMESTAMP + 1000)
        if block.election_proof.win_count > 0:
            return block, made.world(now=TIMESTAMP + 1000)
    raise AssertionError("nobody wins")


def check_bad(case: Case) -> None:
    """Judge the block that is wrong."""
    header, world = case.bad()
    with pytest.raises(Invalid) as caught:
        validate_block(header, world)
    assert caught.value.fault == case.fault, caught.value


def named(case: Case) -> str:
    """Return what to call a case where it fails."""
    return f"{case.fault}: {case.what}"
