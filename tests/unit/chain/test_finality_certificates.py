from dataclasses import replace

import pytest
from finality_certificates import FIRST_TABLE, encoded, make_certificates
from hypothesis import given, settings
from hypothesis import strategies as st

from papyrus.chain.finality_certificates import (
    keep_certificates,
    read_certificates,
    read_header,
    remove_certificates,
)
from papyrus.consensus.f3.power_table import power_table_cid, power_table_of
from papyrus.ipld.cid import DAG_CBOR, RAW, SHA2_256, Cid
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.primitives.varint import encode_unsigned
from papyrus.rules.network import FinalityStart
from papyrus.rules.networks import LOTUS_ITEST, MAINNET
from papyrus.types.tipset import TipsetKey


def tipset(epoch):
    return epoch, TipsetKey((Cid.of(b"%d" % epoch), Cid.of(b"another at %d" % epoch)))


TIPSETS = [tipset(epoch) for epoch in range(100, 200) if epoch % 7]
HEADER, CERTIFICATES = make_certificates(TIPSETS)
CONTENT = encoded(HEADER, CERTIFICATES)
CID = Cid.of(CONTENT, RAW)


def chunks(content, size):
    return [content[at : at + size] for at in range(0, len(content), size)]


def down(finalized, tipsets):
    for epoch, key in reversed(tipsets):
        finalized.expect(epoch, key)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 3000))
def test_certificates_are_kept_as_they_came_in_whatever_pieces(tmp_path_factory, size):
    folder = tmp_path_factory.mktemp("f3")
    kept, finalized = keep_certificates(folder, CID, chunks(CONTENT, size), LOTUS_ITEST)
    assert b"".join(kept.pieces()) == CONTENT
    assert (kept.size, finalized.first_instance) == (len(CONTENT), 0)
    assert finalized.latest_instance == HEADER.latest_instance == len(CERTIFICATES) - 1
    down(finalized, [(0, TipsetKey((CID,))), *TIPSETS, tipset(500)])


def test_instances_may_begin_anywhere():
    header, made = make_certificates(TIPSETS, first=1437)
    found = read_certificates([encoded(header, made)], LOTUS_ITEST)
    assert (found.first_instance, found.latest_instance) == (1437, 1437 + len(made) - 1)
    assert read_header([encoded(header, made)]) == header


def test_finalized_tipsets_are_those_of_the_chain():
    for wrong in (
        [*TIPSETS[:40], (TIPSETS[40][0], tipset(1)[1]), *TIPSETS[41:]],
        TIPSETS[:40] + TIPSETS[41:],
    ):
        found = read_certificates([CONTENT], LOTUS_ITEST)
        with pytest.raises(DecodeError, match=f"at epoch {TIPSETS[40][0]} they finalize a tipset"):
            down(found, wrong)


def test_tipsets_above_the_head_are_left_out():
    found = read_certificates([CONTENT], LOTUS_ITEST)
    found.leave_out_above(TIPSETS[40][0])
    down(found, TIPSETS[:41])
    found = read_certificates([CONTENT], LOTUS_ITEST)
    found.leave_out_above(0)
    down(found, [tipset(0)])


def changed(number, **fields):
    made = list(CERTIFICATES)
    made[number] = replace(made[number], **fields)
    return encoded(HEADER, made)


def with_tipset(number, place, **fields):
    tipsets = list(CERTIFICATES[number].tipsets)
    tipsets[place] = replace(tipsets[place], **fields)
    return changed(number, tipsets=tuple(tipsets))


LAST = len(CERTIFICATES) - 1
OTHER_TABLE = replace(CERTIFICATES[LAST].supplemental_data, power_table=Cid.of(b"another"))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "finality certificates: "),
        (encoded(HEADER, []), "there is none"),
        (encoded(replace(HEADER, version=2), CERTIFICATES), "format 2, and this Papyrus knows 1"),
        (encoded(HEADER, CERTIFICATES[1:]), "instance 1 is where 0 should be"),
        (encoded(HEADER, CERTIFICATES[:-1]), f"the last is of instance {LAST - 1}, not {LAST}"),
        (encoded(HEADER, [*CERTIFICATES, CERTIFICATES[-1]]), f"where {LAST + 1} should be"),
        (changed(3, tipsets=()), "instance 3 has 0 tipsets, 1 to 128 may"),
        (changed(3, tipsets=CERTIFICATES[3].tipsets[:1] * 129), "has 129 tipsets"),
        (changed(3, tipsets=CERTIFICATES[3].tipsets[1:]), "3 does not begin where the one before"),
        (with_tipset(3, 2, epoch=1), "instance 3: epoch 1 comes after"),
        (with_tipset(0, 0, epoch=-1), "instance 0: epoch -1 comes after -1"),
        (with_tipset(3, 2, key=b""), "has no blocks"),
        (with_tipset(3, 2, power_table=Cid.of(bytes(64), RAW, 0)), "a CID that is too long"),
        (changed(3, power_deltas=CERTIFICATES[2].power_deltas), "new key of 1010 is the old one"),
        (changed(3, power_deltas=()), f"instance {LAST} leads to the power table"),
        (changed(LAST, supplemental_data=OTHER_TABLE), f"instance {LAST} leads to the power table"),
        (CONTENT[:-1], "the last is cut short"),
        (CONTENT + b"\x80", "varint"),
        (CONTENT + b"\x00", "one has 0 bytes"),
        (encode_unsigned(1 << 40) + CONTENT, "one has 1099511627776 bytes, 1 to 4194304 may"),
        (b"\xff" * 20, "varint"),
        (CONTENT + b"\x01\x80", "FinalityCertificate: expected an array of 6"),
    ],
)
def test_certificates_that_cannot_be_are_refused(tmp_path, content, words):
    with pytest.raises(DecodeError, match=words):
        keep_certificates(tmp_path, Cid.of(content, RAW), [content], LOTUS_ITEST)
    assert list(tmp_path.iterdir()) == []


def test_certificates_are_what_their_cid_names(tmp_path):
    for cid, words in (
        (Cid.of(b"else", RAW), "are not what"),
        (Cid.of(CONTENT, DAG_CBOR), "cannot be checked against"),
        (Cid.of(CONTENT, RAW, SHA2_256), "cannot be checked against"),
    ):
        with pytest.raises(DecodeError, match=words):
            keep_certificates(tmp_path, cid, [CONTENT], LOTUS_ITEST)
    assert list(tmp_path.iterdir()) == []


def test_certificates_begin_as_the_networks_did():
    table = power_table_cid(power_table_of(FIRST_TABLE))
    network = replace(LOTUS_ITEST, finality_start=FinalityStart(0, table))
    assert read_certificates([CONTENT], network).first_instance == 0
    with pytest.raises(DecodeError, match=r"they begin with the power table .*, and mainnet with"):
        read_certificates([CONTENT], MAINNET)
    later = replace(LOTUS_ITEST, finality_start=FinalityStart(5, table))
    with pytest.raises(DecodeError, match="the first is of instance 0, and lotus-itest began with"):
        read_certificates([CONTENT], later)


def test_damage_to_what_is_kept_is_told(tmp_path):
    kept, _ = keep_certificates(tmp_path, CID, [CONTENT], LOTUS_ITEST)
    kept.path.write_bytes(CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]))
    with pytest.raises(LocalFault, match="is damaged: import the snapshot again"):
        list(kept.pieces())
    remove_certificates(tmp_path, None)
    with pytest.raises(LocalFault, match="there is no file"):
        list(kept.pieces())


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(CONTENT) - 1), st.integers(1, 255))
def test_damaged_certificates_are_refused_in_words(tmp_path_factory, place, flip):
    content = bytearray(CONTENT)
    content[place] ^= flip
    with pytest.raises(DecodeError, match="finality certificates"):
        keep_certificates(tmp_path_factory.getbasetemp(), CID, [bytes(content)], LOTUS_ITEST)
