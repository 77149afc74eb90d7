"""What came in lately: which blocks, whether they were good, and how long that took.

It answers "is my node keeping up" (Lotus' SyncState) and lets others listen to headers as they
arrive, before anybody has judged them.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import IntEnum

from papyrus.primitives.errors import PapyrusError
from papyrus.primitives.sentences import Sentence, sentence
from papyrus.types.block import BlockHeader
from papyrus.types.tipset import Tipset

_KEPT = 8

Heard = Callable[[BlockHeader], None]


class SyncStage(IntEnum):
    """How far taking in a tipset is, by Lotus' numbers."""

    IDLE = 0
    HEADERS = 1
    PERSIST_HEADERS = 2
    MESSAGES = 3
    COMPLETE = 4
    ERRORED = 5
    FETCHING_MESSAGES = 6


@dataclass(frozen=True, slots=True)
class Sync:
    """One tipset taken in, or being so."""

    number: int
    base: Tipset
    """The head when it began."""
    target: Tipset
    stage: SyncStage
    start: float
    """Unix seconds."""
    end: float | None = None
    message: str | Sentence = ""
    """Why it failed."""


class SyncLog:
    """The tipsets that came in lately, newest last."""

    def __init__(self, now: Callable[[], float]) -> None:
        """Begin with none; `now` gives Unix seconds."""
        self._now = now
        self._syncs: deque[Sync] = deque(maxlen=_KEPT)
        self._number = 0
        self._heard: list[Heard] = []
        self.applied_messages = 0
        """How many messages this process has executed for the chain."""

    def recent(self) -> tuple[Sync, ...]:
        """Return the last ones, the oldest first."""
        return tuple(self._syncs)

    def subscribe(self, heard: Heard) -> Callable[[], None]:
        """Tell of each header that comes in; return what ends that."""
        self._heard.append(heard)
        return lambda: self._heard.remove(heard)

    @contextmanager
    def taking(self, base: Tipset, target: Tipset) -> Iterator[None]:
        """Note that a tipset is being taken in until the block ends, and how it ended."""
        for header in target.blocks:
            for heard in tuple(self._heard):
                heard(header)
        self._number += 1
        sync = Sync(self._number, base, target, SyncStage.MESSAGES, self._now())
        self._syncs.append(sync)
        try:
            yield
        except PapyrusError as error:
            self._end(sync, SyncStage.ERRORED, sentence("{}", error))
            raise
        except BaseException:
            self._end(sync, SyncStage.ERRORED, "given up")
            raise
        self._end(sync, SyncStage.COMPLETE, "")

    def _end(self, sync: Sync, stage: SyncStage, message: str | Sentence) -> None:
        ended = replace(sync, stage=stage, end=self._now(), message=message)
        for place, known in enumerate(self._syncs):
            if known.number == sync.number:
                self._syncs[place] = ended
