"""`papyrus cid`: take a CID apart, or compute the CID of some bytes."""

from typing import Annotated, Any

import typer

from papyrus.cli.input import read_bytes
from papyrus.cli.output import JsonOption, say, say_fields, say_json
from papyrus.ipld import cid as cids
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import DecodeError

CODECS = {
    "raw": cids.RAW,
    "cbor": cids.CBOR,
    "dag-cbor": cids.DAG_CBOR,
    "dag-pb": cids.DAG_PB,
    "fil-commitment-unsealed": cids.FIL_COMMITMENT_UNSEALED,
    "fil-commitment-sealed": cids.FIL_COMMITMENT_SEALED,
}
"""The codecs of Filecoin's data by their names in the multicodec table."""

HASHES = {
    "identity": cids.IDENTITY,
    "sha2-256": cids.SHA2_256,
    "blake2b-256": cids.BLAKE2B_256,
    "sha2-256-trunc254-padded": cids.SHA2_256_TRUNC254_PADDED,
    "poseidon-bls12_381-a2-fc1": cids.POSEIDON_BLS12_381_A2_FC1,
}
"""The hash functions of Filecoin's data by their names in the multicodec table."""

_COMPUTED = ("blake2b-256", "sha2-256", "identity")


def cid(
    text: Annotated[str, typer.Argument(metavar="CID|FILE|-", help="A CID, a file, or stdin.")],
    codec: Annotated[
        str | None, typer.Option(help="Compute the CID of a file's bytes under this codec.")
    ] = None,
    hash_name: Annotated[
        str, typer.Option("--hash", help=f"Hash to compute with: {', '.join(_COMPUTED)}.")
    ] = "blake2b-256",
    json: JsonOption = False,
) -> None:
    r"""Show the parts of a CID; with --codec, compute the CID of a file or of stdin.

    \b
    Examples:
      papyrus cid bafy2bzacedxsqapxwj5znwy4leem5gsuenhhfyqcntews3yis5iek67thy6lc
      papyrus cid actor.wasm --codec raw
      papyrus cid - --codec dag-cbor < block.cbor
    """
    if codec is None:
        found = _read(text)
    else:
        if codec not in CODECS:
            raise typer.BadParameter(f"{codec!r}: choose from {', '.join(CODECS)}")
        if hash_name not in _COMPUTED:
            raise typer.BadParameter(f"{hash_name!r}: choose from {', '.join(_COMPUTED)}")
        data = read_bytes(text)
        if hash_name == "identity" and len(data) > cids.MAX_DIGEST_LENGTH:
            raise DecodeError(f"an identity CID holds at most {cids.MAX_DIGEST_LENGTH} bytes")
        found = Cid.of(data, CODECS[codec], HASHES[hash_name])
    if json:
        say_json(_to_json(found))
    elif codec is None:
        say_fields((name.replace("_", " "), value) for name, value in _to_json(found).items())
    else:
        say(str(found))


def code_name(names: dict[str, int], code: int) -> str:
    """Return the multicodec name of a code, or the code in hexadecimal where it has none here."""
    for name, number in names.items():
        if number == code:
            return name
    return hex(code)


def _read(text: str) -> Cid:
    text = text.strip().removeprefix("/ipfs/").removeprefix("ipfs://")
    try:
        return Cid.from_string(text)
    except DecodeError as error:
        raise DecodeError(
            f"{error}; to compute the CID of a file, add --codec raw or --codec dag-cbor"
        ) from error


def _to_json(found: Cid) -> dict[str, Any]:
    return {
        "cid": str(found),
        "version": found.version,
        "codec": code_name(CODECS, found.codec),
        "hash": code_name(HASHES, found.hash_code),
        "digest": found.digest.hex(),
        "bytes": found.hex(),
    }
