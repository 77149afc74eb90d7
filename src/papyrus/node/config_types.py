"""The kinds of values that configuration holds, each read from TOML and from one word of text.

A value of the environment or the command line is text: a list is written with commas, a table as
`name=value` with commas, a size with a unit.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ByteSize, Field, PlainValidator

from papyrus.node.listen_address import parse_listen_address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.rules.networks import network_named

_UNITS = (("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10))


def size_text(size: int) -> str:
    """Return a number of bytes in the largest unit that it is a whole number of."""
    for unit, length in _UNITS:
        if size and size % length == 0:
            return f"{size // length} {unit}"
    return f"{size} B"


def _not_a_flag(value: Any) -> Any:
    """Refuse true and false where a number is wanted, for which Python would take them."""
    if isinstance(value, bool):
        raise ValueError("it should be a number")  # noqa: TRY004 - pydantic expects it so
    return value


def _listed(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(word for part in value.split(",") if (word := part.strip()))
    return value


def _tabled(value: Any) -> Any:
    """Return the table that `name=value,name=value` is."""
    if not isinstance(value, str):
        return value
    pairs = [part.partition("=") for part in _listed(value)]
    if not all(equals for _, equals, _ in pairs):
        raise ValueError("it should be name=value, with commas between several")
    return {name.strip(): content.strip() for name, _, content in pairs}


def _amount(value: Any) -> TokenAmount:
    if not isinstance(value, str):
        raise ValueError('it should be an amount in quotes, for instance "0.07 FIL"')  # noqa: TRY004 - pydantic expects it so
    try:
        amount = TokenAmount.parse(value)
    except DecodeError as error:
        raise ValueError(str(error)) from error
    if amount < 0:
        raise ValueError("it should not be negative")
    return amount


def _known_network(value: str) -> str:
    try:
        return network_named(value).name
    except LocalFault as fault:
        raise ValueError(str(fault)) from fault


def _place(value: str) -> str:
    parse_listen_address(value)
    return value


def _engine(value: str) -> str:
    if value not in ("native", "wasm"):
        # The actors take long to import, and most configurations need none of them.
        from papyrus.actors.engine import EngineChoice  # noqa: PLC0415 - see above

        EngineChoice.parse(value)
    return value


Whole = Annotated[int, BeforeValidator(_not_a_flag)]
Decimal = Annotated[float, BeforeValidator(_not_a_flag), Field(allow_inf_nan=False)]
Seconds = Annotated[float, BeforeValidator(_not_a_flag), Field(ge=0, allow_inf_nan=False)]
Size = Annotated[ByteSize, BeforeValidator(_not_a_flag), Field(ge=0)]
Amount = Annotated[TokenAmount, PlainValidator(_amount)]
Words = Annotated[tuple[str, ...], BeforeValidator(_listed)]
Level = Literal["debug", "info", "warning", "error"]
Levels = Annotated[dict[str, Level], BeforeValidator(_tabled)]
NetworkName = Annotated[str, AfterValidator(_known_network)]
Place = Annotated[str, AfterValidator(_place)]
Engine = Annotated[str, AfterValidator(_engine)]
