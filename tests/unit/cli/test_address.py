import json

import pytest

from papyrus.cli.address import read_address
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError

ETHEREUM = "0xd388ab098ed3e84c0d808776440b48f685198498"
DELEGATED = "f410f2oekwcmo2pueydmaq53eic2i62crtbeyuzx2gmy"


@pytest.mark.parametrize(
    "text",
    [DELEGATED, f"t{DELEGATED[1:]}", ETHEREUM, ETHEREUM.upper().replace("X", "x"), f" {DELEGATED}"],
)
def test_every_form_of_one_address_reads_alike(text: str) -> None:
    assert read_address(text) == Address.from_ethereum(bytes.fromhex(ETHEREUM[2:]))


@pytest.mark.parametrize(
    "text", ["1000", "f01000", "t01000", "hex:00e807", "0xff" + "0" * 35 + "3e8"]
)
def test_every_form_of_an_id_reads_alike(text: str) -> None:
    assert read_address(text) == Address.from_id(1000)


@pytest.mark.parametrize(
    "text", ["", "f", "x01000", "f0x", "0x12", "0xzz", "hex:", "hex:09", "f1" + "a" * 39, "²"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(DecodeError):
        read_address(text)


def test_all_forms_are_shown(papyrus) -> None:
    text = papyrus("address", ETHEREUM).stdout
    assert f"mainnet     {DELEGATED}\n" in text
    assert f"testnet     t{DELEGATED[1:]}\n" in text
    assert "namespace   10\n" in text
    assert "ethereum    0xd388aB098ed3E84c0D808776440B48F685198498\n" in text


def test_json_is_an_object_for_one_and_an_array_for_more(papyrus) -> None:
    one = json.loads(papyrus("address", "f01000", "--json").stdout)
    assert one == {
        "protocol": 0,
        "protocol_name": "id",
        "mainnet": "f01000",
        "testnet": "t01000",
        "id": 1000,
        "namespace": None,
        "subaddress": None,
        "ethereum": "0xFf000000000000000000000000000000000003E8",
        "payload": "e807",
        "bytes": "00e807",
    }
    assert len(json.loads(papyrus("address", "1", "2", "--json").stdout)) == 2


def test_bad_address_fails_in_one_sentence(papyrus) -> None:
    result = papyrus("address", "f2x")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("papyrus: 'f2x' is not an address: ")


def test_address_without_an_ethereum_form_says_so(papyrus) -> None:
    text = papyrus("address", str(Address.actor(b"x"))).stdout
    assert "ethereum  none" in text
