import hmac
import json
from pathlib import Path

import pytest

from papyrus.crypto.signatures import SignatureType
from papyrus.primitives import base58
from papyrus.primitives.errors import DecodeError
from papyrus.wallet.hd import (
    HARDENED,
    MAX_DEPTH,
    TESTNET_COIN,
    ExtendedKey,
    account_path,
    child_key,
    derive_key,
    master_key,
    parse_path,
    path_text,
)
from papyrus.wallet.mnemonic import seed_of

JUNK = "test test test test test test test test test test test junk"

# BIP-32, test vectors 1 to 4.
OFFICIAL = json.loads((Path(__file__).parent / "bip32.json").read_text())
CASES = [(seed, path, text) for seed, paths in OFFICIAL.items() for path, text in paths.items()]

# What iso-filecoin 7.4.7 makes of the words above, with each kind, coin and index.
ISO_FILECOIN = [
    ("SECP256K1", 461, 0, "f1qid3qslm4jax2jpohkdwomtidgd3x7xa7qvahea"),
    ("SECP256K1", 461, 1, "f14zh7ha4hrtjida77isj2oskt73ykwbrmppo7tny"),
    ("SECP256K1", 461, 2, "f1h6igoansqr7fnlbquslbstysrxc4tu55jvbaqdi"),
    ("SECP256K1", 461, 9, "f1ddt7owu7bsugylfkfjarjf2nbnswpy3qj374xci"),
    ("SECP256K1", 1, 0, "f17xnyl2vbubo3jn5ny67k7vmkad5ch2yqzpmt2ka"),
    ("SECP256K1", 1, 3, "f1meil2dcotfxc6ictmfvvfq5aup54aw5o66ge5eq"),
    ("BLS", 461, 0,
     "f3s3h4tkuvfh7gz2pzhmx7v65r4h5t3nrig3gbgioakwfqsiadxyoksukmoqcwwpektwb4bliyytt7ele3rx5a"),
    ("BLS", 461, 1,
     "f3rscdjpulnvw3x2tyhxzlxhuxzenpwcpaecq76slywbmzx7mozumrndbu5pyhvr7s7bqnwdp4jhjywph6ltba"),
    ("BLS", 461, 2,
     "f3wmlfex572x4olza2bz4uluupaub6kgtb2veq3yyl66jtxy7hnhyap7z7lboklhlhewewno7vnxlvcj64ljra"),
    ("BLS", 1, 0,
     "f3wyqnn5dhhmii6mp74uj6hjcd5k625rrwwsp6syvuvbsot3qljrqywtqlcoikryijhuezrtukz6dq5ukgg7oq"),
]  # fmt: skip

# The accounts that Hardhat and Anvil print.
HARDHAT = [
    ("f39fd6e51aad88f6f4ce6ab8827279cfffb92266",
     "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"),
    ("70997970c51812dc3a010c7d01b50e0d17dc79c8",
     "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"),
    ("3c44cdddb6a900fa2b585dd299e03d12fa4293bc",
     "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"),
]  # fmt: skip


def derived(seed: bytes, path: tuple[int, ...]) -> ExtendedKey:
    node = master_key(seed)
    for number in path:
        node = child_key(node, number)
    return node


@pytest.mark.parametrize(("seed", "path", "expected"), CASES)
def test_official_vectors(seed: str, path: str, expected: str) -> None:
    wire = base58.decode(expected)
    # Four bytes of version, one of depth, four of the parent, four of the number; a checksum.
    chain_code, secret = wire[13:45], wire[46:78]
    found = derived(bytes.fromhex(seed), parse_path(path))
    assert (found.chain_code, found.secret) == (chain_code, secret)


@pytest.mark.parametrize(("kind", "coin", "index", "address"), ISO_FILECOIN)
def test_addresses_are_those_of_iso_filecoin(kind, coin, index, address) -> None:
    kind = SignatureType[kind]
    key = derive_key(kind, seed_of(JUNK), account_path(kind, index, coin))
    assert str(key.address) == address
    assert key.path == f"m/44'/{coin}'/0'/0/{index}"


def test_passphrase_gives_other_keys() -> None:
    """Also what iso-filecoin makes of it."""
    kind = SignatureType.SECP256K1
    key = derive_key(kind, seed_of(JUNK, "TREZOR"), account_path(kind, 0))
    assert str(key.address) == "f1hdmkeblstt5thpyxahjotyc4hxdrsfstez4ugpa"


def test_coin_of_filecoin_is_taken_unless_another_is_asked_for() -> None:
    kind = SignatureType.SECP256K1
    key = derive_key(kind, seed_of(JUNK), account_path(kind, 0))
    assert key.secret.hex() == "6b65fdf763faebfbcf9a43d5ab3dd2fb639a3d69c10df99eddc0a6eb30a99ba7"
    assert path_text(account_path(kind, 3, TESTNET_COIN)) == "m/44'/1'/0'/0/3"


@pytest.mark.parametrize("index", range(len(HARDHAT)))
def test_delegated_accounts_are_those_of_hardhat(index: int) -> None:
    kind = SignatureType.DELEGATED
    key = derive_key(kind, seed_of(JUNK), account_path(kind, index))
    assert (key.address.subaddress.hex(), key.secret.hex()) == HARDHAT[index]
    assert key.path == f"m/44'/60'/0'/0/{index}"


def test_paths_are_read_in_every_way_people_write_them() -> None:
    path = (44 + HARDENED, 461 + HARDENED, HARDENED, 0, 7)
    for text in ("m/44'/461'/0'/0/7", "m/44h/461h/0h/0/7", "m/44H/461'/0h/0/7"):
        assert parse_path(text) == path
    assert path_text(path) == "m/44'/461'/0'/0/7"
    assert parse_path("m") == ()
    assert path_text(()) == "m"


@pytest.mark.parametrize(
    "text",
    ["", "44'/461'", "m/", "m//0", "m/-1", "m/0''", "m/x", "M/0", "m/0 ",
     "m/\N{FULLWIDTH DIGIT ONE}", "m" + "/0" * (MAX_DEPTH + 1), "m/" + "9" * 100_000],
)  # fmt: skip
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(DecodeError, match="is not a path like") as caught:
        parse_path(text)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("text", ["m/2147483648", "m/0/4294967296'"])
def test_numbers_of_a_path_lie_below_two_to_the_31(text: str) -> None:
    with pytest.raises(DecodeError, match=r"below 2\^31"):
        parse_path(text)


@pytest.mark.parametrize(("index", "coin"), [(-1, 461), (HARDENED, 461), (0, HARDENED), (0, -1)])
def test_account_numbers_lie_below_two_to_the_31(index: int, coin: int) -> None:
    with pytest.raises(DecodeError, match=r"below 2\^31"):
        account_path(SignatureType.BLS, index, coin)


@pytest.mark.parametrize("length", [0, 15, 65])
def test_seed_of_another_length_is_refused(length: int) -> None:
    with pytest.raises(DecodeError, match=f"a seed of {length} bytes"):
        master_key(bytes(length))


def test_place_without_a_key_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """No seed is known that leads to one, so the hash function is made to."""
    node = master_key(bytes(16))
    monkeypatch.setattr(hmac, "digest", lambda *_: b"\xff" * 64)
    for derive in (lambda: child_key(node, 0), lambda: master_key(bytes(16))):
        with pytest.raises(DecodeError, match="take the next number"):
            derive()


def test_extended_key_shows_nothing() -> None:
    node = master_key(bytes(16))
    assert repr(node) == "ExtendedKey()"
