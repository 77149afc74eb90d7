"""`papyrus address`: every form of an address."""

from typing import Annotated, Any

import typer

from papyrus.cli.output import JsonOption, say, say_fields, say_json
from papyrus.primitives.address import Address, Protocol
from papyrus.primitives.errors import DecodeError

_PROTOCOL_NAMES = {
    Protocol.ID: "0, an actor's number",
    Protocol.SECP256K1: "1, hash of a secp256k1 public key",
    Protocol.ACTOR: "2, hash made when the actor was",
    Protocol.BLS: "3, a BLS public key",
    Protocol.DELEGATED: "4, a name in another actor's namespace",
}
_ETHEREUM_TEXT_LENGTH = 42


def address(
    addresses: Annotated[
        list[str],
        typer.Argument(
            metavar="ADDRESS...", help="f/t form, 0x Ethereum form, a number, or hex:WIREBYTES."
        ),
    ],
    json: JsonOption = False,
) -> None:
    r"""Show every form of an address: Filecoin on both networks, Ethereum, and bytes.

    \b
    Examples:
      papyrus address f01000
      papyrus address 0xd388ab098ed3e84c0d808776440b48f685198498
      papyrus address t410f2oekwcmo2pueydmaq53eic2i62crtbeyuzx2gmy --json
    """
    found = [read_address(text) for text in addresses]
    if json:
        forms = [_to_json(each) for each in found]
        say_json(forms[0] if len(forms) == 1 else forms)
        return
    for number, each in enumerate(found):
        if number:
            say()
        say_fields(_fields(each))


def read_address(text: str) -> Address:
    """Return the address that a person wrote in any of its forms; DecodeError if it is none."""
    text = text.strip()
    if text.lower().startswith("0x"):
        raw = _hex(text[2:], text)
        if len(text) != _ETHEREUM_TEXT_LENGTH:
            raise DecodeError(f"{text}: an Ethereum address has 40 digits after 0x")
        return Address.from_ethereum(raw)
    if text.startswith("hex:"):
        return Address.from_bytes(_hex(text[4:], text))
    if text.isascii() and text.isdigit():
        return Address.from_string(f"f0{text}")
    try:
        return Address.from_string(text)
    except DecodeError as error:
        raise DecodeError(f"{text!r} is not an address: {error}") from error


def address_text(text: str) -> str:
    """Return a person's address for a node to read, with the letter that the person wrote.

    DecodeError if it is none.
    """
    found, text = read_address(text), text.strip()
    return found.to_string(text[0]) if text[:1] in ("f", "t") else str(found)


def _hex(digits: str, text: str) -> bytes:
    try:
        return bytes.fromhex(digits)
    except ValueError:
        raise DecodeError(f"{text!r} is not hexadecimal") from None


def _fields(each: Address) -> list[tuple[str, object]]:
    """Return the forms as a person reads them."""
    forms: list[tuple[str, object]] = [
        ("protocol", _PROTOCOL_NAMES[each.protocol]),
        ("mainnet", each.to_string("f")),
        ("testnet", each.to_string("t")),
    ]
    if each.protocol == Protocol.ID:
        forms.append(("id", each.id))
    if each.protocol == Protocol.DELEGATED:
        forms.append(("namespace", each.namespace))
        forms.append(("subaddress", each.subaddress.hex()))
    forms.append(("ethereum", _ethereum(each) or "none"))
    forms.append(("payload", each.payload.hex()))
    forms.append(("bytes", each.hex()))
    return forms


def _to_json(each: Address) -> dict[str, Any]:
    """Return the forms as a program reads them; null where the address has no such form."""
    delegated = each.protocol == Protocol.DELEGATED
    return {
        "protocol": int(each.protocol),
        "protocol_name": each.protocol.name.lower(),
        "mainnet": each.to_string("f"),
        "testnet": each.to_string("t"),
        "id": each.id if each.protocol == Protocol.ID else None,
        "namespace": each.namespace if delegated else None,
        "subaddress": each.subaddress.hex() if delegated else None,
        "ethereum": _ethereum(each),
        "payload": each.payload.hex(),
        "bytes": each.hex(),
    }


def _ethereum(each: Address) -> str | None:
    """Return the Ethereum form with its checksum in the case of the digits (ERC-55)."""
    from papyrus.crypto.hashing import keccak_256  # noqa: PLC0415 - keeps the help quick

    raw = each.to_ethereum()
    if raw is None:
        return None
    digits = raw.hex()
    nibbles = keccak_256(digits.encode()).hex()
    return "0x" + "".join(
        digit.upper() if int(nibble, 16) >= 8 else digit
        for digit, nibble in zip(digits, nibbles, strict=False)
    )
