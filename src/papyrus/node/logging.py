"""What the node tells while it runs, as pairs of name and value.

A line for people is `time level part event name=value ...`; for programs it is one JSON object. Who
has something to tell takes the part's logger once, `part("rpc")`, and names what it tells:
`log.info("request", method="ChainHead", seconds=0.01)`. Modules that use the standard library's
loggers, named `papyrus.<part>`, are told of the same way.

Keys and tokens have no place in a line: values under names like `password` are left out, and so is
whatever looks like a token or an exported key, wherever it stands. A line is one line: what a
stranger sent cannot begin another. Lines are written by a thread, so that a slow disk or terminal
holds up nobody; where more than `_WAITING` wait, further ones are counted and dropped.
"""

import json
import logging
import logging.handlers
import queue
import re
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from papyrus.node.config import Logging
from papyrus.primitives.errors import LocalFault
from papyrus.primitives.sentences import MAINNET_LETTER, told

ROOT = "papyrus"
HIDDEN = "(hidden)"

_WAITING = 10_000
_CLOSE_LIMIT = 2.0
_LONGEST_VALUE = 2000
_LONGEST_TRACE = 20_000
_SECRET_NAMES = re.compile(
    r"(?:^|_)(?:password|passphrase|secret|token|mnemonic|seed|private_key|authorization)(?:$|_)",
    re.IGNORECASE,
)
_SECRETS = re.compile(
    r"eyJ[\w-]{5,}\.[\w-]+\.[\w-]*"  # a JSON Web Token
    r"|7b2254797065223a[0-9a-fA-F]+"  # a key as Lotus exports it: the hex of {"Type":
    r"|(?<=\"PrivateKey\":)\s*\"[^\"]*\""
    r"|(?<=Bearer )\S+"
)
_PLAIN_VALUE = re.compile(r"[^\s\"=\\\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Log:
    """The logger of one part."""

    __slots__ = ("_logger",)

    def __init__(self, logger: logging.Logger) -> None:
        """Tell through a logger of the standard library."""
        self._logger = logger

    def debug(self, event: str, /, **fields: object) -> None:
        """Tell what matters to whoever looks for a mistake."""
        self._tell(logging.DEBUG, event, fields)

    def info(self, event: str, /, **fields: object) -> None:
        """Tell what happened."""
        self._tell(logging.INFO, event, fields)

    def warning(self, event: str, /, **fields: object) -> None:
        """Tell what someone should look at."""
        self._tell(logging.WARNING, event, fields)

    def error(self, event: str, /, error: BaseException | None = None, **fields: object) -> None:
        """Tell what went wrong, with the trace of an error that was not foreseen."""
        self._tell(logging.ERROR, event, fields, error)

    def _tell(
        self,
        level: int,
        event: str,
        fields: Mapping[str, object],
        error: BaseException | None = None,
    ) -> None:
        if self._logger.isEnabledFor(level):
            extra = {"fields": fields}
            self._logger.log(level, "%s", event, extra=extra, exc_info=error, stacklevel=3)


def part(name: str) -> Log:
    """Return the logger of a part of the node."""
    return Log(logging.getLogger(f"{ROOT}.{name}"))


class Logs:
    """The lines of a node on their way to where they are written."""

    def __init__(
        self,
        settings: Logging,
        folder: Path,
        *,
        letter: str = MAINNET_LETTER,
        stream: TextIO | None = None,
    ) -> None:
        """Write lines as the settings say, relative files in the folder, until closed.

        Addresses begin with the letter of the network. LocalFault where the file cannot be written.
        """
        handler = _destination(settings, folder, stream)
        handler.setFormatter(JsonLines() if settings.format == "json" else TextLines())
        self._queue: queue.Queue[Any] = queue.Queue(_WAITING)
        self._taker = _Taker(self._queue, letter)
        self._handler = handler
        self._writer = threading.Thread(target=self._write, name="log", daemon=True)
        self._root = logging.getLogger(ROOT)
        self._levels = [ROOT, *(f"{ROOT}.{name}" for name in settings.levels)]
        self._root.setLevel(settings.level.upper())
        for name, level in settings.levels.items():
            logging.getLogger(f"{ROOT}.{name}").setLevel(level.upper())
        self._root.propagate = False
        self._root.addHandler(self._taker)
        self._writer.start()

    @property
    def dropped(self) -> int:
        """How many lines were dropped, because too many waited or none could be written."""
        return self._taker.dropped + self._handler.dropped

    def close(self) -> None:
        """Write what waits, unless that takes too long, and write no more."""
        self._root.removeHandler(self._taker)
        self._root.propagate = True
        for name in self._levels:
            logging.getLogger(name).setLevel(logging.NOTSET)
        with suppress(queue.Full):
            self._queue.put(None, timeout=_CLOSE_LIMIT)
        self._writer.join(_CLOSE_LIMIT)
        if not self._writer.is_alive():
            self._handler.close()

    def _write(self) -> None:
        """Write lines until there are no more."""
        while (record := self._queue.get()) is not None:
            self._handler.handle(record)


class TextLines(logging.Formatter):
    """Lines for people."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        fields = _fields(record)
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        pairs = "".join(f" {name}={_text(value)}" for name, value in fields.items())
        event = _clean(record.getMessage())
        level, name = record.levelname.lower(), _part(record)
        return f"{moment}.{record.msecs:03.0f}Z {level:<7} {name:<8} {event}{pairs}"


class JsonLines(logging.Formatter):
    """Lines for programs."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        known = {
            "time": round(record.created, 6),
            "level": record.levelname.lower(),
            "part": _part(record),
            "event": _hide(record.getMessage()),
        }
        return json.dumps(known | {k: v for k, v in _fields(record).items() if k not in known})


class _Taker(logging.handlers.QueueHandler):
    """Takes records to the thread that writes them."""

    def __init__(self, lines: "queue.Queue[Any]", letter: str) -> None:
        super().__init__(lines)
        self._letter = letter
        self.dropped = 0

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """Return the record with all it tells as text: what it speaks of goes on changing."""
        record.fields = _fields(record, self._letter)
        record.msg, record.args, record.exc_info = record.getMessage(), None, None
        return record

    def enqueue(self, record: logging.LogRecord) -> None:
        """Let the record wait, or count it."""
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            self.dropped += 1


class _Counting(logging.Handler):
    """Counts what it cannot write, where the standard library prints a trace for each line."""

    dropped = 0

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - as inherited
        """Count a line that was not written."""
        self.dropped += 1


class _Stream(_Counting, logging.StreamHandler[TextIO]):
    """A terminal, or what stands in its place."""


class _PrivateFile(_Counting, logging.handlers.RotatingFileHandler):
    """A file that only its owner reads, begun anew when it is full."""

    def __init__(self, path: Path, most: int, keep: int) -> None:
        # Without a file to rename to, a full one would grow for ever.
        super().__init__(path, maxBytes=most, backupCount=max(keep, 1), encoding="utf-8")

    def _open(self) -> Any:
        Path(self.baseFilename).touch(mode=0o600)
        return super()._open()


def _destination(settings: Logging, folder: Path, stream: TextIO | None) -> _Counting:
    if not settings.file:
        return _Stream(stream or sys.stderr)
    path = folder / Path(settings.file).expanduser()
    try:
        return _PrivateFile(path, settings.max_size, settings.keep)
    except OSError as error:
        raise LocalFault(f"cannot write the log {path}: {error.strerror or error}") from error


def _fields(record: logging.LogRecord, letter: str = MAINNET_LETTER) -> dict[str, Any]:
    """Return the pairs of a record as JSON has them, without secrets."""
    fields: dict[str, Any] = {}
    for name, value in getattr(record, "fields", {}).items():
        if _SECRET_NAMES.search(name):
            fields[name] = HIDDEN
        elif value is None or isinstance(value, bool | int | float):
            fields[name] = value
        else:
            longest = _LONGEST_TRACE if name == "trace" else _LONGEST_VALUE
            fields[name] = _hide(told(value, letter), longest)
    if record.exc_info and record.exc_info[1] is not None:
        error = record.exc_info[1]
        trace = logging.Formatter().formatException(record.exc_info)
        trace = trace.replace(str(error), told(error, letter))
        fields["trace"] = _hide(trace, _LONGEST_TRACE)
    return fields


def _hide(text: str, longest: int = _LONGEST_VALUE) -> str:
    shown = _SECRETS.sub(HIDDEN, text)
    return shown if len(shown) <= longest else f"{shown[:longest]}..."


def _clean(text: str) -> str:
    """Return the text of an event on one line."""
    shown = _hide(text)
    return shown if shown.isprintable() else json.dumps(shown)[1:-1]


def _text(value: Any) -> str:
    if isinstance(value, str) and not (_PLAIN_VALUE.fullmatch(value) and value.isprintable()):
        return json.dumps(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _part(record: logging.LogRecord) -> str:
    return record.name.removeprefix(f"{ROOT}.")
