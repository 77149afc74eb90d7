"""Making blocks: validation accepts each, and nobody makes one that is not theirs to make."""

from dataclasses import replace

import pytest
from mined_chain import MINER, Keys, MinedChain, genesis

from papyrus.actors.miner.state import State
from papyrus.actors.power.params import CREATE_MINER, CreateMinerParams, CreateMinerReturn
from papyrus.actors.singletons import STORAGE_POWER
from papyrus.consensus.fork_choice import without_equivocations
from papyrus.consensus.lookback import lookback
from papyrus.consensus.verdicts import Fault
from papyrus.crypto import bls
from papyrus.ipld.blockstore import load, put_cbor
from papyrus.mining.base_info import mining_base_info
from papyrus.mining.producer import (
    LOCAL_TIMES,
    MAINNET_TIMES,
    MOST_NULL_ROUNDS,
    MiningBase,
    attempt,
    finish,
    next_base,
    still_in,
    ticket_quality,
)
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import Invalid, LocalFault
from papyrus.rules.network import Network
from papyrus.types.ticket import PoStProof, Ticket
from papyrus.types.tipset import Tipset
from papyrus.vm.state_tree import StateTree

THREE = (MINER, Address.from_id(1001), Address.from_id(1002))


@pytest.fixture
def chain():
    return MinedChain()


@pytest.fixture(scope="module")
def three():
    """Return a chain of three miners whose head has a block of each."""
    made = MinedChain(genesis(miners=3))
    while len(made.head.blocks) < 3:
        made.mine(miners=THREE)
    return made


def try_for(chain, base, miner=MINER, select=lambda _base, _quality: ()):
    return attempt(miner, base, chain.world, chain.keys, chain.prover, select)


def won_over(chain, tipset, miner=MINER, **how):
    """Return the first attempt of a miner over a tipset that wins, after null rounds if need be."""
    null_rounds = 0
    while (won := try_for(chain, MiningBase(tipset, null_rounds), miner, **how)) is None:
        null_rounds += 1
    return won


# Whole blocks.


def test_produced_block_is_valid_and_executes(chain):
    alice, bob = chain.people.accounts[:2]
    before = chain.balance(bob.key.address)
    mined = chain.mine(chain.message(alice.key, bob.key.address, TokenAmount(7)))
    assert [receipt.exit_code for receipt in mined.receipts] == [0]
    assert chain.balance(bob.key.address) == before + 7
    assert chain.findings() == ()


def test_messages_are_parted_by_their_signatures(chain):
    people = chain.people
    messages = [
        chain.message(people.bls, people.client.address, TokenAmount(1)),
        chain.message(people.client, people.bls.address, TokenAmount(2)),
        chain.message(people.bls, people.client.address, TokenAmount(3), later=1),
    ]
    won = won_over(chain, chain.head, select=lambda _base, _quality: messages)
    made = finish(won, chain.head, chain.world, chain.keys, lambda _base, _quality: ())
    assert made.bls_messages == (messages[0].message, messages[2].message)
    assert made.signed_messages == (messages[1],)
    assert made.announcement.bls_messages == (messages[0].message.cid, messages[2].message.cid)
    assert made.announcement.secp_messages == (messages[1].cid,)
    made.put(chain.store)
    chain.judge(made.header)


def test_block_without_messages_has_the_aggregate_of_none(chain):
    header = chain.mine().tipset.blocks[0]
    assert header.bls_aggregate.data == bls.ZERO_SIGNATURE


def test_block_carries_the_rounds_of_null_epochs(chain):
    chain.mine()
    height = chain.head.height
    header = chain.mine(null_rounds=5).tipset.blocks[0]
    assert [entry.round for entry in header.beacon_entries] == list(
        range(height + 1, header.height + 1)
    )


def test_block_has_the_time_of_its_epoch(chain):
    header = chain.mine(null_rounds=3).tipset.blocks[0]
    assert header.timestamp == chain.network.timestamp_at(header.height)


def test_same_chain_comes_of_the_same_beginning():
    def made():
        chain = MinedChain()
        alice, bob = chain.people.accounts[:2]
        for epoch in range(5):
            chain.mine(chain.message(alice.key, bob.key.address, TokenAmount(epoch)))
        return chain.head.key

    assert made() == made()


def test_every_miner_of_a_network_wins_its_share(three):
    chain = MinedChain(three.devnet)
    wins = dict.fromkeys(THREE, 0)
    for _ in range(12):
        for header in chain.mine(miners=THREE).tipset.blocks:
            wins[header.miner] += header.election_proof.win_count
    assert min(wins.values()) > 4
    assert chain.findings() == ()


# Who may not.


def test_miner_that_has_not_won_makes_nothing(three):
    """Where a third of the power is one's own, about one epoch in five is without a win."""
    tried = [try_for(three, MiningBase(three.head, null_rounds)) for null_rounds in range(20)]
    lost = [null_rounds for null_rounds, won in enumerate(tried) if won is None]
    assert 0 < len(lost) < 20
    assert three.produce(MiningBase(three.head, lost[0])) is None


def test_account_is_no_miner(chain):
    with pytest.raises(LookupError, match="no miner"):
        try_for(chain, MiningBase(chain.head), Address.from_id(100))


def test_nobody_makes_blocks_without_the_key(chain):
    chain.keys = Keys([])
    with pytest.raises(LocalFault, match="key not found"):
        try_for(chain, MiningBase(chain.head))


def test_nobody_makes_blocks_with_a_key_of_another_kind(chain):
    class Wrong:
        def sign(self, _address, data):
            return chain.people.client.sign(data)

    chain.keys = Wrong()
    with pytest.raises(LocalFault, match="no BLS key"):
        try_for(chain, MiningBase(chain.head))


def test_miner_with_fee_debt_is_not_eligible(chain):
    chain.mine()
    info = mining_base_info(MINER, chain.head.height + 1, chain.head, chain.world)
    assert info.is_eligible
    indebted = with_miner_state(chain, fee_debt=TokenAmount(1))
    assert not mining_base_info(MINER, indebted.height + 1, indebted, chain.world).is_eligible
    assert try_for(chain, MiningBase(indebted)) is None


def with_miner_state(chain, **changes):
    """Return a sibling of the head on a parent state in which the miner's own is changed."""
    header = chain.head.blocks[0]
    tree = StateTree(chain.store, header.parent_state_root)
    actor = tree.get(MINER.id)
    state = replace(State.from_cbor(load(chain.store, actor.head)), **changes)
    tree.set(MINER.id, actor.with_head(put_cbor(chain.store, state.to_ipld())))
    changed = replace(header, parent_state_root=tree.flush())
    chain.store.put(changed.cid, changed.to_cbor())
    return Tipset.of([changed])


def test_young_miner_has_no_past_to_be_judged_by(chain):
    key = chain.people.bls
    params = CreateMinerParams(key.address, key.address, 10, b"", ())
    deposit = TokenAmount.from_fil(100)
    created = chain.message(key, STORAGE_POWER, deposit, CREATE_MINER, params.to_cbor())
    (receipt,) = chain.mine(created).receipts
    young = CreateMinerReturn.from_cbor(receipt.return_data).id_address
    chain.mine()
    assert mining_base_info(young, chain.head.height + 1, chain.head, chain.world) is None
    assert try_for(chain, MiningBase(chain.head), young) is None


# What a miner is told.


def test_base_info_is_what_the_miner_has(chain):
    chain.mine()
    info = mining_base_info(MINER, chain.head.height + 3, chain.head, chain.world)
    assert info.miner_power == info.network_power == 2 * 2048 * 10
    assert info.worker_key == chain.people.workers[0].address
    assert (info.sector_size, info.window_post_proof) == (2048, 10)
    assert info.previous_entry == chain.head.blocks[0].beacon_entries[-1]
    assert [entry.round for entry in info.beacon_entries] == [
        chain.head.height + later for later in (1, 2, 3)
    ]
    assert info.beacon == info.beacon_entries[-1]
    (sector,) = info.sectors
    assert sector.sector_number in (0, 1)


def test_base_info_over_genesis_is_of_genesis(chain):
    info = mining_base_info(MINER, 1, chain.head, chain.world)
    assert info.previous_entry.round == 0
    assert info.is_eligible


# Proofs.


@pytest.mark.parametrize("change", ["proof", "randomness", "miner", "sector"])
def test_block_with_another_proof_is_refused(chain, change):
    """The simulated proof is bound to the statement that validation reads from the chain."""
    won = won_over(chain, chain.head)
    (sector,) = won.info.sectors
    other = replace(sector, sector_number=1 - sector.sector_number)
    drawn = {"randomness": bytes(32)}.get(change, bytes([1] * 32))
    proofs = chain.prover.prove_winning_post(
        0, drawn, (other if change == "sector" else sector,), 1001 if change == "miner" else 1000
    )
    wrong = tuple(PoStProof(proof.post_proof, proof.proof_bytes) for proof in proofs)
    if change == "proof":
        wrong = (replace(won.win_post_proof[0], proof_bytes=bytes(192)),)
    made = finish(
        replace(won, win_post_proof=wrong), chain.head, chain.world, chain.keys, lambda *_: ()
    )
    made.put(chain.store)
    with pytest.raises(Invalid) as refused:
        chain.judge(made.header)
    assert refused.value.fault == Fault.WINNING_POST


def test_block_shows_that_its_proof_is_simulated(chain):
    (proof,) = chain.mine().tipset.blocks[0].win_post_proof
    assert proof.proof_bytes.startswith(b"SIMULATED")
    assert (proof.post_proof, len(proof.proof_bytes)) == (0, 192)


# Bases and times.


def test_head_that_stays_is_one_more_null_round(chain):
    first = next_base(None, chain.head)
    assert first == MiningBase(chain.head, 0)
    assert next_base(first, chain.head) == MiningBase(chain.head, 1)
    assert next_base(MiningBase(chain.head, 4), chain.head).epoch == chain.head.height + 6
    before = MiningBase(chain.head, 4)
    chain.mine()
    assert next_base(before, chain.head) == MiningBase(chain.head, 0)


def test_null_rounds_end_where_no_block_has_a_past(chain):
    chain.mine()
    last = MiningBase(chain.head, MOST_NULL_ROUNDS)
    assert lookback(chain.source, chain.head, last.epoch).tipset.height == 0
    with pytest.raises(LookupError, match="at or after the tipset"):
        try_for(chain, next_base(last, chain.head))


def test_base_is_complete_when_its_blocks_had_time_to_arrive(chain):
    network: Network = chain.network
    base = MiningBase(chain.head, 2)
    start = chain.head.min_timestamp
    assert base.due_at(network, MAINNET_TIMES) == start + 2 * 4 + 10
    assert base.due_at(network, LOCAL_TIMES) == start + 2 * 4 + 1
    assert base.block_time(network) == start + 3 * 4
    assert (MAINNET_TIMES.equivocation_delay, LOCAL_TIMES.equivocation_delay) == (2, 0)


def test_base_loses_the_blocks_that_are_gone(three):
    base = three.head
    for dropped in range(3):
        left = Tipset.of(b for place, b in enumerate(base.blocks) if place != dropped)
        assert still_in(base, left) == left
    assert still_in(base, base) is base


def test_base_takes_nothing_new_in(three):
    base = Tipset.of(three.head.blocks[:2])
    assert still_in(base, three.head) is base


def test_base_stays_where_the_head_is_another(three):
    base = three.head
    assert still_in(base, three.source.tipset(base.parents)) is base
    stranger = Tipset.of([replace(base.blocks[0], timestamp=1)])
    assert still_in(base, stranger) is base


@pytest.mark.parametrize("equivocator", [0, 2])
def test_block_goes_without_the_blocks_of_an_equivocating_miner(three, equivocator):
    """Its weight, state and ticket are those of what is left, and it is valid."""
    chain = three
    base = chain.head
    other = replace(base.blocks[equivocator], timestamp=base.blocks[equivocator].timestamp + 1)
    after = Tipset.of(without_equivocations([*base.blocks, other]))
    assert len(after.blocks) == 2
    asked = []

    def select(tipset, quality):
        asked.append((tipset, quality))
        return ()

    won = won_over(chain, base, select=select)
    made = finish(won, after, chain.world, chain.keys, select)
    made.put(chain.store)
    chain.judge(made.header)
    assert made.header.parents == after.key.cids
    assert asked == [
        (base, ticket_quality(won.ticket)),
        (after, ticket_quality(made.header.ticket)),
    ]
    assert (made.header.ticket == won.ticket) == (equivocator != 0)


def test_block_over_an_unchanged_base_keeps_its_messages(three):
    asked = []
    won = won_over(three, three.head, select=lambda *_: asked.append(1) or ())
    made = finish(won, three.head, three.world, three.keys, lambda *_: asked.append(2) or ())
    assert made.header.ticket == won.ticket
    assert asked == [1]


def test_quality_of_a_ticket_is_better_the_smaller_its_digest():
    tickets = sorted((Ticket(bytes([n])) for n in range(20)), key=lambda ticket: ticket.digest)
    qualities = [ticket_quality(ticket) for ticket in tickets]
    assert qualities == sorted(qualities, reverse=True)
    assert all(0 <= quality <= 1 for quality in qualities)
