"""How a fuzz target is run: the parser may return or raise `DecodeError`, and nothing else."""

import hashlib
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import atheris

from papyrus.primitives.errors import DecodeError

Parser = Callable[[bytes], object]


def one_of(parsers: tuple[Parser, ...]) -> Parser:
    """Return a parser that gives all but the first byte to the one that the first byte chooses."""

    def parse(data: bytes) -> object:
        return parsers[data[0] % len(parsers)](data[1:]) if data else None

    return parse


def fuzz(parse: Parser, seeds: Iterable[bytes]) -> None:
    """Feed the parser inputs, from the seeds on, until the time on the command line is over.

    The first argument of the command line is the folder in which inputs are kept.
    """
    corpus = Path(sys.argv[1])
    if corpus.is_dir():
        for seed in seeds:
            (corpus / f"seed-{hashlib.sha256(seed).hexdigest()[:16]}").write_bytes(seed)

    def one_input(data: bytes) -> None:
        try:
            parse(data)
        except DecodeError:
            return

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
