"""Content identifiers (CID): what a block is called, and how its bytes were hashed.

A CID is, in its binary form, `version codec hash-code digest-length digest`, the first four as
minimal unsigned varints (multiformats CID specification, version 1). Version 0 is the bare
sha2-256 multihash (34 bytes from 0x12 0x20) that old IPFS data uses; nothing on the Filecoin
chain makes one, but links may hold one. Digests longer than 64 bytes are refused, as the FVM's
`Cid` refuses them.

`Cid` is `bytes`: its value is the binary form, so a CID hashes, compares and keys a dict at the
speed of bytes. `Cid(raw)` trusts its argument and parses nothing; `Cid.from_bytes` is for bytes
that came from elsewhere.

Surprising: the FVM's reader (`read`) drops the bits of a varint above 2**64 instead of refusing
it, and gives the CID that remains.
"""

import base64
import binascii
import hashlib
from typing import Self

from papyrus.primitives import base58
from papyrus.primitives.errors import DecodeError
from papyrus.primitives.varint import decode_unsigned, encode_unsigned

RAW = 0x55
"""Codec: opaque bytes."""
CBOR = 0x51
"""Codec: CBOR whose links are not followed."""
DAG_CBOR = 0x71
"""Codec: CBOR whose tag 42 values are links."""
DAG_PB = 0x70
"""Codec: the protobuf nodes of IPFS, implied by a version 0 CID."""
FIL_COMMITMENT_UNSEALED = 0xF101
"""Codec: the root of a Merkle tree over unsealed data (a piece or a sector), never a block."""
FIL_COMMITMENT_SEALED = 0xF102
"""Codec: the root of a Merkle tree over a sealed replica, never a block."""

IDENTITY = 0x00
"""Hash: the digest is the data itself."""
SHA2_256 = 0x12
"""Hash: SHA2-256."""
BLAKE2B_256 = 0xB220
"""Hash: BLAKE2b with 32 bytes of output, the hash of all Filecoin state."""
SHA2_256_TRUNC254_PADDED = 0x1012
"""Hash: SHA2-256 with its two highest bits cleared, used in unsealed commitments."""
POSEIDON_BLS12_381_A2_FC1 = 0xB401
"""Hash: Poseidon over the BLS12-381 scalar field, used in sealed commitments."""

MAX_DIGEST_LENGTH = 64
"""Bytes a digest may have: the FVM's `Cid` reserves no more."""

CHAIN_PREFIX = bytes.fromhex("0171a0e40220")
"""How the CID of every block of Filecoin state begins: DAG-CBOR under BLAKE2b-256."""

CHAIN_LENGTH = len(CHAIN_PREFIX) + 32
"""The length of such a CID."""

BLAKE_PREFIXES = (CHAIN_PREFIX, bytes.fromhex("0155a0e40220"))
"""How the CIDs of blocks of state and of the code of actors begin, equally long."""

_COMMON_PREFIXES = {
    len(prefix) + 32: prefix
    for prefix in map(bytes.fromhex, ("0171a0e40220", "0181e203922020", "0182e20381e80220"))
}
"""How nearly all CIDs begin, by length: blocks of state, unsealed and sealed commitments."""

_V0_PREFIX = b"\x12\x20"
_V0_LENGTH = 34
_MAX_TEXT = 256
"""Longest text looked at: over twice the base58 form of the longest CID accepted."""


def read(data: bytes, offset: int = 0) -> tuple["Cid", int]:
    """Return the CID at `offset` in its canonical form, and the offset after it.

    Reads exactly what the FVM's reader does and raises `DecodeError` on all else.
    """
    end = offset + CHAIN_LENGTH
    if data.startswith(BLAKE_PREFIXES, offset) and end <= len(data):
        return Cid(data[offset:end]), end
    version, at = decode_unsigned(data, offset, strict=False)
    codec, at = decode_unsigned(data, at, strict=False)
    if version == SHA2_256 and codec == 32:
        end = at + 32
        if end > len(data):
            raise DecodeError("CID is cut short")
        return Cid(_V0_PREFIX + data[at:end]), end
    if version != 1:
        raise DecodeError(f"CID has version {version}, expected 1")
    hash_code, at = decode_unsigned(data, at, strict=False)
    length, at = decode_unsigned(data, at, strict=False)
    if length > MAX_DIGEST_LENGTH:
        raise DecodeError(f"CID has a digest of {length} bytes, over {MAX_DIGEST_LENGTH}")
    end = at + length
    if end > len(data):
        raise DecodeError("CID is cut short")
    return Cid.of_digest(data[at:end], codec, hash_code), end


class Cid(bytes):
    """A content identifier; the value is its binary form."""

    __slots__ = ()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Return the CID that `data` is, all of it and in its one canonical form."""
        prefix = _COMMON_PREFIXES.get(len(data))
        if prefix is not None and data.startswith(prefix):
            return cls(data)
        found, end = read(data)
        if end != len(data):
            raise DecodeError(f"CID has {len(data) - end} trailing bytes")
        if found != data:
            raise DecodeError("CID holds a varint above 64 bits")
        return cls(data)

    @classmethod
    def from_string(cls, text: str) -> Self:
        """Return the CID written in base32 (`b...`), base58 (`z...`) or as version 0 (`Qm...`)."""
        if len(text) > _MAX_TEXT:
            raise DecodeError("CID text is too long")
        if text.startswith("Qm") and len(text) == 46:
            return cls.from_bytes(base58.decode(text))
        if text.startswith("b"):
            raw = _from_base32(text[1:])
        elif text.startswith("z"):
            raw = base58.decode(text[1:])
        else:
            raise DecodeError(f"CID text {text!r} is neither base32 nor base58")
        if raw.startswith(_V0_PREFIX):
            raise DecodeError("a version 0 CID takes no multibase prefix")
        return cls.from_bytes(raw)

    @classmethod
    def of(cls, data: bytes, codec: int = DAG_CBOR, hash_code: int = BLAKE2B_256) -> Self:
        """Return the CID of a block: `codec` says how to read it, `hash_code` how it is hashed."""
        if hash_code == BLAKE2B_256:
            digest = hashlib.blake2b(data, digest_size=32).digest()
            if codec == DAG_CBOR:
                return cls(CHAIN_PREFIX + digest)
        elif hash_code == SHA2_256:
            digest = hashlib.sha256(data).digest()
        elif hash_code == IDENTITY:
            digest = data
        else:
            raise ValueError(f"no hash function for multihash code {hash_code:#x}")
        return cls.of_digest(digest, codec, hash_code)

    @classmethod
    def of_digest(cls, digest: bytes, codec: int, hash_code: int) -> Self:
        """Return the version 1 CID that names this digest."""
        if len(digest) > MAX_DIGEST_LENGTH:
            raise ValueError(f"a digest of {len(digest)} bytes is over {MAX_DIGEST_LENGTH}")
        return cls(
            b"\x01"
            + encode_unsigned(codec)
            + encode_unsigned(hash_code)
            + encode_unsigned(len(digest))
            + digest
        )

    @property
    def version(self) -> int:
        """Return 0 or 1."""
        return 0 if self._is_version_0() else 1

    @property
    def codec(self) -> int:
        """Return the code that says how to read the block."""
        if self.startswith(CHAIN_PREFIX):
            return DAG_CBOR
        return DAG_PB if self._is_version_0() else decode_unsigned(self, 1)[0]

    @property
    def hash_code(self) -> int:
        """Return the code of the hash function."""
        return self._multihash()[0]

    @property
    def digest(self) -> bytes:
        """Return the digest (for an identity CID, the block itself)."""
        return self._multihash()[1]

    def _is_version_0(self) -> bool:
        return len(self) == _V0_LENGTH and self.startswith(_V0_PREFIX)

    def _multihash(self) -> tuple[int, bytes]:
        at = 0 if self._is_version_0() else decode_unsigned(self, 1)[1]
        hash_code, at = decode_unsigned(self, at)
        _, at = decode_unsigned(self, at)
        return hash_code, self[at:]

    def __str__(self) -> str:
        if self._is_version_0():
            return base58.encode(self)
        return "b" + base64.b32encode(self).decode().rstrip("=").lower()

    def __repr__(self) -> str:
        return f"Cid({self})" if self else "Cid()"


def _from_base32(text: str) -> bytes:
    # The lower-case alphabet alone; b32decode would also take upper case folded.
    if text != text.lower() or not text.isascii():
        raise DecodeError("CID text is not lower-case base32")
    try:
        raw = base64.b32decode(text.upper() + "=" * (-len(text) % 8))
    except binascii.Error as error:
        raise DecodeError(f"CID text is not base32: {error}") from error
    if base64.b32encode(raw).decode().rstrip("=").lower() != text:
        raise DecodeError("CID text has stray bits or padding")
    return raw
