"""What methods on many things answer: how many succeeded, and which failed with what code."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from papyrus.ipld.schema import U32
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.exit_codes import ExitCode

T = TypeVar("T")


@cbor_tuple
class FailCode(Record):
    """One failure."""

    index: U32
    """The place of the item in what was asked for."""
    code: U32


@cbor_tuple
class BatchReturn(Record):
    """The outcome of a batch."""

    success_count: U32
    fail_codes: tuple[FailCode, ...]
    """In order of their places."""

    @classmethod
    def of(cls, codes: Iterable[int]) -> "BatchReturn":
        """Return the outcome of items with these exit codes."""
        codes = list(codes)
        fails = tuple(
            FailCode(index, code) for index, code in enumerate(codes) if code != ExitCode.OK
        )
        return cls(len(codes) - len(fails), fails)

    @property
    def size(self) -> int:
        """How many items there were."""
        return self.success_count + len(self.fail_codes)

    @property
    def all_succeeded(self) -> bool:
        """Whether nothing failed."""
        return not self.fail_codes

    def codes(self) -> list[int]:
        """Return the exit code of each item."""
        codes = [int(ExitCode.OK)] * self.size
        for fail in self.fail_codes:
            codes[fail.index] = fail.code
        return codes

    def successes(self, items: Sequence[T]) -> list[T]:
        """Return those of the items that succeeded; ValueError where there are not as many."""
        return [item for item, code in zip(items, self.codes(), strict=True) if code == ExitCode.OK]


def stack(batches: Sequence[BatchReturn]) -> BatchReturn:
    """Return the outcome of batches of which each held what the one before had let through.

    ValueError where a batch does not have the size of the successes before it.
    """
    if not batches:
        return BatchReturn.of(())
    codes = batches[0].codes()
    for batch in batches[1:]:
        places = [place for place, code in enumerate(codes) if code == ExitCode.OK]
        for place, code in zip(places, batch.codes(), strict=True):
            codes[place] = code
    return BatchReturn.of(codes)
