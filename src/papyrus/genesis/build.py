"""From a template to a genesis: the state, and the block that stands on it (spec 3.5).

The same template gives the same blocks, byte by byte, whichever engine runs the actors.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from papyrus.genesis.initial_state import initial_state
from papyrus.genesis.keys import TrustingAccounts
from papyrus.genesis.messages import genesis_machine
from papyrus.genesis.miners import Progress, grant_datacap, make_miners
from papyrus.genesis.template import Template, check_template
from papyrus.ipld.amt import amt_root
from papyrus.ipld.blockstore import Blockstore, LayeredBlockstore, load, put_cbor
from papyrus.ipld.cid import DAG_CBOR, RAW, SHA2_256, Cid
from papyrus.ipld.links import cids_in
from papyrus.primitives.address import ETHEREUM_NAMESPACE, Address
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.rules.actor_codes import actor_codes
from papyrus.rules.policy import policy_of
from papyrus.types.actor import EMPTY_STATE, ActorState
from papyrus.types.block import BlockHeader, MsgMeta
from papyrus.types.ticket import BeaconEntry, ElectionProof, Ticket
from papyrus.vm.machine import ActorEngine, Machine

INITIAL_BASE_FEE = TokenAmount(100_000_000)

_NULL_ADDRESS = Address.delegated(ETHEREUM_NAMESPACE, bytes(20))
"""Ethereum's address zero, which must not be anybody's."""

_FIRST_PARENT = bytes.fromhex(
    "a5684461746574696d6573323031372d30352d30352030313a32373a3531674e6574776f726b6846696c6563"
    "6f696e65546f6b656e6846696c65636f696e6c546f6b656e416d6f756e7473a36b546f74616c537570706c79"
    "6d322c3030302c3030302c303030664d696e6572736d312c3430302c3030302c3030306c50726f746f636f6c"
    "4c616273a36b446576656c6f706d656e746b3330302c3030302c3030306b46756e6472616973696e676b3230"
    "302c3030302c3030306a466f756e646174696f6e6b3130302c3030302c303030674d65737361676578485468"
    "6973206973207468652047656e6573697320426c6f636b206f66207468652046696c65636f696e2044656365"
    "6e7472616c697a65642053746f72616765204e6574776f726b2e"
)
"""A block of 2017 with a message from before the network, the parent of every genesis."""


@dataclass(frozen=True, slots=True)
class Genesis:
    """A network at its beginning."""

    header: BlockHeader
    cid: Cid
    """The genesis block's, by which a network is told from others."""
    store: Blockstore
    """Holds everything but the actors' code."""


def build_genesis(
    template: Template, store: Blockstore, engine: ActorEngine, progress: Progress
) -> Genesis:
    """Make the genesis of a template in an empty store.

    `store` also finds the actors' code, where the engine runs that. LocalFault where the template
    is not one to begin with, or a message on the way fails.
    """
    check_template(template)
    network, rules = template.constants(), template.rules()
    policy = policy_of(network.actors_bundle)
    codes = actor_codes(rules.actors_version, network.actors_bundle)
    if template.trusts_deals:
        engine = TrustingAccounts(engine, policy)

    root = initial_state(store, template, codes)
    machine = genesis_machine(store, root, network, rules, engine)
    grant_datacap(machine, template)
    make_miners(machine, template, policy, progress)
    _claim_null_address(machine, codes["ethaccount"])
    header = _header(store, template, machine.flush())
    cid = put_cbor(store, header.to_ipld())
    return Genesis(header, cid, store)


def genesis_blocks(genesis: Genesis, code: Blockstore) -> Iterator[tuple[Cid, bytes]]:
    """Give every block of a genesis once, parents before what they link to, as a chain file has it.

    The actors' code comes along as far as `code` has it.
    """
    store = LayeredBlockstore(genesis.store, code)
    wanted = [genesis.cid]
    seen: set[Cid] = set()
    while wanted:
        cid = wanted.pop()
        if cid in seen:
            continue
        seen.add(cid)
        if cid.codec == RAW:
            data = store.get(cid)
            if data is not None:
                yield cid, data
        elif cid.codec == DAG_CBOR:
            data = load(store, cid)
            yield cid, data
            wanted += reversed(cids_in(data))


def _claim_null_address(machine: Machine, code: Cid) -> None:
    actor_id = machine.tree.register(_NULL_ADDRESS)
    machine.tree.set(actor_id, ActorState(code, EMPTY_STATE, 0, ZERO, _NULL_ADDRESS))


def _header(store: Blockstore, template: Template, state_root: Cid) -> BlockHeader:
    """Store what a genesis block refers to, besides the state, and return the block."""
    parent = Cid.of(_FIRST_PARENT, DAG_CBOR, SHA2_256)
    store.put(parent, _FIRST_PARENT)
    nothing = amt_root(store, ())
    messages = put_cbor(store, MsgMeta(nothing, nothing).to_ipld())
    return BlockHeader(
        miner=Address.from_id(0),
        ticket=Ticket(template.ticket),
        election_proof=ElectionProof(0, b""),
        beacon_entries=(BeaconEntry(0, bytes(32)),),
        win_post_proof=(),
        parents=(parent,),
        parent_weight=0,
        height=0,
        parent_state_root=state_root,
        parent_message_receipts=nothing,
        messages=messages,
        bls_aggregate=None,
        timestamp=template.timestamp,
        block_sig=None,
        fork_signaling=0,
        parent_base_fee=INITIAL_BASE_FEE,
    )
