"""The picture of a devnet in the README: a terminal, drawn from what real commands print.

python -m scripts.record_devnet          writes docs/images/devnet.svg

It starts a devnet of its own on port 1234, which must be free, in a folder that is removed after.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.text import Text

PICTURE = Path(__file__).parents[1] / "docs" / "images" / "devnet.svg"

PROGRAM = Path(sys.executable).with_name("papyrus")
DEVNET = "papyrus devnet --accounts 3"
COMMANDS = (
    "papyrus send t14zh7ha4hrtjida77isj2oskt73ykwbrmppo7tny 5 --wait",
    "papyrus info",
)
COLUMNS = 142

_FONT = re.compile(r"@font-face \{.*?\}\n", re.DOTALL)
"""What rich would have a reader's browser fetch from elsewhere."""


def main() -> None:
    """Run the commands and draw what they print."""
    console = Console(record=True, width=COLUMNS, file=sys.stderr, force_terminal=True)
    with tempfile.TemporaryDirectory() as folder, _devnet(folder) as banner:
        _show(console, DEVNET, banner)
        for command in COMMANDS:
            _show(console, command, _output(command, folder))
    drawing = console.export_svg(title="papyrus devnet", unique_id="devnet")
    PICTURE.parent.mkdir(exist_ok=True)
    # Nothing is fetched from elsewhere, the font neither.
    drawing = _FONT.sub("", drawing).replace("Fira Code", "ui-monospace, Menlo, Consolas")
    PICTURE.write_text("\n".join(line.rstrip() for line in drawing.splitlines()) + "\n", "utf-8")


def _show(console: Console, command: str, output: str) -> None:
    console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
    console.print(Text(output.strip("\n")))
    console.print()


@contextmanager
def _devnet(folder: str) -> Iterator[str]:
    """Run the devnet, and give its banner, whose last line is the one with the address."""
    process = subprocess.Popen(
        [PROGRAM, *DEVNET.split()[1:]],
        stdout=subprocess.PIPE,
        env=_environment(folder),
        text=True,
    )
    try:
        lines = []
        for line in process.stdout or ():
            lines.append(line)
            if "FULLNODE_API_INFO" in line:
                break
        else:
            sys.exit("the devnet did not start")
        yield "".join(lines)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait()


def _output(command: str, folder: str) -> str:
    """Return what a command prints, on both streams."""
    return subprocess.run(
        [PROGRAM, *command.split()[1:]],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_environment(folder),
        text=True,
        check=True,
    ).stdout


def _environment(folder: str) -> dict[str, str]:
    inherited = {name: text for name, text in os.environ.items() if "PAPYRUS_" not in name}
    inherited.pop("FULLNODE_API_INFO", None)
    return inherited | {"PAPYRUS_PATH": folder, "COLUMNS": str(COLUMNS)}


if __name__ == "__main__":
    main()
