"""The message pool itself: what waits, by sender (node.md 3.10, `messagepool.go`).

Users' messages are pushed, those of peers are added. Both are checked in the same order; a user's
own is kept on disk and published again and again until a block takes it. When the head changes,
what its blocks took goes, and what reverted blocks had taken waits again. Nothing here waits for
anything: time comes from a clock, a user's own is on the disk when the file that keeps it says so,
and what takes long (checking signatures, choosing, clearing) the node may run elsewhere.
"""

from collections.abc import Callable, Iterable
from random import randrange

from papyrus.chain.head_changes import HeadChange
from papyrus.ipld.cid import Cid
from papyrus.mpool import checks
from papyrus.mpool.accounts import Accounts
from papyrus.mpool.admission import Admission
from papyrus.mpool.chain_view import Account, ChainView
from papyrus.mpool.config import MpoolConfig
from papyrus.mpool.local_messages import MessageFile, Put, Remove, Settle
from papyrus.mpool.offers import Offers
from papyrus.mpool.pending import PendingMessage
from papyrus.mpool.pruning import excess_messages
from papyrus.mpool.recent import Departure, Fate
from papyrus.mpool.refusals import Refusal, refused
from papyrus.mpool.republishing import messages_to_republish, republish_interval
from papyrus.mpool.selection import Candidates, RandomBelow, select_messages
from papyrus.mpool.sender_messages import SenderMessages, replacement_premium
from papyrus.mpool.taken import TakenMessages, Turn
from papyrus.mpool.waiting import Observer, Waiting
from papyrus.primitives.address import Address
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import Invalid
from papyrus.primitives.sentences import sentence
from papyrus.rules.network import Network
from papyrus.types.message import SignedMessage
from papyrus.types.tipset import Tipset

_EPOCHS_BETWEEN_SETTLEMENTS = 120
"""How often the file of users' messages is looked through where no block took one."""

Clock = Callable[[], float]
"""Tells the time in seconds."""

Publish = Callable[[SignedMessage], None]
"""Hands a message to the network."""

Excess = tuple[Candidates, frozenset[Address], int]
"""What `excess_messages` is asked."""


class MessagePool:
    """The messages that wait."""

    def __init__(
        self,
        view: ChainView,
        network: Network,
        clock: Clock,
        *,
        local: MessageFile | None = None,
        publish: Publish | None = None,
        config: MpoolConfig | None = None,
        draw: RandomBelow = randrange,
    ) -> None:
        """Begin empty; `load_local` brings back what the file holds."""
        self.config = config or MpoolConfig()
        self.when_full: Callable[[], None] = self.prune
        """Called where messages are to go; it may have them go a little later."""
        self._view = view
        self._network = network
        self._clock = clock
        self._file = local
        self._publish = publish
        self._draw = draw
        self._waiting = Waiting()
        self._local_senders: set[Address] = set()
        self.accounts = Accounts(view)
        """The senders as they were looked up."""
        self._admission = Admission(network, self.accounts)
        self.taken = TakenMessages(view, self.accounts, self._admission)
        self._offers = Offers(view, network, self._waiting, self.accounts, self.taken)
        self._republished: set[Cid] = set()
        self._republish_at = clock() + republish_interval(network.block_delay)
        self._prune_from = clock()
        self._settled_at: ChainEpoch = 0

    def __len__(self) -> int:
        return len(self._waiting)

    # What comes in.

    def push(self, signed: SignedMessage, *, local: bool = True) -> Cid:
        """Let a user's message wait, put it in the file, and publish it; return its CID.

        One that is not local is a peer's, see `add`. Invalid if refused, LocalFault if not kept.
        """
        return self.take(self.examine(signed)) if local else self.add(signed)

    def push_untrusted(self, signed: SignedMessage) -> Cid:
        """Let a message of a gateway's user wait, as `push` does, within narrower limits."""
        return self.take(self.examine(signed), untrusted=True)

    def examine(self, signed: SignedMessage) -> PendingMessage:
        """Return a user's message as it would wait; Invalid if refused for what it is itself.

        It takes up to milliseconds, and any thread may ask.
        """
        checks.check_outgoing(signed.message)
        return self._admission.examine(signed)

    def take(self, message: PendingMessage, *, untrusted: bool = False) -> Cid:
        """Let a user's message wait that was examined; see `push` and `push_untrusted`."""
        is_publishable = self._check(message, local=True)
        self._slot(message).check(message, strict=False, untrusted=untrusted)
        if self._file is not None:
            self._file.change(Put(message.cid, message.sender, message.signed))
        self._local_senders.add(message.sender)
        self._keep(message)
        self._prune_in_time()
        if is_publishable and self._publish is not None:
            self._publish(message.signed)
        return message.cid

    def withdraw(self, cids: Iterable[Cid]) -> None:
        """Let users' messages no longer wait that the file could not keep after all.

        Those whose places they took wait again, as the file has them.
        """
        turns: set[Turn] = set()
        for cid in cids:
            message = self._waiting.find(cid)
            if message is not None:
                turns.add((message.sender, message.nonce))
                self._waiting.take(message.sender, message.nonce, Fate(Departure.DROPPED))
        for signed in [] if self._file is None else self._file.of_turns(turns):
            self._put_one_back(PendingMessage.of(signed, signed.message.sender))

    def add(self, signed: SignedMessage) -> Cid:
        """Let a peer's message wait; Invalid where it is refused (see `gossip_verdict`)."""
        if len(self._waiting) >= 2 * self.config.size_limit_high:
            raise refused(Refusal.POOL_FULL, f"{len(self._waiting)} messages wait")
        message = self._admission.examine(signed)
        self._check(message, local=False)
        self._slot(message).check(message, strict=True)
        self._keep(message)
        self._prune_in_time()
        return message.cid

    def load_local(self) -> list[Invalid]:
        """Let the messages in the file wait, whatever their senders own; return why some cannot."""
        messages, problems = examined(self, [] if self._file is None else self._file.all())
        self.take_up(messages)
        return problems

    def take_up(self, messages: Iterable[PendingMessage]) -> None:
        """Let messages wait that were examined and are in the file, as `load_local` does."""
        used: set[Turn] = set()
        for message in messages:
            self._local_senders.add(message.sender)
            if self.accounts.nonce(message.sender) > message.nonce:
                used.add((message.sender, message.nonce))
                self._admission.remember(message)
            else:
                self._keep(message)
        if self._file is not None and used:
            self._file.change(Settle(frozenset(), frozenset(used), self._view.head.height))

    # What is asked.

    def pending(self) -> list[SignedMessage]:
        """Return all messages, each sender's in order of nonce."""
        return [message.signed for message in self._waiting]

    def pending_of(self, sender: Address) -> list[SignedMessage]:
        """Return a sender's messages in order of nonce; none where the sender is not known."""
        queue = self.queue(sender)
        return [] if queue is None else [message.signed for message in queue.in_order()]

    def signed_in(self, tipset: Tipset) -> list[SignedMessage]:
        """Return the messages that a tipset's blocks took, as far as their signatures are known."""
        return [signed for _, signed in self.taken.signed(tipset)]

    def senders(self) -> list[Address]:
        """Return the keys of those of whom something waits."""
        return list(self._waiting.senders)

    def queue(self, sender: Address) -> SenderMessages | None:
        """Return what waits of a sender, or None."""
        try:
            return self._waiting.senders.get(self.accounts.key(sender))
        except LookupError:
            return None

    def find(self, cid: Cid) -> PendingMessage | None:
        """Return the message that waits under a CID, with its signature or without."""
        return self._waiting.find(cid)

    def fate(self, cid: Cid) -> Fate | None:
        """Return what became of a message that left lately, or None where nothing is known."""
        return self._waiting.fate(cid)

    def is_local(self, sender: Address) -> bool:
        """Return whether a sender, by its key, is a user of this node."""
        return sender in self._local_senders

    def account(self, sender: Address) -> Account | None:
        """Return a sender's account after the head."""
        return self.accounts.after_head(sender)

    def next_nonce(self, sender: Address) -> int:
        """Return the nonce of the sender's next message; LookupError where there is no sender."""
        account = self.account(sender)
        if account is None:
            raise LookupError(sentence("{} is not on the chain: send it some FIL first", sender))
        queue = self.queue(sender)
        return account.nonce if queue is None else max(account.nonce, queue.next_nonce)

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Tell an observer of each message that comes or goes; return what ends that."""
        return self._waiting.subscribe(observer)

    # What a block takes.

    def candidates(self, base: Tipset, base_fee: int | None = None) -> Candidates:
        """Return what there is for a block on `base`, which need not be the head.

        `base_fee` is the block's where none is given.
        """
        if base_fee is None:
            base_fee = int(self._view.base_fee_after(base))
        return self._offers.candidates(
            base, self._offers.on(base), base_fee, self.config.priority_addresses
        )

    def select(self, base: Tipset, ticket_quality: float) -> list[SignedMessage]:
        """Return messages for a block on `base` whose ticket is so good, from 0 to 1."""
        if len(self._waiting) > self.config.size_limit_high:
            self.prune()
        chosen = select_messages(self.candidates(base), ticket_quality, self._draw)
        return [message.signed for message in chosen]

    # What goes.

    def remove(self, sender: Address, nonce: int, *, applied: bool = False) -> None:
        """Let a sender's message no longer wait; `applied` where the chain has used its nonce."""
        fate = Fate(Departure.APPLIED if applied else Departure.CLEARED)
        message = self._waiting.take(self.accounts.key(sender), nonce, fate)
        if message is not None and not applied and self._file is not None:
            self._file.change(Remove((message.cid,)))

    def clear(self, *, local: bool) -> None:
        """Let nothing wait, or nothing but the messages of this node's users."""
        for sender, queue in list(self._waiting.senders.items()):
            if not local and sender in self._local_senders:
                continue
            messages = queue.in_order()
            if self._file is not None and sender in self._local_senders:
                self._file.change(Remove(tuple(message.cid for message in messages)))
            for message in messages:
                self._waiting.take(sender, message.nonce, Fate(Departure.CLEARED))
        if local:
            self._local_senders.clear()
            self._republished.clear()

    def prune(self) -> None:
        """Drop the worst messages down to the lower limit, but none of users or priority."""
        self.drop(excess_messages(*self.excess()))

    def excess(self) -> Excess:
        """Return what it takes to say which messages are the worst; then it is not due again."""
        self._prune_from = self._clock() + self.config.prune_cooldown
        head = self._view.head
        base_fee = int(self._view.base_fee_after(head))
        bound = checks.base_fee_lower_bound(base_fee, checks.INCLUSION_DIVISOR)
        protected = self._local_senders.union(self._offers.keys(self.config.priority_addresses))
        return self.candidates(head, bound), frozenset(protected), self.config.size_limit_low

    def drop(self, messages: Iterable[PendingMessage]) -> None:
        """Let messages no longer wait, those that still do."""
        for message in messages:
            if self._waiting.find(message.cid) is message:
                self._waiting.take(message.sender, message.nonce, Fate(Departure.DROPPED))

    def republish(self) -> list[SignedMessage]:
        """Return the users' messages to publish again, where it is time; nothing where it is not.

        It is time every ten epochs, and at once when a block took one of the last lot.
        """
        now = self._clock()
        if now < self._republish_at:
            return []
        self._republish_at = now + republish_interval(self._network.block_delay)
        head = self._view.head
        base_fee = int(self._view.base_fee_after(head))
        candidates = self._offers.candidates(
            head,
            self._offers.of(self._local_senders),
            checks.base_fee_lower_bound(base_fee, checks.INCLUSION_DIVISOR),
            self.config.priority_addresses,
        )
        chosen = messages_to_republish(candidates, base_fee)
        self._republished = {message.cid for message in chosen}
        return [message.signed for message in chosen]

    def forget_accounts(self) -> None:
        """Look senders up anew, where the state after the head has been changed by hand."""
        self.accounts.forget()

    def on_head_change(self, change: HeadChange) -> None:
        """Follow the chain: what it has taken goes, and what a fork gave back waits again."""
        returned: dict[Turn, PendingMessage] = {}
        given_back: set[Turn] = set()
        for tipset in change.reverted:
            given_back.update(turn for turn, _ in self.taken.turns(tipset))
            for turn, message in self.taken.waiting(tipset):
                returned.setdefault(turn, message)
        used: set[Turn] = set()
        for tipset in change.applied:
            for turn, cid in self.taken.turns(tipset):
                used.add(turn)
                self._waiting.take(*turn, Fate(Departure.APPLIED, cid, tipset.height))
                if cid in self._republished:
                    self._republish_at = self._clock()
        if given_back:
            self._put_back(given_back - used, returned)
        self._settle(given_back - used, used)

    def _put_back(self, turns: set[Turn], returned: dict[Turn, PendingMessage]) -> None:
        """Let what a fork gave back wait again, in the order of nonces."""
        self.accounts.forget_keys()
        lost = {turn for turn in turns - returned.keys() if turn[0] in self._local_senders}
        if lost and self._file is not None:
            # A block holds no BLS signatures, but the file of users' messages does.
            for signed in self._file.of_turns(lost):
                sender = signed.message.sender
                returned[sender, signed.message.nonce] = PendingMessage.of(signed, sender)
        for turn in sorted(turns & returned.keys()):
            self._put_one_back(returned[turn])
        for sender in {sender for sender, _ in turns}:
            queue = self._waiting.senders.get(sender)
            if queue is not None:
                queue.begin_at(self.accounts.nonce(sender))

    def _check(self, message: PendingMessage, *, local: bool) -> bool:
        waiting = self._waiting.senders.get(message.sender)
        return self._admission.check_on_chain(message, self._view.head, waiting, local=local)

    def _keep(self, message: PendingMessage) -> None:
        self._waiting.put(message, self.accounts.nonce(message.sender))
        self._admission.remember(message)

    def _slot(self, message: PendingMessage) -> SenderMessages:
        """Return where a message would wait, which is not kept unless it does."""
        queue = self._waiting.senders.get(message.sender)
        return SenderMessages(self.accounts.nonce(message.sender)) if queue is None else queue

    def _put_one_back(self, message: PendingMessage) -> None:
        """Let a message wait again, unless a better one took its place."""
        if self.accounts.nonce(message.sender) > message.nonce:
            return
        queue = self._waiting.senders.get(message.sender)
        waiting = None if queue is None else queue.by_nonce.get(message.nonce)
        if waiting is None:
            self._keep(message)
        elif message.cid != waiting.cid:
            if message.premium >= replacement_premium(waiting.premium):
                self._keep(message)
            else:
                self._waiting.note(message.cid, Fate(Departure.REPLACED, waiting.cid))

    def _settle(self, unused: set[Turn], used: set[Turn]) -> None:
        if self._file is None:
            return
        height = self._view.head.height
        mine = self._local_senders
        unused = {turn for turn in unused if turn[0] in mine}
        used = {turn for turn in used if turn[0] in mine}
        if unused or used or height >= self._settled_at + _EPOCHS_BETWEEN_SETTLEMENTS:
            self._file.change(Settle(frozenset(unused), frozenset(used), height))
            self._settled_at = height

    def _prune_in_time(self) -> None:
        if len(self._waiting) > self.config.size_limit_high and self._clock() >= self._prune_from:
            self.when_full()


def examined(
    pool: MessagePool, kept: Iterable[SignedMessage]
) -> tuple[list[PendingMessage], list[Invalid]]:
    """Return users' messages as they would wait, and why some cannot; on any thread."""
    messages: list[PendingMessage] = []
    problems: list[Invalid] = []
    for signed in kept:
        try:
            messages.append(pool.examine(signed))
        except Invalid as error:
            problems.append(error)
    return messages, problems
