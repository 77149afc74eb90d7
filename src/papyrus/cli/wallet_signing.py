"""`papyrus wallet sign` and `verify`: signatures of texts and bytes."""

from typing import Annotated

import typer

from papyrus.cli.address import read_address
from papyrus.cli.output import JsonOption, say, say_json
from papyrus.cli.wallet_access import ChainOption, FolderOption, key_in, wallet_folder
from papyrus.crypto.signatures import Signature
from papyrus.primitives.errors import DecodeError
from papyrus.wallet.envelope import in_envelope
from papyrus.wallet.wallet import is_signed

AddressArgument = Annotated[str, typer.Argument(metavar="ADDRESS", help="f/t or 0x form.")]
RawOption = Annotated[
    bool, typer.Option("--raw", help="Without the envelope for texts (FRC-0102).")
]


def sign(
    address: AddressArgument,
    data: Annotated[str, typer.Argument(metavar="HEX", help="What to sign.")],
    raw: RawOption = False,
    chain: ChainOption = None,
    folder: FolderOption = None,
    json: JsonOption = False,
) -> None:
    r"""Print the signature of some bytes, its type first, in hexadecimal.

    \b
    Examples:
      papyrus wallet sign f1... 68656c6c6f
    """
    content = _content(data, raw)
    path, letter = wallet_folder(folder, chain)
    key = key_in(path, read_address(address))
    signature = key.sign(content).to_bytes().hex()
    if json:
        say_json({"address": key.address.to_string(letter), "signature": signature})
    else:
        say(signature)


def verify(
    address: AddressArgument,
    data: Annotated[str, typer.Argument(metavar="HEX", help="What was signed.")],
    signature: Annotated[str, typer.Argument(metavar="SIGNATURE", help="In hexadecimal.")],
    raw: RawOption = False,
    json: JsonOption = False,
) -> None:
    r"""Say whether a signature is valid: exit code 0, or 1 where it is not. No wallet is needed.

    \b
    Examples:
      papyrus wallet verify f1... 68656c6c6f 01...
    """
    found = Signature.from_bytes(_from_hex(signature, "the signature"))
    valid = is_signed(read_address(address), _content(data, raw), found)
    if json:
        say_json({"valid": valid})
    else:
        say("valid" if valid else "invalid")
    if not valid:
        raise typer.Exit(1)


def _content(data: str, raw: bool) -> bytes:
    content = _from_hex(data, "what is signed")
    return content if raw else in_envelope(content)


def _from_hex(text: str, what: str) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise DecodeError(f"{what} is to be hexadecimal") from None
