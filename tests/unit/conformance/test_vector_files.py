"""Reading vector files."""

import base64
import gzip
import json
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from papyrus.conformance.vector_files import (
    DEFAULT_BASE_FEE,
    DEFAULT_CIRCULATING_SUPPLY,
    ExpectedReceipt,
    RandomnessRule,
    Variant,
    VectorBlock,
    VectorTipset,
    parse_body,
    parse_header,
    read_header,
)
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError, LocalFault


def encode(content) -> bytes:
    return json.dumps(content).encode()


def put(content, path: str, value) -> None:
    """Put a value at a path of keys and positions, or take it away where it is `...`."""
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    for step in way:
        content = content[step]
    if value is ...:
        del content[last]
    else:
        content[last] = value


def test_the_header_says_whether_to_run(content, write):
    header = read_header(write(content))
    assert (header.id, header.vector_class, header.hints) == ("small", "message", ())
    assert header.selector == {"min_protocol_version": "ohsnap"}
    assert header.variants == (Variant("hygge", 2798471, 18),)


def test_the_body_is_exact(content):
    vector = parse_body(parse_header(encode(content)))
    assert vector.base_fee == 186036647
    assert vector.circulating_supply == 463950067116374242605324867
    assert vector.receipts == (ExpectedReceipt(0, bytes.fromhex("838082008040"), 63437443),)
    assert vector.randomness[0] == RandomnessRule("chain", 2798000, bytes(32))
    assert vector.randomness[2].epoch == -1
    assert vector.pre_root == vector.post_root
    assert len(vector.messages) == 1
    assert vector.traces == ()


def test_what_a_vector_leaves_out_has_a_default(content):
    del content["preconditions"]["basefee"]
    del content["preconditions"]["circ_supply"]
    del content["randomness"]
    vector = parse_body(parse_header(encode(content)))
    assert vector.base_fee == DEFAULT_BASE_FEE == 100
    assert vector.circulating_supply == DEFAULT_CIRCULATING_SUPPLY == 2 * 10**27
    assert vector.randomness == ()


def test_tipsets_are_read(content):
    content["apply_tipsets"] = [
        {
            "epoch_offset": 2,
            "basefee": 7,
            "blocks": [{"miner_addr": "t01000", "win_count": 1, "messages": ["AQI="]}],
        }
    ]
    assert parse_body(parse_header(encode(content))).tipsets == (
        VectorTipset(2, TokenAmount(7), (VectorBlock(Address.from_id(1000), 1, (b"\1\2",)),)),
    )


def test_traces_are_read_though_their_end_is_missing(content):
    packed = gzip.compress(json.dumps([{"Msg": {}}]).encode(), mtime=0)[:-8]
    content["diagnostics"] = {
        "format": "Lotus-ExecutionTrace-V1",
        "data": base64.b64encode(base64.b64encode(packed)).decode(),
    }
    assert parse_body(parse_header(encode(content))).traces == ({"Msg": {}},)


def test_diagnostics_of_another_format_are_left(content):
    content["diagnostics"] = {"format": "else", "data": "?"}
    assert parse_body(parse_header(encode(content))).traces == ()


CUT_SHORT = base64.b64encode(gzip.compress(b"x" * 99, mtime=0)[:20]).decode()


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("class", "blockseq", "class 'blockseq' is neither"),
        ("class", ..., "class is not a string"),
        ("preconditions", ..., "preconditions is not an object"),
        ("preconditions.variants", [], "no variants"),
        ("preconditions.variants.0.nv", "18", "nv is not a whole number"),
        ("preconditions.variants.0.epoch", -1, "epoch is -1"),
        ("selector", {"chaos_actor": True}, "selector chaos_actor is not a string"),
        ("hints", [1], "a hint is not a string"),
        ("_meta", [1], "_meta is not an object"),
    ],
)
def test_a_header_with_a_fault_is_refused(content, path, value, message):
    put(content, path, value)
    with pytest.raises(DecodeError, match=message):
        parse_header(encode(content))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("car", "AAAA", "car is not gzip"),
        ("car", "?", "car is not base64"),
        ("car", CUT_SHORT, "car is cut short"),
        ("postconditions", ..., "postconditions is not an object"),
        ("postconditions.state_tree", ..., "postconditions.state_tree is not an object"),
        ("preconditions.state_tree.root_cid", {"/": "b"}, "root_cid is not a CID"),
        ("preconditions.basefee", -1, "basefee is -1"),
        ("preconditions.circ_supply", 4.6e26, "circ_supply is not a whole number"),
        ("apply_messages.0.bytes", "?", "a message to apply is not base64"),
        ("apply_messages.0", 1, "a message to apply is not an object"),
        ("apply_tipsets", [{"blocks": [{"miner_addr": "x"}]}], "address"),
        ("postconditions.receipts.0.gas_used", ..., "gas_used is not a whole number"),
        ("randomness.0.ret", "AAAA", "answers 3 bytes"),
        ("randomness.0.on", ["chain", 1, 2, ""], "not for a kind"),
        ("randomness.0.on", ["dice", 1], "not for a kind"),
        (
            "diagnostics",
            {"format": "Lotus-ExecutionTrace-V1", "data": "/w=="},
            "not base64 twice",
        ),
    ],
)
def test_a_body_with_a_fault_is_refused(content, path, value, message):
    put(content, path, value)
    with pytest.raises(DecodeError, match=message):
        parse_body(parse_header(encode(content)))


def test_a_car_that_unpacks_without_end_is_refused(content, monkeypatch):
    monkeypatch.setattr("papyrus.conformance.vector_files.MAX_CAR_SIZE", 1000)
    content["car"] = base64.b64encode(gzip.compress(bytes(100_000), mtime=0)).decode()
    with pytest.raises(DecodeError, match="unpacks to more than 1000 bytes"):
        parse_body(parse_header(encode(content)))


def test_a_file_that_is_too_large_is_refused(content, write, monkeypatch):
    monkeypatch.setattr("papyrus.conformance.vector_files.MAX_FILE_SIZE", 10)
    with pytest.raises(DecodeError, match="at most 10 bytes"):
        read_header(write(content))


def test_a_file_that_is_not_there_is_this_machines_fault(tmp_path):
    with pytest.raises(LocalFault, match="there is no file"):
        read_header(tmp_path / "none.json")


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_damage_is_a_decode_error_or_another_vector(content, data):
    """Change some bytes of a vector, or put any JSON in place of one of its fields."""
    content = json.loads(json.dumps(content))
    paths = [(content, key) for key in content]
    paths += [(content[key], inner) for key in content for inner in _keys(content[key])]
    if data.draw(st.booleans()):
        holder, key = data.draw(st.sampled_from(paths))
        holder[key] = data.draw(_JSON)
        raw = encode(content)
    else:
        raw = bytearray(encode(content))
        for _ in range(data.draw(st.integers(1, 4))):
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
        raw = bytes(raw)
    with suppress(DecodeError):
        assert parse_body(parse_header(raw)).messages is not None


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


def _keys(value) -> list:
    if isinstance(value, dict):
        return list(value)
    return list(range(len(value))) if isinstance(value, list) else []
