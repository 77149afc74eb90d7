"""A bar on a terminal's stderr, by rich."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)


@contextmanager
def progress_bar(what: str, total: int | None, *, bytes_unit: bool) -> Iterator["Bar"]:
    """Draw the bar while the block runs; it vanishes at the end."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn() if bytes_unit else MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as drawn:
        yield Bar(drawn, drawn.add_task(what, total=total), what)


class Bar:
    """One bar that is being drawn."""

    def __init__(self, drawn: Progress, task: TaskID, what: str) -> None:
        """Move the one task of what is drawn."""
        self._drawn = drawn
        self._task = task
        self._what = what

    def advance(self, amount: int, what: str = "") -> None:
        """Count so much more as done."""
        self._drawn.update(self._task, advance=amount, description=what or self._what)

    def reach(self, done: int, total: int | None, what: str = "") -> None:
        """Set how much is done and how much there is."""
        self._drawn.update(self._task, completed=done, total=total, description=what or self._what)
