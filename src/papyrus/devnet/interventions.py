"""Changes of the state that no message could make, for tests: SIMULATED, and on a devnet alone.

Between two tipsets the state after the first is put into another one, and the next block stands on
that. What is changed stays a state that actors could be in: all FIL together stay the same, since
the reserve f090 pays for what an account gets and takes what it loses, and a change after which the
invariants of the actors would no longer hold is refused. Impersonation runs a message as anybody's,
without a signature, a nonce or gas; what it does is up to the actors, as ever.

These are functions for a worker. What they made is on the disk when they return.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from papyrus.actors.checks.state import Finding, check_state
from papyrus.actors.miner.state import State
from papyrus.chain.calls import IMPLICIT_GAS_LIMIT, machine_on
from papyrus.devnet.expirations import with_expiration
from papyrus.genesis.initial_state import REMAINDER_ID
from papyrus.ipld.blockstore import Blockstore, load, put_cbor
from papyrus.ipld.cid import Cid
from papyrus.node.execution import ExecutionMeans
from papyrus.node.tipset_work import world_over
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.primitives.sentences import sentence
from papyrus.rules.policy import policy_of
from papyrus.types.actor import ActorState
from papyrus.types.message import Message, draft
from papyrus.types.receipt import Receipt
from papyrus.types.tipset import Tipset
from papyrus.vm.executor import ApplyResult, execute_implicit
from papyrus.vm.machine import Machine

RESERVE = Address.from_id(REMAINDER_ID)
"""f090, whose FIL nobody has yet."""

_NONCES = 1 << 63
"""From here on are the nonces of impersonated messages, which no account's own get to: the actors
that a message makes have addresses that follow from its nonce."""


@dataclass(frozen=True, slots=True)
class Intervention:
    """A state that was put in place of another."""

    state_root: Cid
    receipt: Receipt | None = None
    """Of the message that was run."""
    failure: str | None = None
    """Why it failed."""


def set_balance(
    means: ExecutionMeans, tipset: Tipset, root: Cid, address: Address, balance: TokenAmount
) -> Intervention:
    """Give an address a balance, and an actor if it has none.

    LocalFault where f090 lacks the difference, nobody can have the address, or the state would
    break.
    """
    _expect_funds(balance)

    def change(machine: Machine) -> None:
        tree = machine.tree
        actor_id = tree.resolve(address)
        actor = None if actor_id is None else tree.get(actor_id)
        if actor_id is None or actor is None:
            _run(machine, draft(RESERVE, address, balance))
        else:
            _put(machine, actor_id, actor.with_balance(balance))

    return _intervene(means, tipset, root, change)


def set_actor(
    means: ExecutionMeans, tipset: Tipset, root: Cid, address: Address, actor: ActorState
) -> Intervention:
    """Put an actor at an address, whose state must be in the store already.

    An address that nobody has gets an ID. LocalFault as for `set_balance`, and for code or a state
    that is not known.
    """
    _expect_funds(actor.balance)

    def change(machine: Machine) -> None:
        if actor.code not in machine.manifest.names:
            raise LocalFault(f"{actor.code} is the code of no actor here")
        if not machine.store.has(actor.head):
            raise LocalFault(f"the state {actor.head} is not in the store: put it there first")
        actor_id = machine.tree.resolve(address)
        if actor_id is None:
            actor_id = machine.tree.register(address)
        _put(machine, actor_id, actor)

    return _intervene(means, tipset, root, change)


def set_expiration(
    means: ExecutionMeans,
    tipset: Tipset,
    root: Cid,
    miner: Address,
    sectors: Sequence[int],
    expiration: ChainEpoch,
) -> Intervention:
    """Let active sectors without data expire at an epoch, be it sooner than any message could.

    LocalFault as for `set_balance`, and where there are no such sectors, or the epoch is past.
    """
    if expiration <= tipset.height:
        raise LocalFault(f"epoch {expiration} is past: the head is at {tipset.height}")

    def change(machine: Machine) -> None:
        actor_id = machine.tree.resolve(miner)
        actor = None if actor_id is None else machine.tree.get(actor_id)
        if actor_id is None or actor is None:
            raise LocalFault(sentence("there is no miner {}", miner))
        try:
            state = State.from_cbor(load(machine.store, actor.head))
        except DecodeError as error:
            raise LocalFault(sentence("{} is no miner", miner)) from error
        policy = policy_of(means.network.actors_bundle)
        state = with_expiration(machine.store, state, policy, sectors, expiration)
        _put(machine, actor_id, actor.with_head(put_cbor(machine.store, state.to_ipld())))

    return _intervene(means, tipset, root, change)


def impersonate(means: ExecutionMeans, tipset: Tipset, root: Cid, message: Message) -> Intervention:
    """Run a message as its sender's, whoever that is, and whether or not it could be sent.

    A message that fails changes nothing but is answered all the same.
    """
    with means.database.batch() as store:
        machine = _machine(means, store, tipset, root)
        nonce = _NONCES + tipset.height
        turn = replace(message, nonce=nonce, gas_limit=IMPLICIT_GAS_LIMIT)
        result = execute_implicit(machine, turn)
        return Intervention(machine.flush(), result.receipt, result.failure)


def _intervene(
    means: ExecutionMeans, tipset: Tipset, root: Cid, change: Callable[[Machine], None]
) -> Intervention:
    with means.database.batch() as store:
        machine = _machine(means, store, tipset, root)
        change(machine)
        changed = machine.flush()
        found = _findings(means, machine.store, changed, tipset.height)
        if found:
            found -= _findings(means, machine.store, root, tipset.height)
        if found:
            broken = min(found, key=str)
            raise LocalFault(sentence("the state would no longer hold together: {}", broken.words))
        return Intervention(changed)


def _machine(means: ExecutionMeans, store: Blockstore, tipset: Tipset, root: Cid) -> Machine:
    world = world_over(means, store)
    return machine_on(world, world.store, tipset, root, base_fee=tipset.parent_base_fee)


def _findings(means: ExecutionMeans, store: Blockstore, root: Cid, epoch: int) -> set[Finding]:
    policy = policy_of(means.network.actors_bundle)
    return set(check_state(store, root, epoch=epoch, policy=policy).findings)


def _run(machine: Machine, message: Message) -> ApplyResult:
    result = execute_implicit(machine, replace(message, gas_limit=IMPLICIT_GAS_LIMIT))
    if not result.receipt.is_success:
        raise LocalFault(sentence("{} cannot be given funds: {}", message.to, result.failure))
    return result


def _put(machine: Machine, actor_id: int, actor: ActorState) -> None:
    """Put an actor in place of the one there, and let the reserve bear the difference."""
    tree = machine.tree
    old, reserve = tree.get(actor_id), tree.get(RESERVE.id)
    if reserve is None or actor_id == RESERVE.id:
        raise LocalFault(
            sentence("the reserve {} cannot be changed: it pays for all others", RESERVE)
        )
    given = actor.balance - (TokenAmount(0) if old is None else old.balance)
    if given > reserve.balance:
        raise LocalFault(
            sentence(
                "the reserve {} has {} left, and this takes {}",
                RESERVE,
                reserve.balance.to_fil(),
                given.to_fil(),
            )
        )
    tree.set(actor_id, actor)
    tree.set(RESERVE.id, reserve.with_balance(reserve.balance - given))


def _expect_funds(balance: TokenAmount) -> None:
    if balance < 0:
        raise LocalFault(f"a balance of {balance.to_fil()} is less than nothing")
