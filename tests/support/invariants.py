"""The end of a scenario: what must hold of every actor in the state."""

from papyrus.actors.account import invariants as account
from papyrus.actors.account.state import State as AccountState
from papyrus.actors.datacap import invariants as datacap
from papyrus.actors.datacap.state import State as DatacapState
from papyrus.actors.findings import Findings
from papyrus.actors.init import invariants as init
from papyrus.actors.init.state import State as InitState
from papyrus.actors.multisig import invariants as multisig
from papyrus.actors.multisig.state import State as MultisigState
from papyrus.actors.paych import invariants as paych
from papyrus.actors.paych.state import State as ChannelState
from papyrus.actors.verifreg import invariants as verifreg
from papyrus.actors.verifreg.state import State as RegistryState
from papyrus.ipld.blockstore import load
from papyrus.ipld.hamt import Hamt
from papyrus.primitives.address import Address
from papyrus.rules.policy import policy_of
from papyrus.types.actor import EMPTY_STATE, ActorState, StateRoot


def broken_invariants(one):
    """Return what is wrong with the actors of a machine that have a state, as sentences."""
    findings = Findings()
    store = one.machine.store
    names = {code: name for name, code in one.codes.items()}
    for actor_id, actor in actors_of(one).items():
        if actor.head == EMPTY_STATE:
            continue
        name = names.get(actor.code)
        here = findings.within(f"f0{actor_id} {name}")
        match name:
            case "init":
                init.check_state_invariants(store, one.state(actor_id, InitState), here)
            case "account":
                account.check_state_invariants(one.state(actor_id, AccountState), actor_id, here)
            case "datacap":
                datacap.check_state_invariants(store, one.state(actor_id, DatacapState), here)
            case "verifiedregistry":
                state = one.state(actor_id, RegistryState)
                policy = policy_of(one.bundle)
                verifreg.check_state_invariants(store, state, one.epoch, policy, here)
            case "multisig":
                multisig.check_state_invariants(store, one.state(actor_id, MultisigState), here)
            case "paymentchannel":
                state = one.state(actor_id, ChannelState)
                paych.check_state_invariants(store, state, actor.balance, here)
    return findings.sentences


def actors_of(one):
    """Return all actors of a machine by ID."""
    store = one.machine.store
    root = StateRoot.from_cbor(load(store, one.machine.tree.flush()))
    return {
        Address.from_bytes(key).id: ActorState.from_ipld(value)
        for key, value in Hamt(store, root.actors).items()
    }


def total_balance(one):
    """Return all attoFIL there are."""
    return sum(actor.balance for actor in actors_of(one).values())
