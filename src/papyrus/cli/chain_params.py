"""`papyrus chain decode params` and `encode params`: what a method takes, as JSON and as CBOR."""

import base64
import binascii
from json import JSONDecodeError, dumps, loads
from typing import Annotated, Any

import typer

from papyrus.cli.address import address_text
from papyrus.cli.connection import ApiOption, connected
from papyrus.cli.node_output import cid_json
from papyrus.cli.output import JsonOption, say, say_json
from papyrus.cli.tipset_option import TipsetOption, tipset_key
from papyrus.primitives.errors import DecodeError

decode_app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Show the CBOR of messages as JSON.",
)
encode_app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Make the CBOR of messages from JSON.",
)

ToArgument = Annotated[str, typer.Argument(metavar="TO", help="The actor that is called.")]
MethodArgument = Annotated[int, typer.Argument(metavar="METHOD", min=0, help="Its number.")]
EncodingOption = Annotated[str, typer.Option("--encoding", help="base64 or hex.")]


@decode_app.callback()
def _decode() -> None:
    pass


@encode_app.callback()
def _encode() -> None:
    pass


@decode_app.command("params", no_args_is_help=True)
def decode_params(
    to: ToArgument,
    method: MethodArgument,
    params: Annotated[str, typer.Argument(metavar="PARAMS")],
    encoding: EncodingOption = "base64",
    tipset: TipsetOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Show the parameters of a message as JSON.

    \b
    Examples:
      papyrus chain decode params f04 2 --encoding hex 8443...
    """
    data = read_encoded(params, encoding)
    with connected(api) as node:
        key = tipset_key(node, tipset)
        text = base64.b64encode(data).decode()
        found = node.ask("StateDecodeParams", address_text(to), method, text, key)
    if json:
        say_json(found)
    else:
        say(dumps(found, indent=2))


@encode_app.command("params", no_args_is_help=True)
def encode_params(
    dest: Annotated[
        str, typer.Argument(metavar="TO", help="The actor, or with --to-code its code.")
    ],
    method: MethodArgument,
    params: Annotated[str, typer.Argument(metavar="JSON")],
    encoding: EncodingOption = "base64",
    to_code: Annotated[bool, typer.Option("--to-code", help="TO is the CID of a code.")] = False,
    tipset: TipsetOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Print the CBOR of a method's parameters that are given as JSON.

    \b
    Examples:
      papyrus chain encode params f01000 16 '{"AmountRequested":"1"}' --encoding hex
    """
    value = _json(params)
    with connected(api) as node:
        key = tipset_key(node, tipset)
        code = (
            cid_json(dest)
            if to_code
            else node.ask("StateGetActor", address_text(dest), key)["Code"]
        )
        data = base64.b64decode(node.ask("StateEncodeParams", code, method, value))
    shown = written(data, encoding)
    if json:
        say_json({"params": shown, "encoding": encoding})
    else:
        say(shown)


def read_encoded(text: str, encoding: str) -> bytes:
    """Return the bytes of text in hexadecimal or base64; DecodeError where it is neither."""
    try:
        if encoding == "hex":
            return bytes.fromhex(text.removeprefix("0x"))
        if encoding == "base64":
            return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise DecodeError(f"{text!r} is not {encoding}") from None
    raise DecodeError(f"the encoding {encoding!r} is not known: base64 or hex")


def written(data: bytes, encoding: str) -> str:
    """Return bytes as text in hexadecimal or base64; DecodeError for another encoding."""
    if encoding not in ("hex", "base64"):
        raise DecodeError(f"the encoding {encoding!r} is not known: base64 or hex")
    return data.hex() if encoding == "hex" else base64.b64encode(data).decode()


def _json(text: str) -> Any:
    try:
        return loads(text)
    except JSONDecodeError as error:
        raise DecodeError(f"the parameters are not JSON: {error}") from error
