import io
import json
import sys

import pytest
import typer

from papyrus.cli import output


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_table_aligns_numbers_to_the_right(capsys: pytest.CaptureFixture[str]) -> None:
    output.say_table(("NAME", "COUNT"), [("a", "1,000"), ("long name", 5)])
    assert capsys.readouterr().out == "NAME       COUNT\na          1,000\nlong name      5\n"


def test_empty_table_has_its_heads(capsys: pytest.CaptureFixture[str]) -> None:
    output.say_table(("A", "B"), [])
    assert capsys.readouterr().out == "A  B\n"


def test_fields_stand_below_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    output.say_fields([("a", 1), ("long", "x")])
    assert capsys.readouterr().out == "a     1\nlong  x\n"


@pytest.mark.parametrize("items", [[], [1], [{"a": "é"}, None]])
def test_array_is_written_item_by_item(items, capsys: pytest.CaptureFixture[str]) -> None:
    output.say_json_array(iter(items))
    assert json.loads(capsys.readouterr().out) == items


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (5_931_632, "5.9 MB"), (2 * 10**12, "2.0 TB")],
)
def test_sizes_are_as_people_write_them(count: int, text: str) -> None:
    assert output.human_size(count) == text


def test_failure_goes_to_stderr_and_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(typer.Exit) as caught:
        output.fail("the reason")
    assert caught.value.exit_code == 1
    assert capsys.readouterr() == ("", "papyrus: the reason\n")


def test_progress_is_drawn_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for stream, drawn in ((io.StringIO(), False), (Terminal(), True)):
        monkeypatch.setattr(sys, "stderr", stream)
        for bytes_unit in (True, False):
            with output.progress("working", 10, bytes_unit=bytes_unit) as bar:
                bar.advance(3, "on it")
                bar.reach(5, 10)
        assert ("working" in stream.getvalue()) == drawn
