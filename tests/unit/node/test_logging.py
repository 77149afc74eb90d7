import io
import json
import logging
import re
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from papyrus.node.config import Logging
from papyrus.node.logging import JsonLines, Logs, TextLines, part
from papyrus.primitives.errors import LocalFault

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJBbGxvdyI6WyJyZWFkIl19.abc-_DEF"  # noqa: S105 - not a real one
EXPORTED = b'{"Type":"secp256k1","PrivateKey":"c2VjcmV0"}'.hex()
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (\w+) +(\w+) +(.*)")


def told(settings: Logging, tell, folder: Path = Path()) -> list[str]:
    """Return the lines that are written of what `tell` tells."""
    stream = io.StringIO()
    logs = Logs(settings, folder, stream=stream)
    try:
        tell()
    finally:
        logs.close()
    return stream.getvalue().splitlines()


def test_line_for_people_has_time_level_part_event_and_pairs() -> None:
    (line,) = told(
        Logging(),
        lambda: part("rpc").info("request", method="ChainHead", seconds=0.25, ok=True, of=None),
    )
    match = LINE.fullmatch(line)
    assert match is not None
    assert match.groups() == (
        "info", "rpc", "request method=ChainHead seconds=0.25 ok=True of=None",
    )  # fmt: skip


def test_line_for_programs_is_one_json_object() -> None:
    (line,) = told(
        Logging(format="json"),
        lambda: part("mpool").warning("refused", why="nonce\ngap", count=3, part="x"),
    )
    found = json.loads(line)
    assert found.pop("time") > 1e9
    assert found == {
        "level": "warning", "part": "mpool", "event": "refused", "why": "nonce\ngap", "count": 3,
    }  # fmt: skip


def test_levels_hold_for_their_parts_and_end_with_the_logs() -> None:
    def tell() -> None:
        for name in ("rpc", "mpool", "chain"):
            part(name).debug("fine", of=name)
            part(name).info("plain", of=name)
            part(name).error("bad", of=name)

    settings = Logging(level="info", levels={"rpc": "debug", "mpool": "error"})
    found = [tuple(line.split()[3:5]) for line in told(settings, tell)]
    assert found == [
        ("fine", "of=rpc"), ("plain", "of=rpc"), ("bad", "of=rpc"), ("bad", "of=mpool"),
        ("plain", "of=chain"), ("bad", "of=chain"),
    ]  # fmt: skip
    assert logging.getLogger("papyrus.rpc").level == logging.NOTSET
    assert logging.getLogger("papyrus").handlers == []


def test_loggers_of_the_standard_library_are_heard() -> None:
    (line,) = told(Logging(), lambda: logging.getLogger("papyrus.wallet").info("%d keys", 3))
    assert line.endswith("info    wallet   3 keys")


@pytest.mark.parametrize("form", ["text", "json"])
def test_secrets_are_left_out(form: str) -> None:
    def tell() -> None:
        told_by = part("wallet")
        told_by.info(
            "unlocked", **dict.fromkeys(("password", "key_password", "mnemonic"), "hunter2")
        )
        told_by.info(f"said {TOKEN}", header=f"Bearer {TOKEN}", value=f"Bearer hunter2 {EXPORTED}")
        told_by.info("key", json='{"Type":"bls","PrivateKey":"hunter2=="}')
        try:
            int(f"hunter is {TOKEN}")
        except ValueError as error:
            told_by.error("failed", error=error)

    text = "\n".join(told(Logging(format=form), tell))
    assert "hunter2" not in text
    assert TOKEN not in text
    assert EXPORTED not in text
    assert text.count("(hidden)") >= 7
    assert "hunter is (hidden)" in text


@given(st.text(), st.text())
def test_whatever_is_told_is_one_line_of_each_form(event: str, value: str) -> None:
    record = logging.LogRecord("papyrus.net", logging.INFO, "", 0, "%s", (event,), None)
    record.fields = {"value": value}
    for form in (TextLines(), JsonLines()):
        assert len(form.format(record).splitlines()) == 1
    found = json.loads(JsonLines().format(record))
    if len(value) <= 2000 and "Bearer" not in value and "eyJ" not in value:
        assert found["value"] == value


def raise_deeply() -> None:
    raise ValueError("deep" * 1000)


def test_long_values_are_cut_and_traces_are_kept() -> None:
    def tell() -> None:
        part("rpc").info("long", value="x" * 5000)
        try:
            raise_deeply()
        except ValueError as error:
            part("rpc").error("failed", error=error)

    long, failed = (json.loads(line) for line in told(Logging(format="json"), tell))
    assert long["value"] == "x" * 2000 + "..."
    assert failed["trace"].endswith("deep" * 1000)


def test_what_is_told_is_as_it_was_when_told() -> None:
    seen = ["before"]

    def tell() -> None:
        part("chain").info("seen", what=seen)
        seen[0] = "after"

    (line,) = told(Logging(), tell)
    assert "before" in line


def test_file_is_private_and_begun_anew_when_full(tmp_path: Path) -> None:
    settings = Logging(file="node.log", max_size=10_000, keep=2)
    logs = Logs(settings, tmp_path)
    for number in range(400):
        part("chain").info("head", height=number, padding="x" * 60)
    logs.close()
    files = sorted(tmp_path.iterdir())
    assert [path.name for path in files] == ["node.log", "node.log.1", "node.log.2"]
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert all(0 < path.stat().st_size <= 10_000 for path in files)
    assert "height=399" in (tmp_path / "node.log").read_text().splitlines()[-1]


def test_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(LocalFault, match=r"cannot write the log .*none/node.log: No such file"):
        Logs(Logging(file="none/node.log"), tmp_path)


class Stuck(io.StringIO):
    """A terminal that takes nothing until it is freed."""

    def __init__(self) -> None:
        super().__init__()
        self.free = threading.Event()

    def write(self, text: str) -> int:
        self.free.wait(20)
        return super().write(text)


def test_stuck_terminal_holds_up_nobody_and_lines_too_many_are_counted() -> None:
    stream = Stuck()
    logs = Logs(Logging(), Path(), stream=stream)
    for number in range(10_100):
        part("chain").info("head", height=number)
    assert 0 < logs.dropped <= 100
    dropped = logs.dropped
    stream.free.set()
    logs.close()
    assert len(stream.getvalue().splitlines()) == 10_100 - dropped


def test_terminal_that_stays_stuck_does_not_keep_the_node_from_ending() -> None:
    logs = Logs(Logging(), Path(), stream=Stuck())
    part("chain").info("head")
    start = time.monotonic()
    logs.close()
    assert time.monotonic() - start < 10


def test_lines_that_cannot_be_written_are_counted(capsys) -> None:
    gone = io.StringIO()
    gone.close()
    logs = Logs(Logging(), Path(), stream=gone)
    part("chain").info("head")
    logs.close()
    assert logs.dropped == 1
    assert capsys.readouterr().err == ""
