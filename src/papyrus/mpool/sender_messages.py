"""The messages of one sender that wait, by nonce (`messagepool.go`, msgSet).

A sender's messages enter the chain in order of nonce. The pool keeps a few that come before their
turn, since gossip does not keep an order, and tells where the first gap is. A message with a nonce
that waits already takes the place of the other where it offers a tenth more premium, so that
replacing costs something each time.
"""

from papyrus.mpool.pending import PendingMessage
from papyrus.mpool.refusals import Refusal, refused
from papyrus.primitives.sentences import sentence

LARGEST_GAP = 4
"""Nonces that may be missing before a message from the network."""

MOST_PENDING = 1000
"""Messages of a sender that wait."""

MOST_PENDING_UNTRUSTED = 100
"""Messages of a sender that wait, where another comes by way of a gateway."""

MINIMUM_REPLACEMENT_PERCENT = 110


def replacement_premium(premium: int, percent: int = MINIMUM_REPLACEMENT_PERCENT) -> int:
    """Return the least premium with which a message takes the place of one with another."""
    return premium * percent // 100 + 1


class SenderMessages:
    """What waits of one sender."""

    __slots__ = ("_required_funds", "by_nonce", "next_nonce")

    def __init__(self, nonce: int) -> None:
        """Begin with no message; the sender's next has the nonce given."""
        self.by_nonce: dict[int, PendingMessage] = {}
        self.next_nonce = nonce
        """The first nonce that neither waits nor is used."""
        self._required_funds = 0

    def __len__(self) -> int:
        return len(self.by_nonce)

    def in_order(self) -> tuple[PendingMessage, ...]:
        """Return the messages in order of nonce."""
        return tuple(self.by_nonce[nonce] for nonce in sorted(self.by_nonce))

    def required_funds(self, *, but: int) -> int:
        """Return the attoFIL that the gas of all costs at most, one nonce left aside."""
        left_aside = self.by_nonce.get(but)
        return self._required_funds - (0 if left_aside is None else left_aside.required_funds)

    def check(self, message: PendingMessage, *, strict: bool, untrusted: bool = False) -> None:
        """Raise Invalid where a message may not wait beside the others.

        `strict` is for messages from the network, which may not leave large gaps; messages of an
        untrusted user may leave none.
        """
        nonce = message.nonce
        is_ahead = nonce > self.next_nonce
        # Departure: Lotus says that a gateway's users may leave no gap, and does not check it.
        largest_gap = 0 if untrusted else LARGEST_GAP
        if (strict or untrusted) and nonce > self.next_nonce + largest_gap:
            raise refused(
                Refusal.NONCE_GAP,
                "message nonce has too big a gap from expected nonce "
                f"(Nonce: {nonce}, nextNonce: {self.next_nonce})",
            )
        replaced = self.by_nonce.get(nonce)
        if replaced is not None:
            self._check_replacement(message, replaced, in_gap=strict and is_ahead)
            return
        most = MOST_PENDING_UNTRUSTED if untrusted else MOST_PENDING
        if len(self.by_nonce) >= most:
            raise refused(Refusal.TOO_MANY_PENDING, f"{len(self.by_nonce)} messages wait")

    def put(self, message: PendingMessage) -> PendingMessage | None:
        """Let a message wait that was checked, and return the one whose place it took."""
        replaced = self.by_nonce.get(message.nonce)
        if replaced is not None:
            self._required_funds -= replaced.required_funds
        self.by_nonce[message.nonce] = message
        self._required_funds += message.required_funds
        self._skip_taken()
        return replaced

    def begin_at(self, nonce: int) -> None:
        """Take the sender's nonce on chain as it is after a fork."""
        self.next_nonce = nonce
        self._skip_taken()

    def remove(self, nonce: int, *, applied: bool) -> PendingMessage | None:
        """Let a nonce no longer wait, and return its message if there was one.

        An applied nonce is used up, whatever message used it. Any other leaves a gap.
        """
        message = self.by_nonce.pop(nonce, None)
        if message is not None:
            self._required_funds -= message.required_funds
        if applied:
            if nonce >= self.next_nonce:
                self.next_nonce = nonce + 1
        elif message is not None and nonce < self.next_nonce:
            self.next_nonce = nonce
        self._skip_taken()
        return message

    def _check_replacement(
        self, message: PendingMessage, replaced: PendingMessage, *, in_gap: bool
    ) -> None:
        nonce = message.nonce
        if in_gap:
            raise refused(
                Refusal.NONCE_GAP,
                "rejecting replace by fee because of nonce gap "
                f"(Nonce: {nonce}, nextNonce: {self.next_nonce})",
            )
        told = sentence("message from {} with nonce {} already in mpool", message.sender, nonce)
        if message.cid == replaced.cid:
            raise refused(Refusal.ALREADY_PENDING, told)
        least = replacement_premium(replaced.premium)
        if message.premium < least:
            raise refused(
                Refusal.PREMIUM_TOO_LOW_TO_REPLACE,
                sentence(
                    "{}, increase GasPremium to {} from {} to trigger replace by fee",
                    told,
                    least,
                    message.premium,
                ),
            )

    def _skip_taken(self) -> None:
        while self.next_nonce in self.by_nonce:
            self.next_nonce += 1
