"""Which messages of a tipset count."""

from dataclasses import replace

import pytest

from papyrus.consensus.selection import messages_of, select_messages
from papyrus.crypto.signatures import Signature, SignatureType
from papyrus.ipld.amt import amt_root
from papyrus.ipld.blockstore import put_cbor
from papyrus.primitives.address import Address
from papyrus.primitives.errors import Invalid, LocalFault
from papyrus.rules.networks import LOTUS_ITEST
from papyrus.types.block import MsgMeta
from papyrus.types.message import SignedMessage
from papyrus.types.ticket import Ticket
from papyrus.vm.state_tree import StateTree

ALICE, BOB = Address.from_id(101), Address.from_id(102)
RESOLVING = replace(LOTUS_ITEST, senders_resolved_from=0)


def _signed(message):
    return SignedMessage(message, Signature(SignatureType.SECP256K1, bytes(65)))


def _select(chain, *blocks, network=LOTUS_ITEST):
    """Return the (sender, nonce, gas limit) of what counts in blocks of (BLS, other) messages."""
    parents = chain.tipsets[0].key.cids
    headers = [
        chain.header(
            1,
            parents,
            miner=Address.from_id(1000 + number),
            ticket=Ticket(b"%d" % number),
            messages=chain.messages(*groups),
        )
        for number, groups in enumerate(blocks)
    ]
    tipset = chain.add(*headers)
    order = [block.miner.id - 1000 for block in tipset.blocks]
    selected = select_messages(chain.store, tipset, StateTree(chain.store, chain.state), network)
    assert [block.miner.id - 1000 for block in selected] == order
    return order, [
        [(m.unsigned.sender, m.unsigned.nonce, m.unsigned.gas_limit) for m in block.messages]
        for block in selected
    ]


def test_bls_messages_come_before_the_others(chain):
    first, second = chain.message(ALICE, 5), chain.message(ALICE, 4)
    header = chain.header(1, (), messages=chain.messages([first], [_signed(second)]))
    assert messages_of(chain.store, header) == (first, _signed(second))


def test_the_first_nonce_is_taken_and_gaps_are_passed_over(chain):
    messages = [chain.message(ALICE, nonce) for nonce in (7, 8, 10, 9, 9)]
    _, (counted,) = _select(chain, (messages,))
    assert [nonce for _, nonce, _ in counted] == [7, 8, 9]


def test_a_later_block_does_not_repeat_an_earlier_one(chain):
    first = [chain.message(ALICE, 0, gas_limit=1), chain.message(BOB, 3, gas_limit=1)]
    second = [chain.message(ALICE, 0, gas_limit=2), chain.message(ALICE, 1, gas_limit=2)]
    order, counted = _select(chain, (first,), (second,))
    winner = 1 + order[0]
    assert counted[0][0] == (ALICE, 0, winner)
    assert (ALICE, 1, 2) in counted[0] + counted[1]
    assert sum(nonce == 0 for block in counted for _, nonce, _ in block) == 1
    assert (BOB, 3, 1) in counted[0] + counted[1]


def test_two_addresses_of_one_account_are_one_sender_from_hyperdrive(chain, worker):
    messages = [chain.message(worker, 0), chain.message(ALICE, 0), chain.message(ALICE, 1)]
    _, (as_written,) = _select(chain, (messages,))
    _, (resolved,) = _select(chain, (messages,), network=RESOLVING)
    assert [sender for sender, _, _ in as_written] == [worker, ALICE, ALICE]
    assert [(sender, nonce) for sender, nonce, _ in resolved] == [(worker, 0), (ALICE, 1)]


def test_a_sender_the_state_does_not_know_is_told_apart_as_written(chain):
    stranger = Address.secp256k1(b"\x04" + bytes(64))
    messages = [chain.message(stranger, 2), chain.message(stranger, 3)]
    _, (counted,) = _select(chain, (messages,), network=RESOLVING)
    assert len(counted) == 2


def test_a_block_without_an_election_proof_won_nothing(chain):
    tipset = chain.add(chain.header(1, chain.tipsets[0].key.cids, election_proof=None))
    tree = StateTree(chain.store, chain.state)
    assert select_messages(chain.store, tipset, tree, LOTUS_ITEST)[0].win_count == 0


def test_two_blocks_of_one_miner_make_the_tipset_invalid(chain):
    header = chain.header(1, ())
    tipset = chain.add(header, replace(header, ticket=Ticket(b"another")))
    tree = StateTree(chain.store, chain.state)
    with pytest.raises(Invalid, match="duplicate-miner"):
        select_messages(chain.store, tipset, tree, LOTUS_ITEST)


def test_missing_messages_are_this_machines_fault(chain):
    with pytest.raises(LocalFault, match="missing"):
        messages_of(chain.store, chain.header(1, (), messages=chain.message(ALICE, 0).cid))


def test_what_is_no_message_makes_the_block_invalid(chain):
    header = chain.header(1, (), messages=chain.messages([chain.message(ALICE, 0, version=1)]))
    with pytest.raises(Invalid, match="a message of version 1"):
        messages_of(chain.store, header)


def test_an_array_of_other_things_makes_the_block_invalid(chain):
    root, empty = amt_root(chain.store, [5]), amt_root(chain.store, [])
    meta = put_cbor(chain.store, MsgMeta(root, empty).to_ipld())
    with pytest.raises(Invalid, match="is not a list of CIDs"):
        messages_of(chain.store, chain.header(1, (), messages=meta))
