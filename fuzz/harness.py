"""How a fuzz target is run: the parser may return or raise `DecodeError`, and nothing else."""

import sys
from collections.abc import Callable

import atheris

from papyrus.primitives.errors import DecodeError


def fuzz(parse: Callable[[bytes], object]) -> None:
    """Feed the parser inputs until the time given on the command line is over."""

    def one_input(data: bytes) -> None:
        try:
            parse(data)
        except DecodeError:
            return

    atheris.instrument_all()
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
