"""The finality certificates that a snapshot carries, kept beside the chain (FRC-0108, F3Data).

They are one block of the file, of any length: a header, which holds the power table of the first
instance, and then the certificates in their order, each after its length. They are read as a
stream, checked, and kept as they came, so that a snapshot that is made here carries them on.

What is checked: the block's hash; the form and order of the certificates and that each goes on
where the one before it ended; that the power tables follow from the first, which is the network's;
and that what they finalize is the snapshot's own chain. What is not: the signatures. So they are
nobody's proof of finality here, and nothing but an export uses them. `check_certificate` is what
has to become stronger for that.
"""

from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Annotated

from papyrus.consensus.f3.certificates import check_certificate
from papyrus.consensus.f3.power_table import apply_power_deltas, power_table_cid, power_table_of
from papyrus.ipld.cid import BLAKE2B_256, RAW, Cid
from papyrus.ipld.schema import U64, MaxLength
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.primitives.varint import MAX_LENGTH, decode_unsigned
from papyrus.rules.network import Network
from papyrus.storage.chain_notes import ChainNotes, fact
from papyrus.storage.compression import open_file
from papyrus.storage.files import atomic_writer
from papyrus.types.finality_certificate import FinalityCertificate, FinalizedTipset, PowerEntry
from papyrus.types.limits import MAX_ARRAY_LENGTH
from papyrus.types.tipset import TipsetKey

CERTIFICATES = "certificates"
"""The fact that names the certificates which came with the chain, by their CID."""

FORMAT_VERSION = 1

_LONGEST = 4 << 20
"""Bytes of a header or a certificate: more than the bounds of their fields come to."""

_TABLES_CHECKED_EVERY = 1440
"""Instances between two power tables that are compared, as often as go-f3 keeps one."""

_PIECE = 128 << 10
_KEY_DIGEST = 16


@cbor_tuple
class CertificatesHeader(Record):
    """What the certificates of a snapshot begin with."""

    version: U64
    first_instance: U64
    latest_instance: U64
    initial_power_table: Annotated[tuple[PowerEntry, ...], MaxLength(MAX_ARRAY_LENGTH)]


@dataclass(frozen=True, slots=True)
class Certificates:
    """Finality certificates that are kept in a file."""

    cid: Cid
    """Of all of them, as a snapshot's metadata names them."""
    path: Path

    @property
    def size(self) -> int:
        """Return their bytes."""
        return self.path.stat().st_size

    def pieces(self) -> Iterator[bytes]:
        """Give their bytes in pieces; LocalFault where they are not what was kept."""
        digest = blake2b(digest_size=32)
        with open_file(self.path) as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
                yield piece
        if digest.digest() != self.cid.digest:
            raise LocalFault(f"{self.path} is damaged: import the snapshot again")


@dataclass(slots=True)
class FinalizedChain:
    """What certificates finalize: epochs, and sixteen bytes of a hash of each tipset's key."""

    first_instance: int
    latest_instance: int
    _epochs: "array[int]" = field(default_factory=lambda: array("q"))
    _keys: bytearray = field(default_factory=bytearray)

    def add(self, tipset: FinalizedTipset) -> None:
        """Note the next tipset up the chain."""
        self._epochs.append(tipset.epoch)
        self._keys += _digest(tipset.key)

    def leave_out_above(self, height: ChainEpoch) -> None:
        """Forget tipsets that a chain of this height cannot have yet."""
        while self._epochs and self._epochs[-1] > height:
            self._drop()

    def expect(self, height: ChainEpoch, key: TipsetKey) -> None:
        """Hear of the next tipset down the chain; DecodeError where it should be another."""
        if not self._epochs or self._epochs[-1] < height:
            return
        if self._epochs[-1] > height or self._keys[-_KEY_DIGEST:] != _digest(key.to_bytes()):
            raise DecodeError(
                f"the finality certificates are of another chain: at epoch {self._epochs[-1]} they "
                "finalize a tipset that it does not have"
            )
        self._drop()

    def _drop(self) -> None:
        self._epochs.pop()
        del self._keys[-_KEY_DIGEST:]


def keep_certificates(
    folder: Path, cid: Cid, pieces: Iterable[bytes], network: Network
) -> tuple[Certificates, FinalizedChain]:
    """Keep the certificates of a snapshot of a network, durably, and return what they finalize.

    DecodeError where anything that is checked is wrong, LocalFault where the disk refuses.
    """
    if cid.codec != RAW or cid.hash_code != BLAKE2B_256:
        raise DecodeError(f"finality certificates cannot be checked against {cid}")
    kept = Certificates(cid, folder / f"{cid}.f3")
    digest = blake2b(digest_size=32)
    with atomic_writer(kept.path) as file:

        def copied() -> Iterator[bytes]:
            for piece in pieces:
                digest.update(piece)
                file.write(piece)
                yield piece

        finalized = read_certificates(copied(), network)
        if digest.digest() != cid.digest:
            raise DecodeError(f"the finality certificates are not what {cid} names")
    return kept, finalized


def kept_certificates(folder: Path, notes: ChainNotes) -> Certificates | None:
    """Return the certificates that came with the chain, None where none did."""
    noted = fact(notes, CERTIFICATES)
    if noted is None:
        return None
    cid = Cid(noted)
    return Certificates(cid, folder / f"{cid}.f3")


def remove_certificates(folder: Path, but: Certificates | None) -> None:
    """Remove all certificates in a folder but these."""
    for path in folder.glob("*.f3"):
        if but is None or path != but.path:
            with suppress(OSError):  # they are of no use, and do no harm
                path.unlink()


def read_header(pieces: Iterable[bytes]) -> CertificatesHeader:
    """Return the header of certificates, which come as a stream that is taken to its end.

    DecodeError where it is none.
    """
    stream = iter(pieces)
    header = CertificatesHeader.from_cbor(next(_blocks(stream), b""))
    deque(stream, maxlen=0)
    return header


def read_certificates(pieces: Iterable[bytes], network: Network) -> FinalizedChain:
    """Return what certificates finalize, which come as a stream; DecodeError where one is wrong."""
    blocks = _blocks(pieces)
    try:
        header = CertificatesHeader.from_cbor(next(blocks, b""))
        return _read(header, blocks, network)
    except DecodeError as error:
        raise DecodeError(f"finality certificates: {error}") from error


def _read(
    header: CertificatesHeader, certificates: Iterable[bytes], network: Network
) -> FinalizedChain:
    if header.version != FORMAT_VERSION:
        raise DecodeError(f"format {header.version}, and this Papyrus knows {FORMAT_VERSION}")
    table = power_table_of(header.initial_power_table)
    _expect_start(header, power_table_cid(table), network)
    finalized = FinalizedChain(header.first_instance, header.latest_instance)
    base: FinalizedTipset | None = None
    certificate: FinalityCertificate | None = None
    for instance, data in enumerate(certificates, header.first_instance):
        certificate = FinalityCertificate.from_cbor(data)
        check_certificate(certificate, instance, base)
        table = apply_power_deltas(table, certificate.power_deltas)
        if instance % _TABLES_CHECKED_EVERY == 0:
            _expect_table(certificate, power_table_cid(table))
        for tipset in certificate.tipsets if base is None else certificate.tipsets[1:]:
            finalized.add(tipset)
        base = certificate.tipsets[-1]
    if certificate is None:
        raise DecodeError("there is none")
    if certificate.instance != header.latest_instance:
        raise DecodeError(
            f"the last is of instance {certificate.instance}, not {header.latest_instance}"
        )
    _expect_table(certificate, power_table_cid(table))
    return finalized


def _expect_start(header: CertificatesHeader, table: Cid, network: Network) -> None:
    start = network.finality_start
    if start is None:
        return
    if header.first_instance != start.instance:
        raise DecodeError(
            f"the first is of instance {header.first_instance}, and {network.name} began with "
            f"{start.instance}"
        )
    if table != start.power_table:
        raise DecodeError(
            f"they begin with the power table {table}, and {network.name} with {start.power_table}"
        )


def _expect_table(certificate: FinalityCertificate, table: Cid) -> None:
    expected = certificate.supplemental_data.power_table
    if table != expected:
        raise DecodeError(
            f"instance {certificate.instance} leads to the power table {table}, not {expected}"
        )


def _blocks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Give what stands behind each length."""
    source = iter(pieces)
    buffer, at = b"", 0
    while True:
        buffer, at = _filled(source, buffer, at, MAX_LENGTH)
        if at == len(buffer):
            return
        length, start = decode_unsigned(buffer, at)
        if not 0 < length <= _LONGEST:
            raise DecodeError(f"one has {length} bytes, 1 to {_LONGEST} may")
        buffer, at = _filled(source, buffer, start, length)
        if at + length > len(buffer):
            raise DecodeError("the last is cut short")
        yield buffer[at : at + length]
        at += length


def _filled(source: Iterator[bytes], buffer: bytes, at: int, wanted: int) -> tuple[bytes, int]:
    """Return a buffer with so many bytes from a place on, as far as there are any."""
    if len(buffer) - at >= wanted:
        return buffer, at
    parts = [buffer[at:]]
    length = len(parts[0])
    while length < wanted and (piece := next(source, None)) is not None:
        parts.append(piece)
        length += len(piece)
    return b"".join(parts), 0


def _digest(key: bytes) -> bytes:
    return blake2b(key, digest_size=_KEY_DIGEST).digest()
