"""The end of a scenario: what must hold of every actor in the state, and between them."""

from papyrus.actors.checks.state import check_state
from papyrus.ipld.blockstore import load
from papyrus.ipld.hamt import Hamt
from papyrus.primitives.address import Address
from papyrus.rules.policy import policy_of
from papyrus.types.actor import ActorState, StateRoot

EXCUSES = "has no state", "< storage mining allocation"


def broken_invariants(one, *, after_cron=False):
    """Return what is wrong with the whole state of a machine, as sentences.

    A scenario may put in actors without a state, which then play no part, and may give the reward
    actor less than a network does.
    """
    root = one.machine.tree.flush()
    report = check_state(
        one.machine.store,
        root,
        epoch=one.epoch,
        policy=policy_of(one.bundle),
        after_cron=after_cron,
    )
    assert report.is_whole
    return [
        str(finding)
        for finding in report.findings
        if not any(excuse in finding.sentence for excuse in EXCUSES)
    ]


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
