"""Keys as text: what Lotus, go-filecoin and Ethereum's wallets export and import.

| Form | What it is |
|---|---|
| `hex-lotus` | the JSON below in hexadecimal; what `lotus wallet export` prints |
| `json-lotus` | `{"Type":"secp256k1","PrivateKey":"<base64>"}` |
| `gfc-json` | go-filecoin's `{"KeyInfo":[{"PrivateKey":"<base64>","SigType":1}]}`; only read |
| `hex-eth` | the 32 bytes of a secp256k1 secret in hexadecimal, with 0x or without |

BLS secrets have their lowest byte first in each. JSON is read as Go reads it: names of fields in
any case, others passed over; and a type may be a number, as Lotus once wrote it. What cannot be
read raises DecodeError, which never repeats or refers to any of it, for it may be most of a key.
"""

import base64
import binascii
import json
import re
from contextlib import suppress
from enum import StrEnum
from typing import Any

from papyrus.crypto.signatures import SignatureType
from papyrus.primitives.errors import DecodeError
from papyrus.wallet.keys import KIND_NAMES, SECRET_LENGTH, Key, kind_named, make_key

MAX_TEXT_LENGTH = 1 << 16
"""Characters beyond which text is refused unread."""

_HEX = re.compile(r"(?:[0-9a-fA-F]{2})+")
_HEX_SECRET = re.compile(r"(?:0[xX])?[0-9a-fA-F]{64}")
_LEDGER = "secp256k1-ledger"


class Form(StrEnum):
    """A way to write a key down, by the name that Lotus' `--format` has for it."""

    HEX_LOTUS = "hex-lotus"
    JSON_LOTUS = "json-lotus"
    GFC_JSON = "gfc-json"
    HEX_ETH = "hex-eth"


def write_key(key: Key, form: Form = Form.HEX_LOTUS) -> str:
    """Return a key as text; DecodeError where the form has no such keys."""
    if form == Form.GFC_JSON:
        raise DecodeError("keys are not written as gfc-json, which only go-filecoin knew")
    if form == Form.HEX_ETH:
        if key.kind == SignatureType.BLS:
            raise DecodeError("hex-eth is for secp256k1 and delegated keys: Ethereum has no BLS")
        return "0x" + key.secret.hex()
    text = json.dumps(key_to_info(key), separators=(",", ":"))
    return text if form == Form.JSON_LOTUS else text.encode("ascii").hex()


def read_keys(
    text: str, form: Form | None = None, kind: SignatureType = SignatureType.DELEGATED
) -> tuple[Key, ...]:
    """Return the keys that text stands for, of the form that it looks like if none is given.

    The kind is for hex-eth, which does not tell secp256k1 and delegated keys apart. All forms but
    gfc-json hold one key.
    """
    if len(text) > MAX_TEXT_LENGTH:
        raise DecodeError(f"a key of {len(text)} characters, {MAX_TEXT_LENGTH} at most")
    text = text.strip()
    form = form or form_of(text)
    if form == Form.HEX_ETH:
        return (_from_hex_eth(text, kind),)
    if form == Form.HEX_LOTUS:
        if _HEX.fullmatch(text) is None:
            raise DecodeError("a key in the form hex-lotus is hexadecimal")
        text = bytes.fromhex(text).decode("utf-8", "replace")
    value = _from_json(text)
    return _from_go_filecoin(value) if form == Form.GFC_JSON else (key_from_info(value),)


def form_of(text: str) -> Form:
    """Return the form that the text of a key looks like; DecodeError where it is like none."""
    if _HEX_SECRET.fullmatch(text) is not None:
        return Form.HEX_ETH
    if _HEX.fullmatch(text) is not None:
        return Form.HEX_LOTUS
    if text.startswith("{"):
        return Form.GFC_JSON if '"keyinfo"' in text.lower() else Form.JSON_LOTUS
    raise DecodeError("this is no key in any form that is known: they begin with 0x, { or 7b")


def key_to_info(key: Key) -> dict[str, str]:
    """Return a key as Lotus' KeyInfo, which is also what its RPC speaks."""
    return {
        "Type": KIND_NAMES[key.kind],
        "PrivateKey": base64.b64encode(key.secret).decode("ascii"),
    }


def key_from_info(value: Any) -> Key:
    """Return the key of Lotus' KeyInfo; raises DecodeError."""
    fields = _fields(value)
    return make_key(_kind(fields.get("type")), _secret(fields.get("privatekey")))


def _from_go_filecoin(value: Any) -> tuple[Key, ...]:
    listed = _fields(value).get("keyinfo")
    if not isinstance(listed, list) or not listed:
        raise DecodeError("a key in the form gfc-json has a list of keys, KeyInfo")
    each = [_fields(item) for item in listed]
    return tuple(
        make_key(_kind(fields.get("sigtype")), _secret(fields.get("privatekey"))) for fields in each
    )


def _from_hex_eth(text: str, kind: SignatureType) -> Key:
    if kind == SignatureType.BLS:
        raise DecodeError("hex-eth is for secp256k1 and delegated keys: Ethereum has no BLS")
    if _HEX_SECRET.fullmatch(text) is None:
        raise DecodeError(f"a key in the form hex-eth is {2 * SECRET_LENGTH} hexadecimal digits")
    return make_key(kind, bytes.fromhex(text[-2 * SECRET_LENGTH :]))


# The errors of Python's own decoders hold the text they failed at, so none of them is passed on,
# nor is any raised while one of them is being handled.
def _from_json(text: str) -> Any:
    value = None
    with suppress(ValueError, RecursionError):
        value = json.loads(text)
    if not isinstance(value, dict):
        raise DecodeError("the text of the key is not a JSON object")
    return value


def _fields(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DecodeError("a key in JSON is an object with the fields Type and PrivateKey")
    return {str(name).lower(): member for name, member in value.items()}


def _kind(value: Any) -> SignatureType:
    if value == _LEDGER:
        raise DecodeError("the secret of this key is in a Ledger, and stays there")
    if isinstance(value, str):
        return kind_named(value)
    if type(value) is int and value in set(SignatureType):
        return SignatureType(value)
    raise DecodeError("a key is of the kind secp256k1, bls or delegated")


def _secret(value: Any) -> bytes:
    found = None
    if isinstance(value, str) and value.isascii():
        with suppress(binascii.Error):
            found = base64.b64decode(value, validate=True)
    if found is None:
        raise DecodeError("the field PrivateKey of a key is base64")
    return found
