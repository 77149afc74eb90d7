import base64
import json
import os
from pathlib import Path

import pytest

from papyrus.crypto.signatures import SignatureType
from papyrus.primitives.errors import LocalFault
from papyrus.wallet.errors import DamagedWallet
from papyrus.wallet.forms import Form, read_keys, write_key
from papyrus.wallet.keys import Key, new_key
from papyrus.wallet.lotus_keystore import read_lotus_keystore

GOLDEN = json.loads((Path(__file__).parent / "lotus_exports.json").read_text())


def put(folder: Path, name: str, text: str) -> Path:
    """Write a file as Lotus' repository does (node/repo/fsrepo.go)."""
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / base64.b32encode(name.encode()).decode().rstrip("=")
    path.write_text(text)
    path.chmod(0o600)
    return path


def put_key(folder: Path, key: Key, network: str = "f") -> Path:
    name = f"wallet-{key.address.to_string(network)}"
    return put(folder, name, write_key(key, Form.JSON_LOTUS))


def by_address(keys: list[Key]) -> tuple[Key, ...]:
    return tuple(sorted(keys, key=lambda key: str(key.address)))


def test_keys_of_lotus_are_read_with_the_default(tmp_path: Path) -> None:
    folder = tmp_path / "keystore"
    keys = [read_keys(golden["export"])[0] for golden in GOLDEN] + [
        new_key(kind) for kind in SignatureType
    ]
    for key in keys:
        put_key(folder, key, "t")
    put_key(folder, keys[0], "f")
    put(folder, "default", write_key(keys[2], Form.JSON_LOTUS))
    put(folder, "trash-" + str(keys[0].address), write_key(new_key(SignatureType.BLS)))
    put(folder, "libp2p-host", '{"Type":"libp2p-host","PrivateKey":"AAAA"}')
    put(folder, "auth-jwt-private", '{"Type":"jwt-hmac-secret","PrivateKey":"AAAA"}')
    (folder / "notes.txt").write_text("nothing of Lotus'")
    (folder / "below").mkdir()
    for place in (folder, tmp_path):
        found = read_lotus_keystore(place)
        assert found.keys == by_address(keys)
        assert found.default == keys[2].address
        assert found.passed_over == ()


def test_file_is_named_as_lotus_names_it(tmp_path: Path) -> None:
    """The name that `lotus-shed base32` gives for `default`."""
    assert put(tmp_path / "keystore", "default", "").name == "MRSWMYLVNR2A"


def test_key_of_a_ledger_or_no_key_is_passed_over_with_the_reason(tmp_path: Path) -> None:
    folder = tmp_path / "keystore"
    key = new_key(SignatureType.BLS)
    put_key(folder, key)
    address = new_key(SignatureType.SECP256K1).address
    put(folder, f"wallet-{address}", '{"Type":"secp256k1-ledger","PrivateKey":"bm9uZQ=="}')
    put(folder, "default", "")
    found = read_lotus_keystore(folder)
    assert (found.keys, found.default) == ((key,), None)
    assert found.passed_over == (
        "default: the text of the key is not a JSON object",
        f"wallet-{address}: the secret of this key is in a Ledger, and stays there",
    )


def test_default_that_is_no_key_of_the_wallet_is_none(tmp_path: Path) -> None:
    put(tmp_path / "keystore", "default", write_key(new_key(SignatureType.BLS), Form.JSON_LOTUS))
    assert read_lotus_keystore(tmp_path).default is None


def test_key_under_another_name_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "keystore"
    key, other = new_key(SignatureType.BLS), new_key(SignatureType.BLS)
    path = put(folder, f"wallet-{other.address}", write_key(key, Form.JSON_LOTUS))
    with pytest.raises(DamagedWallet, match=f"and holds the key of {key.address}"):
        read_lotus_keystore(folder)
    path.unlink()
    put(folder, "wallet-nobody", write_key(key, Form.JSON_LOTUS))
    with pytest.raises(DamagedWallet, match="it is named 'wallet-nobody'"):
        read_lotus_keystore(folder)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")
def test_keystore_that_others_can_read_is_refused_as_lotus_does(tmp_path: Path) -> None:
    folder = tmp_path / "keystore"
    path = put_key(folder, new_key(SignatureType.BLS))
    path.chmod(0o644)
    with pytest.raises(LocalFault, match="chmod 600"):
        read_lotus_keystore(folder)
    folder.chmod(0o755)
    with pytest.raises(LocalFault, match="chmod 700"):
        read_lotus_keystore(folder)


def test_no_keystore_is_told(tmp_path: Path) -> None:
    with pytest.raises(LocalFault, match="cannot look into"):
        read_lotus_keystore(tmp_path / "absent")
