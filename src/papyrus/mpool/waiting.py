"""What waits, by sender and by CID, and what became of what waited."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from papyrus.ipld.cid import Cid
from papyrus.mpool.pending import PendingMessage
from papyrus.mpool.recent import Departure, Fate, Recent
from papyrus.mpool.sender_messages import SenderMessages
from papyrus.primitives.address import Address
from papyrus.types.message import SignedMessage

_REMEMBERED_FATES = 10_000


class PoolChangeKind(Enum):
    """What happened to a message, by Lotus' number for it."""

    ADDED = 0
    REMOVED = 1


@dataclass(frozen=True, slots=True)
class PoolChange:
    """A message that came or went."""

    kind: PoolChangeKind
    message: SignedMessage


Observer = Callable[[PoolChange], None]


class Waiting:
    """All messages that wait; each change is told to the observers."""

    __slots__ = ("_by_cid", "_fates", "_observers", "_size", "senders")

    def __init__(self) -> None:
        """Begin with none."""
        self.senders: dict[Address, SenderMessages] = {}
        """By the senders' keys; a sender of whom nothing waits is not there."""
        self._by_cid: dict[Cid, PendingMessage] = {}
        self._fates: Recent[Cid, Fate] = Recent(_REMEMBERED_FATES)
        self._observers: list[Observer] = []
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def __iter__(self) -> Iterator[PendingMessage]:
        for queue in self.senders.values():
            yield from queue.in_order()

    def find(self, cid: Cid) -> PendingMessage | None:
        """Return the message under a CID, with its signature or without."""
        return self._by_cid.get(cid)

    def fate(self, cid: Cid) -> Fate | None:
        """Return what became of a message that left lately, or None where nothing is known."""
        return self._fates.get(cid)

    def note(self, cid: Cid, fate: Fate) -> None:
        """Remember what became of a message."""
        self._fates.put(cid, fate)

    def subscribe(self, observer: Observer) -> Callable[[], None]:
        """Tell an observer of each message that comes or goes; return what ends that."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def put(self, message: PendingMessage, next_nonce: int) -> None:
        """Let a message wait instead of another with its nonce.

        `next_nonce` is the sender's on chain, for one of whom nothing waited.
        """
        queue = self.senders.get(message.sender)
        if queue is None:
            queue = self.senders[message.sender] = SenderMessages(next_nonce)
        replaced = queue.put(message)
        if replaced is None:
            self._size += 1
        else:
            self._forget(replaced, Fate(Departure.REPLACED, message.cid))
        for cid in {message.cid, message.unsigned_cid}:
            self._by_cid[cid] = message
            self._fates.forget(cid)
        self._tell(PoolChangeKind.ADDED, message)

    def take(self, sender: Address, nonce: int, fate: Fate) -> PendingMessage | None:
        """Let a nonce of a sender no longer wait; return its message if there was one."""
        queue = self.senders.get(sender)
        if queue is None:
            return None
        message = queue.remove(nonce, applied=fate.departure is Departure.APPLIED)
        if not queue:
            del self.senders[sender]
        if message is not None:
            self._size -= 1
            self._forget(message, fate)
            self._tell(PoolChangeKind.REMOVED, message)
        return message

    def _forget(self, message: PendingMessage, fate: Fate) -> None:
        for cid in {message.cid, message.unsigned_cid}:
            del self._by_cid[cid]
            self._fates.put(cid, fate)

    def _tell(self, kind: PoolChangeKind, message: PendingMessage) -> None:
        for observer in tuple(self._observers):
            observer(PoolChange(kind, message.signed))
