import pickle

import pytest

from papyrus.primitives.address import Address, Protocol
from papyrus.primitives.errors import DecodeError

U64_MAX = 2**64 - 1

SECP256K1 = [
    (
        (
            "049402fac37e6432a416a3a0ca5426b5185ab3b24f6134efa25ce487c82d2e4e13"
            "bf452511e0d2245421f8613bc10d72fa216666a96c3bc13920d3ff233fd0bc05"
        ),
        "f15ihq5ibzwki2b4ep2f46avlkrqzhpqgtga7pdrq",
        "01ea0f0ea039b291a0f08fd179e0556a8c3277c0d3",
    ),
    (
        (
            "047687b910379bf28cbe3aea674b12000c6b7dba46ffc05f6c94fe2a22bbcc2602"
            "ff7f5c76f21ca55d36959152b0e1e887917c393576eef093f61ebd3ad06f7fda"
        ),
        "f12fiakbhe2gwd5cnmrenekasyn6v5tnaxaqizq6a",
        "01d1500504e4d1ac3e89ac891a4502586fabd9b417",
    ),
]
ACTOR = [
    (
        "76128190cdf068d1418044acc03e0b6781970d60",
        "f24vg6ut43yw2h2jqydgbg2xq7x6f4kub3bg6as6i",
        "02e54dea4f9bc5b47d261819826d5e1fbf8bc5503b",
    ),
    (
        "dfec030e204f0f59d80f1d5ee91dfd066d7f63bd",
        "f24dd4ox4c2vpf5vk5wkadgyyn6qtuvgcpxxon64a",
        "02e0c7c75f82d55e5ed55db28033630df4274a984f",
    ),
]
BLS = [
    (
        (
            "ad58df696e2d4e91ea86c881e938ba4ea81b395e12797b84b9cf314b9546705e"
            "839c7a99d606b247ddb4f9ac7a3414dd"
        ),
        "f3vvmn62lofvhjd2ugzca6sof2j2ubwok6cj4xxbfzz4yuxfkgobpihhd2thlanmsh3w2ptld2gqkn2jvlss4a",
    ),
    (
        (
            "a7726b038022f75a384617585360cee629070a2d9d28712965e5f26ecc408583"
            "82803724ed34f2720336f09db631f074"
        ),
        "f3u5zgwa4ael3vuocgc5mfgygo4yuqocrntuuhcklf4xzg5tcaqwbyfabxetwtj4tsam3pbhnwghyhijr5mixa",
    ),
]
DELEGATED = [
    (32, b"\xff" * 5, "f432f77777777x32lpna"),
    (U64_MAX, b"", "f418446744073709551615ftnkyfaq"),
    (U64_MAX, bytes(54), f"f418446744073709551615f{'a' * 86}fbbuagu"),
]
IDS = [
    (0, "f00", "0000"),
    (1, "f01", "0001"),
    (150, "f0150", "009601"),
    (1729, "f01729", "00c10d"),
    (999999, "f0999999", "00bf843d"),
    (U64_MAX, "f018446744073709551615", "00ffffffffffffffffff01"),
]


def agree(address: Address, text: str, wire: str) -> None:
    assert address.hex() == wire
    assert str(address) == text
    assert address.to_string("t") == "t" + text[1:]
    assert Address.from_bytes(bytes.fromhex(wire)) == address
    assert Address.from_string(text) == Address.from_string("t" + text[1:]) == address


@pytest.mark.parametrize(("key", "text", "wire"), SECP256K1)
def test_secp256k1_address_is_the_hash_of_a_key(key: str, text: str, wire: str) -> None:
    address = Address.secp256k1(bytes.fromhex(key))
    agree(address, text, wire)
    assert address.protocol is Protocol.SECP256K1
    assert address.payload == bytes.fromhex(wire)[1:]


@pytest.mark.parametrize(("data", "text", "wire"), ACTOR)
def test_actor_address_is_the_hash_of_data(data: str, text: str, wire: str) -> None:
    address = Address.actor(bytes.fromhex(data))
    agree(address, text, wire)
    assert address.protocol is Protocol.ACTOR


@pytest.mark.parametrize(("key", "text"), BLS)
def test_bls_address_is_a_key(key: str, text: str) -> None:
    address = Address.bls(bytes.fromhex(key))
    agree(address, text, "03" + key)
    assert address.protocol is Protocol.BLS


@pytest.mark.parametrize(("namespace", "subaddress", "text"), DELEGATED)
def test_delegated_address_is_a_name_in_a_namespace(
    namespace: int, subaddress: bytes, text: str
) -> None:
    address = Address.delegated(namespace, subaddress)
    agree(address, text, address.hex())
    assert address.protocol is Protocol.DELEGATED
    assert (address.namespace, address.subaddress) == (namespace, subaddress)


@pytest.mark.parametrize(("actor_id", "text", "wire"), IDS)
def test_id_address_is_a_number(actor_id: int, text: str, wire: str) -> None:
    address = Address.from_id(actor_id)
    agree(address, text, wire)
    assert (address.protocol, address.id) == (Protocol.ID, actor_id)


def test_text_of_an_id_may_have_leading_zeros() -> None:
    assert Address.from_string("f0007") == Address.from_id(7)


@pytest.mark.parametrize("actor_id", [-1, U64_MAX + 1])
def test_id_outside_of_64_bits_is_refused(actor_id: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        Address.from_id(actor_id)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Q2gfvuyh7v2sx3patm5k23wdzmhyhtmqctasbr23y", "unknown address network"),
        ("f5gfvuyh7v2sx3patm5k23wdzmhyhtmqctasbr23y", "unknown address protocol"),
        ("f2gfvuyh7v2sx3patm5k23wdzmhyhtmqctasbr24y", "checksum does not match"),
        ("f0banananananannnnnnnnn", "not a decimal number"),
        ("f2gfvuyh7v2sx3patm1k23wdzmhyhtmqctasbr24y", "not lower-case base32"),
        ("f2gfvuyh7v2sx3paTm5k23wdzmhyhtmqctasbr23y", "not lower-case base32"),
        ("f2", "2 characters"),
        ("f" * 139, "139 characters"),
        ("f1mzxqu", "too short for its checksum"),
        ("f0+1", "not a decimal number"),
        ("f0 1", "not a decimal number"),
        ("f0\u0661", "not a decimal number"),
        ("f01_0", "not a decimal number"),
        ("f018446744073709551616", "does not fit 64"),
        ("f0000000000000000000001", "not a decimal number"),
        ("f432", "without a namespace"),
        ("f4faaaaaaa", "not a decimal number"),
        ("f4m\u00f6mk3zcefvlgpay4f32c5vmruk5gqig6dumc7pz6q", "not a decimal number"),
        ("\U0001f5fb\u2208\U0001f30fmk3zcefvlgpay4f32c5vmruk5gq", "unknown address network"),
        ("f1a", "impossible base32 length"),
        ("f15ihq5ibzwki2b4ep2f46avlkrqzhpqgtga7pdrr", "stray bits"),
        ("f432f77777777x32lpnb", "stray bits"),
    ],
)
def test_malformed_text_is_refused(text: str, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        Address.from_string(text)


def test_text_of_a_payload_with_another_length_is_refused() -> None:
    text = Address.actor(b"").to_string()
    with pytest.raises(DecodeError):
        Address.from_string(text[:-8])
    with pytest.raises(DecodeError, match="checksum"):
        Address.from_string("f1" + text[2:])


@pytest.mark.parametrize(
    ("wire", "reason"),
    [
        (b"", "0 bytes"),
        (b"\x00", "1 bytes"),
        (b"\x05\x04\x04", "unknown address protocol 5"),
        (b"\xff\x00", "unknown address protocol 255"),
        (b"\x01" + bytes(21), "f1 address with a payload of 21"),
        (b"\x01" + bytes(19), "f1 address with a payload of 19"),
        (b"\x02" + bytes(21), "f2 address with a payload of 21"),
        (b"\x03" + bytes(49), "f3 address with a payload of 49"),
        (b"\x03" + bytes(47), "f3 address with a payload of 47"),
        (b"\x04\x00" + b"\xff" * 55, "subaddress of 55 bytes"),
        (b"\x04\xff", "ends early"),
        (b"\x00\x43\x00", "bytes after the ID"),
        (b"\x00\x82\x00", "shortest form"),
        (b"\x00" + b"\x80" * 10 + b"\x01", "longer than 10"),
    ],
)
def test_malformed_bytes_are_refused(wire: bytes, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        Address.from_bytes(wire)
    with pytest.raises(DecodeError, match=reason):
        Address(wire)


def test_bits_beyond_the_64th_of_an_id_are_dropped_as_the_vm_does() -> None:
    wire = b"\x00" + b"\xff" * 9 + b"\x7f"
    assert Address.from_bytes(wire) == Address.from_id(U64_MAX)
    with pytest.raises(DecodeError, match=r"below 2\^63"):
        Address.from_chain_bytes(wire)


@pytest.mark.parametrize("make", [Address.from_id, lambda n: Address.delegated(n, b"x")])
def test_lotus_bounds_ids_and_namespaces_by_63_bits(make) -> None:
    good, bad = make(2**63 - 1), make(2**63)
    assert Address.from_chain_bytes(bytes(good)) == good
    assert Address.from_bytes(bytes(bad)) == bad
    with pytest.raises(DecodeError, match=r"below 2\^63"):
        Address.from_chain_bytes(bytes(bad))


def test_lotus_reads_the_other_protocols_alike() -> None:
    address = Address.actor(b"x")
    assert Address.from_chain_bytes(bytes(address)) == address


@pytest.mark.parametrize(
    ("make", "length"),
    [(Address.secp256k1, 64), (Address.secp256k1, 66), (Address.bls, 47), (Address.bls, 49)],
)
def test_key_of_another_length_is_refused(make, length: int) -> None:
    with pytest.raises(DecodeError, match=f"{length} bytes"):
        make(bytes(length))


def test_masked_ethereum_address_is_an_id() -> None:
    ethereum = bytes.fromhex("ff000000000000000000000000000000000003e8")
    assert Address.from_id(1000).to_ethereum() == ethereum
    assert Address.from_ethereum(ethereum) == Address.from_id(1000)


def test_other_ethereum_address_is_a_name_of_the_address_manager() -> None:
    ethereum = bytes.fromhex("d4c5fb16488aa48081296299d54b0c648c9333da")
    address = Address.from_ethereum(ethereum)
    assert str(address) == "f410f2tc7wfsirksibajjmkm5ksymmsgjgm62hjnomwa"
    assert address.to_ethereum() == ethereum


@pytest.mark.parametrize(
    "address",
    [
        Address.actor(b"x"),
        Address.secp256k1(bytes(65)),
        Address.bls(bytes(48)),
        Address.delegated(11, bytes(20)),
        Address.delegated(10, bytes(19)),
        Address.delegated(10, b"\xff" + bytes(19)),
    ],
)
def test_address_without_an_ethereum_form_has_none(address: Address) -> None:
    assert address.to_ethereum() is None


def test_ethereum_address_of_another_length_is_refused() -> None:
    with pytest.raises(DecodeError, match="19 bytes, not 20"):
        Address.from_ethereum(bytes(19))


def test_parts_of_another_protocol_are_refused() -> None:
    with pytest.raises(ValueError, match="not an ID address"):
        _ = Address.actor(b"").id
    with pytest.raises(ValueError, match="not a delegated address"):
        _ = Address.from_id(10).namespace
    with pytest.raises(ValueError, match="not a delegated address"):
        _ = Address.from_id(10).subaddress


def test_address_behaves_as_its_wire_bytes() -> None:
    one, two = Address.from_id(1), Address.from_id(2)
    assert one == b"\x00\x01"
    assert {one: "a"}[Address.from_bytes(b"\x00\x01")] == "a"
    assert sorted([Address.actor(b""), two, one]) == [one, two, Address.actor(b"")]
    assert repr(one) == "Address('f01')"
    assert pickle.loads(pickle.dumps(two)) == two  # noqa: S301 - bytes this test just made
