"""The messages of a block against the state: every rule broken alone, and just kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import pytest

from papyrus.consensus.block_messages import (
    check_aggregate,
    check_block_messages,
    messages_root,
)
from papyrus.consensus.senders import key_address
from papyrus.consensus.verdicts import Fault
from papyrus.crypto import bls
from papyrus.crypto.signatures import Signature, SignatureType, address_of, sign
from papyrus.ipld.amt import amt_root
from papyrus.ipld.blockstore import MemoryBlockstore, put_cbor
from papyrus.ipld.cid import RAW, Cid
from papyrus.ipld.hamt import Hamt
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import Invalid
from papyrus.rules.network import Network
from papyrus.rules.networks import DEVNET, LOTUS_ITEST
from papyrus.types.actor import ActorState, StateRoot
from papyrus.types.block import BlockHeader, MsgMeta
from papyrus.types.ethereum_transaction import METHOD_INVOKE_CONTRACT, unsigned_transaction
from papyrus.types.message import Message, SignedMessage
from papyrus.types.ticket import ElectionProof, Ticket
from papyrus.vm.state_tree import StateTree

NETWORK = LOTUS_ITEST
BLOCK_GAS = 10_000_000_000
CODES = {
    name: Cid.of(name.encode(), RAW)
    for name in ("system", "init", "account", "multisig", "evm", "eam", "placeholder", "ethaccount")
}
BLS_SECRETS = {number: number.to_bytes(32, "little") for number in range(1, 5)}
SECRETS = {number: number.to_bytes(32, "big") for number in range(1, 8)}


def _key(kind: SignatureType, number: int) -> Address:
    return address_of(kind, BLS_SECRETS[number] if kind == SignatureType.BLS else SECRETS[number])


ALICE, BOB, NOBODY = (_key(SignatureType.BLS, number) for number in (1, 2, 3))
CAROL = _key(SignatureType.SECP256K1, 1)
ETHAN, PLACE, USED_PLACE, BARE_PLACE, FOREIGN_PLACE = (
    _key(SignatureType.DELEGATED, number) for number in range(2, 7)
)
FOREIGN = Address.delegated(11, ETHAN.subaddress)
WALLET = Address.actor(b"wallet")
IDS = {
    ALICE: 101,
    BOB: 102,
    CAROL: 103,
    ETHAN: 104,
    PLACE: 105,
    USED_PLACE: 106,
    BARE_PLACE: 107,
    WALLET: 109,
    FOREIGN: 110,
}
ALICE_ID, BOB_ID, CAROL_ID, ETHAN_ID = (Address.from_id(IDS[a]) for a in (ALICE, BOB, CAROL, ETHAN))
LATE_ID = Address.from_id(111)
"""An account of NOBODY's key that the parent tipset made."""


def make_tree(store: MemoryBlockstore, *, late: bool) -> StateTree:
    """Return a state; the account that the parent tipset makes is there if `late`."""
    manifest = put_cbor(store, [[name, code] for name, code in CODES.items()])
    empty = put_cbor(store, [])
    names = Hamt(store)
    for address, actor_id in IDS.items():
        names.set(address, actor_id)
    if late:
        names.set(NOBODY, LATE_ID.id)
    rows = {
        0: ("system", put_cbor(store, [manifest]), 0, None),
        1: ("init", put_cbor(store, [names.flush(), 1001, "testing"]), 0, None),
        101: ("account", put_cbor(store, [bytes(ALICE)]), 5, None),
        102: ("account", put_cbor(store, [bytes(BOB)]), 0, None),
        103: ("account", put_cbor(store, [bytes(CAROL)]), 9, None),
        104: ("ethaccount", empty, 3, ETHAN),
        105: ("placeholder", empty, 0, PLACE),
        106: ("placeholder", empty, 1, USED_PLACE),
        107: ("placeholder", empty, 0, None),
        109: ("multisig", empty, 0, None),
        110: ("placeholder", empty, 0, FOREIGN),
    }
    if late:
        rows[LATE_ID.id] = ("account", put_cbor(store, [bytes(NOBODY)]), 0, None)
    actors = Hamt(store)
    for actor_id, (name, head, nonce, delegated) in rows.items():
        actor = ActorState(CODES[name], head, nonce, TokenAmount(10**18), delegated)
        actors.set(Address.from_id(actor_id), actor.to_ipld())
    root = put_cbor(store, StateRoot(5, actors.flush(), empty).to_ipld())
    return StateTree(store, root)


@dataclass(frozen=True)
class Block:
    """A block's messages, and what its header says of them where that is not the truth."""

    bls: Sequence[Message] = ()
    signed: Sequence[SignedMessage] = ()
    aggregate: Callable[[Signature], Signature | None] = lambda truth: truth
    root: Callable[[Cid], Cid] = lambda truth: truth
    network: Network = NETWORK


def message(sender: Address, nonce: int, **fields: object) -> Message:
    values: dict[str, object] = {
        "version": 0,
        "to": Address.from_id(100),
        "sender": sender,
        "nonce": nonce,
        "value": ZERO,
        "gas_limit": 1_000_000,
        "gas_fee_cap": TokenAmount(100),
        "gas_premium": TokenAmount(10),
        "method": 0,
        "params": b"",
    }
    return Message(**(values | fields))  # type: ignore[arg-type]


def carol(nonce: int, sender: Address = CAROL, **fields: object) -> SignedMessage:
    """Return a message that Carol signed."""
    unsigned = message(sender, nonce, **fields)
    return SignedMessage(unsigned, sign(SignatureType.SECP256K1, SECRETS[1], unsigned.cid))


def ethereum(number: int, nonce: int, sender: Address | None = None) -> SignedMessage:
    """Return a message that an Ethereum account signed."""
    account = _key(SignatureType.DELEGATED, number)
    unsigned = message(sender or account, nonce, method=METHOD_INVOKE_CONTRACT)
    data = unsigned_transaction(unsigned, NETWORK.ethereum_chain_id).signing_bytes
    return SignedMessage(unsigned, sign(SignatureType.DELEGATED, SECRETS[number], data))


SIGNERS = {ALICE: 1, ALICE_ID: 1, BOB: 2, BOB_ID: 2, NOBODY: 3, LATE_ID: 3}


def header_of(block: Block) -> BlockHeader:
    signatures = [bls.sign(BLS_SECRETS[SIGNERS.get(m.sender, 4)], bytes(m.cid)) for m in block.bls]
    root = messages_root(
        MemoryBlockstore(), [m.cid for m in block.bls], [m.cid for m in block.signed]
    )
    return BlockHeader(
        miner=Address.from_id(1000),
        ticket=Ticket(b"ticket"),
        election_proof=ElectionProof(1, b"election"),
        beacon_entries=(),
        win_post_proof=(),
        parents=(),
        parent_weight=0,
        height=10,
        parent_state_root=root,
        parent_message_receipts=root,
        messages=block.root(root),
        bls_aggregate=block.aggregate(Signature(SignatureType.BLS, bls.aggregate(signatures))),
        timestamp=0,
        block_sig=None,
        fork_signaling=0,
        parent_base_fee=TokenAmount(100),
    )


def check(block: Block) -> None:
    store = MemoryBlockstore()
    parent, tree = make_tree(store, late=False), make_tree(store, late=True)
    check_block_messages(header_of(block), block.bls, block.signed, parent, tree, block.network)


def other_data(data: bytes) -> Callable[[Signature], Signature]:
    return lambda truth: Signature(truth.type, data)


MANY = BLOCK_GAS // 4
FIRST_MINIMUM = 38_863 + 1000 * 36
SMALL = message(ALICE, 5).chain_length
SMALL_SIGNED = carol(9).chain_length

GOOD = {
    "no messages": Block(),
    "no messages and any aggregate": Block(aggregate=other_data(b"\x01" * 96)),
    "no messages and a longer aggregate": Block(aggregate=other_data(b"\x01" * 100)),
    "one BLS message": Block([message(ALICE, 5)]),
    "an aggregate of another type": Block(
        [message(ALICE, 5)],
        aggregate=lambda truth: Signature(SignatureType.SECP256K1, truth.data),
    ),
    "bytes after the aggregate": Block(
        [message(ALICE, 5)],
        aggregate=lambda truth: Signature(truth.type, truth.data + b"more"),
    ),
    "two senders taking turns": Block(
        [message(ALICE, 5), message(BOB, 0), message(ALICE, 6), message(BOB, 1)]
    ),
    "a sender by key and by ID": Block([message(ALICE, 5), message(ALICE_ID, 6)]),
    "a sender by ID alone": Block([message(BOB_ID, 0)]),
    "an account that the parent made, by key": Block([message(NOBODY, 0)]),
    "an account that the parent made, by ID": Block([message(LATE_ID, 0)]),
    "a secp256k1 message": Block((), [carol(9)]),
    "a secp256k1 message by ID": Block((), [carol(9, CAROL_ID), carol(10)]),
    "an Ethereum account": Block((), [ethereum(2, 3)]),
    "an Ethereum account by ID": Block((), [ethereum(2, 3, ETHAN_ID)]),
    "a placeholder's first messages": Block((), [ethereum(3, 0), ethereum(3, 1)]),
    "all kinds": Block([message(ALICE, 5)], [carol(9), ethereum(2, 3), carol(10)]),
    "all the gas there is": Block(
        [message(ALICE, nonce, gas_limit=MANY) for nonce in (5, 6)],
        [carol(nonce, gas_limit=MANY) for nonce in (9, 10)],
    ),
    "the least gas": Block([message(ALICE, 5, gas_limit=FIRST_MINIMUM + 1000 * SMALL)]),
    "the least gas with the signature's bytes": Block(
        (), [carol(9, gas_limit=FIRST_MINIMUM + 1000 * SMALL_SIGNED)]
    ),
    "the least gas on today's list": Block(
        [message(ALICE, 5, gas_limit=513_863 + 1300 * (36 + SMALL))],
        network=replace(NETWORK, inclusion_prices=None),
    ),
    "a fee cap below the base fee, and no funds": Block(
        [message(ALICE, 5, gas_fee_cap=ZERO, gas_premium=ZERO, value=TokenAmount(10**26))]
    ),
}

BAD = {
    "no aggregate": (Block(aggregate=lambda _: None), Fault.NO_BLS_AGGREGATE),
    "95 bytes of aggregate": (
        Block(aggregate=other_data(bls.ZERO_SIGNATURE[:95])),
        Fault.BLS_AGGREGATE,
    ),
    "the aggregate of nothing": (
        Block([message(ALICE, 5)], aggregate=other_data(bls.ZERO_SIGNATURE)),
        Fault.BLS_AGGREGATE,
    ),
    "an aggregate that is no point": (
        Block([message(ALICE, 5)], aggregate=other_data(b"\x01" * 96)),
        Fault.BLS_AGGREGATE,
    ),
    "an aggregate over one message fewer": (
        Block(
            [message(ALICE, 5), message(BOB, 0)],
            aggregate=other_data(bls.sign(BLS_SECRETS[1], bytes(message(ALICE, 5).cid))),
        ),
        Fault.BLS_AGGREGATE,
    ),
    "a sender whose key is no point": (
        Block([message(Address.bls(b"\x01" * 48), 0)]),
        Fault.BLS_AGGREGATE,
    ),
    "a BLS message of a secp256k1 account": (Block([message(CAROL, 9)]), Fault.SENDER_KEY),
    "a BLS message of that account's ID": (Block([message(CAROL_ID, 9)]), Fault.SENDER_KEY),
    "a BLS message of an Ethereum account": (Block([message(ETHAN_ID, 3)]), Fault.SENDER_KEY),
    "a BLS message of an ID nobody has": (
        Block([message(Address.from_id(999), 0)]),
        Fault.SENDER_KEY,
    ),
    "a BLS message of a multisig's ID": (
        Block([message(Address.from_id(109), 0)]),
        Fault.SENDER_KEY,
    ),
    "a BLS message of an actor's address": (Block([message(WALLET, 0)]), Fault.SENDER_KEY),
    "a key without an account": (
        Block([message(_key(SignatureType.BLS, 4), 0)]),
        Fault.SENDER_NOT_FOUND,
    ),
    "an account by a key nobody registered": (
        Block((), [ethereum(7, 0)]),
        Fault.SENDER_NOT_FOUND,
    ),
    "a multisig among the signed": (Block((), [carol(0, WALLET)]), Fault.SENDER_NOT_AN_ACCOUNT),
    "a placeholder that has sent": (Block((), [ethereum(4, 1)]), Fault.SENDER_NOT_AN_ACCOUNT),
    "a placeholder without an address": (
        Block((), [ethereum(5, 0)]),
        Fault.SENDER_NOT_AN_ACCOUNT,
    ),
    "a placeholder of another namespace": (
        Block((), [carol(0, FOREIGN)]),
        Fault.SENDER_NOT_AN_ACCOUNT,
    ),
    "a nonce too high": (Block([message(ALICE, 6)]), Fault.MESSAGE_NONCE),
    "a nonce too low": (Block([message(ALICE, 4)]), Fault.MESSAGE_NONCE),
    "a gap": (Block([message(ALICE, 5), message(ALICE, 7)]), Fault.MESSAGE_NONCE),
    "the same nonce twice": (
        Block([message(ALICE, 5), message(ALICE, 5, method=7)]),
        Fault.MESSAGE_NONCE,
    ),
    "the same nonce by key and by ID": (
        Block([message(ALICE, 5), message(ALICE_ID, 5)]),
        Fault.MESSAGE_NONCE,
    ),
    "nonces in the wrong order": (
        Block([message(ALICE, 6), message(ALICE, 5)]),
        Fault.MESSAGE_NONCE,
    ),
    "a placeholder that skips its first": (Block((), [ethereum(3, 1)]), Fault.MESSAGE_NONCE),
    "a gas more than there is": (
        Block(
            [message(ALICE, nonce, gas_limit=MANY) for nonce in (5, 6)],
            [carol(9, gas_limit=MANY), carol(10, gas_limit=MANY + 1)],
        ),
        Fault.BLOCK_GAS_LIMIT,
    ),
    "a gas less than the least": (
        Block([message(ALICE, 5, gas_limit=FIRST_MINIMUM + 1000 * SMALL - 1)]),
        Fault.MESSAGE_MINIMUM_GAS,
    ),
    "gas for the message without its signature": (
        Block((), [carol(9, gas_limit=FIRST_MINIMUM + 1000 * SMALL_SIGNED - 1)]),
        Fault.MESSAGE_MINIMUM_GAS,
    ),
    "a gas less than today's list asks": (
        Block(
            [message(ALICE, 5, gas_limit=513_863 + 1300 * (36 + SMALL) - 1)],
            network=replace(NETWORK, inclusion_prices=None),
        ),
        Fault.MESSAGE_MINIMUM_GAS,
    ),
    "a BLS message no block may carry": (
        Block([message(ALICE, 5, version=1)]),
        Fault.MESSAGE_VERSION,
    ),
    "a signed message no block may carry": (
        Block((), [carol(9, value=TokenAmount(-1))]),
        Fault.MESSAGE_VALUE,
    ),
    "a BLS signature among the signed": (
        Block(
            (),
            [
                SignedMessage(
                    message(ALICE, 5),
                    sign(SignatureType.BLS, BLS_SECRETS[1], bytes(message(ALICE, 5).cid)),
                )
            ],
        ),
        Fault.SIGNATURE_TYPE,
    ),
    "a signature of another message": (
        Block((), [SignedMessage(message(CAROL, 9), carol(10).signature)]),
        Fault.MESSAGE_SIGNATURE,
    ),
    "another account's signature": (
        Block((), [carol(5, ALICE_ID)]),
        Fault.MESSAGE_SIGNATURE,
    ),
    "a delegated signature of no transaction": (
        Block((), [replace(ethereum(2, 3), message=message(ETHAN, 3))]),
        Fault.ETHEREUM_TRANSACTION,
    ),
    "a legacy transaction's form before nv23": (
        Block(
            (),
            [
                replace(
                    ethereum(2, 3),
                    signature=Signature(
                        SignatureType.DELEGATED, b"\x01" + bytes(31) + b"\x01" * 33 + b"\x1b"
                    ),
                )
            ],
            network=NETWORK.with_upgrades(((-1, 22),)),
        ),
        Fault.ETHEREUM_TRANSACTION,
    ),
    "a transaction of another network": (
        Block((), [ethereum(2, 3)], network=replace(DEVNET, schedule=NETWORK.schedule)),
        Fault.MESSAGE_SIGNATURE,
    ),
    "another root of messages": (
        Block([message(ALICE, 5)], root=lambda _: Cid.of(b"other")),
        Fault.MESSAGES_ROOT,
    ),
    "a root of none of them": (
        Block(
            [message(ALICE, 5)],
            root=lambda _: messages_root(MemoryBlockstore(), (), ()),
        ),
        Fault.MESSAGES_ROOT,
    ),
    "a root of the lists changed about": (
        Block(
            [message(ALICE, 5)],
            root=lambda _: messages_root(MemoryBlockstore(), (), [message(ALICE, 5).cid]),
        ),
        Fault.MESSAGES_ROOT,
    ),
    "a root in another order": (
        Block(
            [message(ALICE, 5), message(BOB, 0)],
            root=lambda _: messages_root(
                MemoryBlockstore(), [message(BOB, 0).cid, message(ALICE, 5).cid], ()
            ),
        ),
        Fault.MESSAGES_ROOT,
    ),
}


@pytest.mark.parametrize("block", GOOD.values(), ids=GOOD)
def test_messages_that_a_block_may_carry(block: Block) -> None:
    check(block)


@pytest.mark.parametrize(("block", "fault"), BAD.values(), ids=BAD)
def test_messages_that_a_block_may_not_carry(block: Block, fault: Fault) -> None:
    with pytest.raises(Invalid) as caught:
        check(block)
    assert caught.value.fault is fault


def test_the_root_is_of_two_arrays_of_the_messages() -> None:
    store = MemoryBlockstore()
    bls_cids, signed_cids = [message(ALICE, 5).cid], [carol(9).cid, carol(10).cid]
    root = messages_root(store, bls_cids, signed_cids)
    expected = MsgMeta(amt_root(store, bls_cids), amt_root(store, signed_cids))
    assert MsgMeta.from_cbor(store.get(root)) == expected  # type: ignore[arg-type]
    assert root == expected.cid


@pytest.mark.parametrize(
    ("address", "key"),
    [(ALICE, ALICE), (CAROL_ID, CAROL), (ETHAN_ID, ETHAN), (FOREIGN, FOREIGN), (LATE_ID, NOBODY)],
    ids=str,
)
def test_who_signs_for_an_address(address: Address, key: Address) -> None:
    assert key_address(make_tree(MemoryBlockstore(), late=True), address) == key


@pytest.mark.parametrize("address", [WALLET, LATE_ID, Address.from_id(107)], ids=str)
def test_nobody_signs_for_other_actors(address: Address) -> None:
    with pytest.raises(LookupError):
        key_address(make_tree(MemoryBlockstore(), late=False), address)


def test_an_aggregate_of_300_messages_is_checked_quickly() -> None:
    secrets = [number.to_bytes(32, "little") for number in range(1, 31)]
    cids = [Cid.of(b"message %d" % number) for number in range(300)]
    keys = [bls.public_key(secrets[number % 30]) for number in range(300)]
    signatures = [bls.sign(secrets[number % 30], bytes(cid)) for number, cid in enumerate(cids)]
    aggregate = Signature(SignatureType.BLS, bls.aggregate(signatures))
    start = perf_counter()
    check_aggregate(aggregate, keys, cids)
    assert perf_counter() - start < 2, "about 0.1 s where nothing else runs"
    with pytest.raises(Invalid, match="300 messages"):
        check_aggregate(aggregate, keys, [*cids[:-1], Cid.of(b"another")])
