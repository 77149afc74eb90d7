"""The option that says which engine runs which actor."""

from typing import Annotated

import typer

from papyrus.actors.engine import EngineChoice

EngineOption = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="ENGINE",
        help=(
            "What runs the actors: wasm (the released code), native (Python), or "
            "hybrid:evm=wasm,miner.28=wasm (what is not named is native)."
        ),
    ),
]
"""Which engine runs which actor, as people write it."""


def engine_choice(text: str) -> EngineChoice:
    """Return the choice that people wrote; typer's BadParameter says what is wrong with it."""
    try:
        return EngineChoice.parse(text)
    except ValueError as error:
        raise typer.BadParameter(f"--engine: {error}") from error
