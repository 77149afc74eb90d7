"""Checking a whole state tree: every actor's invariants, and what must hold between actors.

The tree is walked once and nothing of an actor is kept, so that the state of a whole network can
be checked in little memory. What is held at a time is the largest actor's share: the sectors of one
miner, its deals and its claims; the wake-up calls of all miners; and the deals that have not begun.
The singletons come first, since others are compared with them.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from papyrus.actors.checks.between import (
    Known,
    check_address,
    check_allocations,
    check_epochs,
)
from papyrus.actors.checks.single import CHECKS, Checking, Totals
from papyrus.actors.common.collections import RecordShape
from papyrus.actors.common.findings import Findings
from papyrus.actors.registry import OLDEST_VERSION
from papyrus.actors.reward.state import State as RewardState
from papyrus.actors.singletons import FIRST_NON_SINGLETON_ID, REWARD
from papyrus.actors.system.state import REGISTRY
from papyrus.actors.system.state import State as SystemState
from papyrus.actors.verifreg.invariants import check_against_datacap
from papyrus.ipld.blockstore import Blockstore, load
from papyrus.ipld.cid import Cid
from papyrus.ipld.hamt import Hamt
from papyrus.primitives.address import Address, Protocol
from papyrus.primitives.amounts import ZERO, TokenAmount
from papyrus.primitives.errors import ActorError, DecodeError, LocalFault
from papyrus.primitives.sentences import Sentence, sentence
from papyrus.rules.actor_codes import build_of, release_of
from papyrus.rules.policy import Policy, policy_of
from papyrus.types.actor import EMPTY_STATE, ActorState, StateRoot

STATE_TREE_VERSION = 5
"""The version of the state tree since nv18, whose actors have delegated addresses."""

MAX_FINDINGS = 1_000
"""After so many a check ends."""

SHARES = 1 << 10
"""Into how many equal parts the actors of a tree fall, to say how much of it is done."""

SINGLETONS = {
    0: "system",
    1: "init",
    2: "reward",
    3: "cron",
    4: "storagepower",
    5: "storagemarket",
    6: "verifiedregistry",
    7: "datacap",
    10: "eam",
}
"""The actors of which every network has one, by ID, in the order in which they are checked."""

_UNREADABLE = (DecodeError, LocalFault, ActorError, ValueError, LookupError, TypeError)
"""What reading an actor's state may raise where it is not as it should be."""

Progress = Callable[[int, int], None]
"""Hears how many of the `SHARES` are done, and how many actors."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong with a state."""

    actor_id: int | None
    """None where it is wrong with the tree."""
    type: str
    """The name of the actor's code, or its CID where it has no name; empty for the tree."""
    sentence: str

    @property
    def words(self) -> Sentence:
        """Whose state is wrong, and how."""
        if self.actor_id is None:
            return sentence("{}", self.sentence)
        return sentence("{} ({}): {}", Address.from_id(self.actor_id), self.type, self.sentence)

    def __str__(self) -> str:
        return str(self.words)


@dataclass(frozen=True, slots=True)
class Report:
    """What a check has found, and what it has seen."""

    epoch: int
    """The epoch after which the state is taken to be."""
    build: str
    """Whose policy the state was held to."""
    findings: tuple[Finding, ...]
    is_whole: bool
    """Whether the whole tree was checked, and not so much wrong with it that the check ended."""
    actors: int
    by_name: dict[str, int]
    """How many actors there are of each name."""
    balance: TokenAmount
    """The sum of their balances."""
    totals: Totals
    deals: int
    allocations: int
    claims: int


def state_codes(store: Blockstore, state_root: Cid) -> dict[str, Cid]:
    """Return the code of each built-in actor by name, as a state itself has it.

    Raises DecodeError where the tree cannot be read, LocalFault where it is older than nv18 or
    parts of it are missing.
    """
    return _codes(store, _open(store, state_root))


def check_state(
    store: Blockstore,
    state_root: Cid,
    *,
    epoch: int | None = None,
    policy: Policy | None = None,
    total: TokenAmount | None = None,
    after_cron: bool = True,
    limit: int = MAX_FINDINGS,
    progress: Progress | None = None,
) -> Report:
    """Return what is wrong with a state of actors v17 or v18, and what is in it.

    `epoch` is that of the last tipset executed; without one it is taken from the state. `policy`
    counts only where the state's actors are of no release known here. `total` is what all balances
    must add up to, in attoFIL. Without `after_cron` the state may be one in the middle of an epoch.
    What cannot be read of an actor's own state is a finding; DecodeError and LocalFault are raised
    where the tree itself cannot be, or where it does not say how it is to be read.
    """
    tree = _open(store, state_root)
    codes = _codes(store, tree)
    chosen = _policy(codes, policy)
    if epoch is None:
        epoch = _epoch(store, tree)
    walk = _Walk(
        store,
        tree,
        {code: name for name, code in codes.items()},
        Checking(store, chosen, epoch, after_cron, Known(), Totals()),
        limit,
        progress,
    )
    return walk.run(total)


def _open(store: Blockstore, state_root: Cid) -> Hamt:
    root = StateRoot.from_cbor(load(store, state_root))
    if root.version != STATE_TREE_VERSION:
        raise LocalFault(f"{state_root} is a state tree of version {root.version}, before nv18")
    return Hamt(store, root.actors)


def _codes(store: Blockstore, tree: Hamt) -> dict[str, Cid]:
    """Return the code of each built-in actor by name, as the state itself has it."""
    value = tree.get(Address.from_id(0))
    if value is None:
        raise LocalFault("the state has no system actor, so that no actor's type is known")
    state = RecordShape(SystemState).load(store, ActorState.from_ipld(value).head)
    entries = REGISTRY.load(store, state.builtin_actors).actors
    return {entry.name: entry.code for entry in entries}


def _policy(codes: dict[str, Cid], given: Policy | None) -> Policy:
    release = release_of(codes)
    build = build_of(codes) if release is None else release[1]
    if build is not None:
        return policy_of(build)
    if given is None:
        raise LocalFault(
            "the state's actors are of no release that is known here, from version "
            f"{OLDEST_VERSION} on: which policy they hold to must be said"
        )
    return given


def _epoch(store: Blockstore, tree: Hamt) -> int:
    """Return the epoch after which a state is, as the reward actor counts."""
    value = tree.get(REWARD)
    if value is None:
        raise LocalFault("the state has no reward actor, so that its epoch must be said")
    return RecordShape(RewardState).load(store, ActorState.from_ipld(value).head).epoch - 1


@dataclass(slots=True)
class _Walk:
    """One walk over a tree."""

    store: Blockstore
    tree: Hamt
    names: dict[Cid, str]
    checking: Checking
    limit: int
    progress: Progress | None
    findings: list[Finding] = field(default_factory=list)
    by_name: Counter[str] = field(default_factory=Counter)
    balance: TokenAmount = ZERO

    def run(self, total: TokenAmount | None) -> Report:
        """Check everything and return the report."""
        is_whole = self._check_singletons() and self._check_others()
        if is_whole:
            self._check_tree(total)
        known = self.checking.known
        market, registry = known.market_summary, known.registry_summary
        return Report(
            epoch=self.checking.epoch,
            build=self.checking.policy.name,
            findings=tuple(self.findings),
            is_whole=is_whole,
            actors=self.by_name.total(),
            by_name=dict(sorted(self.by_name.items())),
            balance=self.balance,
            totals=self.checking.totals,
            deals=0 if market is None else market.deals,
            allocations=0 if registry is None else registry.allocations,
            claims=0 if registry is None else registry.claims,
        )

    def _check_singletons(self) -> bool:
        for actor_id, name in SINGLETONS.items():
            value = self.tree.get(Address.from_id(actor_id))
            actor = None if value is None else ActorState.from_ipld(value)
            if actor is None:
                self.findings.append(Finding(actor_id, name, "there is no such actor"))
            elif not self._check_actor(actor_id, actor):
                return False
        return True

    def _check_others(self) -> bool:
        furthest = 0
        for key, value in self.tree.items():
            address = Address.from_bytes(key)
            if address.protocol is not Protocol.ID:
                self.findings.append(Finding(None, "", f"{address} is a key of the state tree"))
            elif address.id not in SINGLETONS and not self._check_actor(
                address.id, ActorState.from_ipld(value)
            ):
                return False
            if self.progress is not None:
                # The order is that of the keys' hashes, but for those that lie in one bucket.
                share = int.from_bytes(sha256(key).digest()[:4], "big") * SHARES >> 32
                furthest = max(furthest, share)
                self.progress(furthest, self.by_name.total())
        return True

    def _check_actor(self, actor_id: int, actor: ActorState) -> bool:
        """Check one actor; return whether there is room for more findings."""
        name = self.names.get(actor.code, "")
        self.by_name[name or str(actor.code)] += 1
        self.balance += actor.balance
        findings = Findings()
        findings.require(actor.balance >= 0, f"balance is negative: {actor.balance}")
        self._check_place(actor_id, name, findings)
        check = CHECKS.get(name)
        if check is None:
            findings.add(f"unexpected actor code {actor.code}")
        elif actor.head == EMPTY_STATE and name in _WITH_STATE:
            findings.add("has no state")
        else:
            self._guarded(findings, lambda: check(self.checking, actor_id, actor, findings))
        init = self.checking.known.init
        address = actor.delegated_address
        if address is not None and init is not None:
            self._guarded(
                findings, lambda: check_address(self.store, init, actor_id, address, findings)
            )
        self._keep(actor_id, name or str(actor.code), findings)
        return len(self.findings) < self.limit

    def _check_place(self, actor_id: int, name: str, findings: Findings) -> None:
        expected = SINGLETONS.get(actor_id)
        if expected is not None:
            findings.require(name == expected, f"is not the {expected} actor")
        else:
            findings.require(name not in _SINGLE, f"is another {name} actor than the network's one")
        init = self.checking.known.init
        if init is not None and actor_id >= FIRST_NON_SINGLETON_ID:
            findings.require(
                actor_id < init.next_id,
                f"has an ID that is not given yet: the next is {init.next_id}",
            )

    def _check_tree(self, total: TokenAmount | None) -> None:
        """Check what is between singletons, and what is of the whole."""
        known = self.checking.known
        market, registry = Findings(), Findings()
        if known.market_summary is not None:
            for provider in sorted(known.market_summary.providers):
                market.require(
                    self._type_at(provider) == "storageminer",
                    f"provider f0{provider} of deals not found among miners",
                )
            if known.market is not None and known.registry is not None:
                state, summary, other = known.market, known.market_summary, known.registry
                self._guarded(
                    market, lambda: check_allocations(self.store, state, summary, other, market)
                )
        self._keep(5, "storagemarket", market)
        if known.registry_summary is not None:
            for provider in known.registry_summary.providers:
                registry.require(
                    self._type_at(provider) == "storageminer",
                    f"claim provider f0{provider} not found among miners",
                )
            if known.tokens is not None:
                check_against_datacap(known.registry_summary, known.tokens, registry)
        self._keep(6, "verifiedregistry", registry)
        tree = Findings()
        if self.checking.after_cron:
            check_epochs(known, self.checking.epoch, tree)
        if total is not None:
            tree.require(
                self.balance == total,
                f"total token balance is {self.balance}, expected {total}",
            )
        self._keep(None, "", tree)

    def _type_at(self, actor_id: int) -> str | None:
        value = self.tree.get(Address.from_id(actor_id))
        return None if value is None else self.names.get(ActorState.from_ipld(value).code)

    def _guarded(self, findings: Findings, check: Callable[[], None]) -> None:
        try:
            check()
        except _UNREADABLE as error:
            findings.add(f"its state cannot be read: {error}")

    def _keep(self, actor_id: int | None, name: str, findings: Findings) -> None:
        for told in findings.sentences[: self.limit]:
            self.findings.append(Finding(actor_id, name, told))


_SINGLE = frozenset(SINGLETONS.values())
_WITH_STATE = frozenset(CHECKS) - {"placeholder", "eam", "ethaccount"}
