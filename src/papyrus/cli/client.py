"""`papyrus client`: what who stores data needs to know of it, without a node."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from papyrus.cli.amounts import human_power
from papyrus.cli.output import JsonOption, fail, human_size, progress, say_fields, say_json
from papyrus.conformance.workers import run_in_order
from papyrus.primitives.errors import LocalFault
from papyrus.proofs.commitments import PieceError
from papyrus.proofs.piece_data import UNPADDED_CHUNK, commitment_to, piece_of
from papyrus.storage.compression import open_file

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Know the data that is to be stored.",
)

PART = UNPADDED_CHUNK << 15
"""Bytes of data that are hashed at a time: 4 MiB of a piece."""

_MOST_JOBS = 256


@app.callback()
def _client() -> None:
    pass


@app.command("commP", no_args_is_help=True)
def comm_p(
    source: Annotated[str, typer.Argument(metavar="FILE", help="Of any kind; - is stdin.")],
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", min=1, max=_MOST_JOBS, help="Processes: as many as processors."
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    r"""Compute the CID of the piece that a file is (CommP), and the piece's padded size.

    These are what a deal is made of, and what `papyrus market publish` takes. The bytes are taken
    as they are: a CAR file is what storage providers expect, but anything can be a piece.

    \b
    Examples:
      papyrus client commP data.car
      papyrus client commP data.car --json
    """
    try:
        if source == "-":
            parts, payload = _of_stdin()
        else:
            parts, payload = _of_file(Path(source), jobs or os.cpu_count() or 1)
        if not payload:
            fail(f"{source} is empty: a piece has one byte or more")
        piece = piece_of(parts)
    except PieceError as error:
        raise LocalFault(f"{source} changed while it was read: try again") from error
    if json:
        size = {"piece_size": piece.size, "payload_size": payload}
        say_json({"piece_cid": str(piece.cid), **size})
        return
    say_fields(
        [
            ("piece CID", piece.cid),
            ("piece size", f"{human_power(piece.size)} ({piece.size:,} bytes padded)"),
            ("payload", f"{payload:,} bytes ({human_size(payload)})"),
        ]
    )


def part_of_file(part: tuple[str, int]) -> tuple[int, bytes]:
    """Return padded size and commitment of the part of a file that begins at a place."""
    path, start = part
    with open_file(Path(path)) as file:
        file.seek(start)
        return commitment_to(file.read(PART))


def _of_file(path: Path, jobs: int) -> tuple[list[tuple[int, bytes]], int]:
    """Return padded sizes and commitments of a file's parts, and its length."""
    with open_file(path) as file:
        length = file.seek(0, os.SEEK_END)
    tasks = [(str(path), start) for start in range(0, length, PART)]
    parts = []
    with progress(f"hashing {path.name}", length) as drawn:
        # A process takes longer to start than some parts to be hashed.
        for part in run_in_order(part_of_file, tasks, min(jobs, len(tasks) // 4)):
            parts.append(part)
            drawn.reach(min(len(parts) * PART, length), length)
    return parts, length


def _of_stdin() -> tuple[list[tuple[int, bytes]], int]:
    parts, length = [], 0
    with progress("hashing stdin") as drawn:
        for data in _stdin_parts():
            parts.append(commitment_to(data))
            length += len(data)
            drawn.advance(len(data))
    return parts, length


def _stdin_parts() -> Iterator[bytes]:
    while data := sys.stdin.buffer.read(PART):
        yield data
