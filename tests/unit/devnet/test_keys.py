"""Keys that the user of a devnet makes outlive it; those that everybody knows are on no disk."""

import stat

import pytest
from devnet_desk import Refused, devnet_desk

from papyrus.crypto.signatures import SignatureType
from papyrus.devnet.keys import DevnetKeystore
from papyrus.devnet.opening import forget
from papyrus.node.repository import open_repository
from papyrus.primitives.address import Address
from papyrus.storage.private_files import write_private
from papyrus.wallet.encryption import ScryptCost
from papyrus.wallet.errors import KeyExists, UnknownAddress, WalletLocked, WrongPassword
from papyrus.wallet.folder import create_unencrypted_wallet, create_wallet
from papyrus.wallet.keys import new_key
from papyrus.wallet.keystore import FileKeystore
from papyrus.wallet.passwords import PASSWORD_FILE

PASSWORD = "correct horse"  # noqa: S105 - of nothing
CHEAP = ScryptCost(2, 1, 1)


@pytest.fixture
def known():
    return [new_key(SignatureType.SECP256K1), new_key(SignatureType.BLS)]


@pytest.fixture
def keys(known, tmp_path):
    return DevnetKeystore(known, tmp_path / "keystore")


@pytest.fixture
def again(known, tmp_path):
    """Return what opens the same keys once more, as the next start does."""
    return lambda: DevnetKeystore(known, tmp_path / "keystore")


def test_nothing_is_on_the_disk_until_a_key_is_made(keys, known, tmp_path):
    assert keys.addresses() == sorted((key.address for key in known), key=str)
    assert keys.default() == known[0].address
    assert keys.read(known[1].address) == known[1]
    assert list(tmp_path.iterdir()) == []


def test_key_that_was_added_is_there_after_a_restart(keys, again, known, tmp_path):
    key = new_key(SignatureType.DELEGATED)
    keys.add(key)
    with pytest.raises(KeyExists):
        keys.add(known[0])
    after = again()
    assert after.read(key.address) == key
    assert after.addresses() == sorted((one.address for one in (*known, key)), key=str)
    assert after.default() == known[0].address
    [file] = (tmp_path / "keystore" / "keys").iterdir()
    assert file.name == f"{key.address}.unencrypted.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_default_address_that_was_chosen_is_there_after_a_restart(keys, again, known):
    keys.set_default(known[1].address)
    assert again().default() == known[1].address
    key = new_key(SignatureType.BLS)
    keys.add(key)
    keys.set_default(key.address)
    assert again().default() == key.address
    assert keys.remove(key.address)
    assert again().default() == known[0].address


def test_known_key_that_was_deleted_is_back_after_a_restart(keys, again, known):
    assert keys.remove(known[0].address)
    assert not keys.has(known[0].address)
    assert keys.removed() == [known[0].address]
    assert again().has(known[0].address)
    keys.restore(known[0].address)
    assert keys.has(known[0].address)


def test_own_key_that_was_deleted_stays_in_the_trash(keys, again):
    key = new_key(SignatureType.BLS)
    with pytest.raises(UnknownAddress):
        keys.restore(key.address)
    keys.add(key)
    assert keys.remove(key.address)
    assert not keys.remove(key.address)
    after = again()
    assert (after.has(key.address), after.removed()) == (False, [key.address])
    with pytest.raises(UnknownAddress):
        after.read(key.address)
    after.restore(key.address)
    assert keys.read(key.address) == key


def test_key_that_a_command_has_made_meanwhile_is_there(keys, tmp_path):
    create_unencrypted_wallet(tmp_path / "keystore")
    key = new_key(SignatureType.SECP256K1)
    FileKeystore(tmp_path / "keystore").add(key)
    assert keys.read(key.address) == key


def test_wallet_with_a_password_is_respected(keys, known, again, tmp_path, monkeypatch):
    create_wallet(tmp_path / "keystore", PASSWORD, CHEAP)
    key = new_key(SignatureType.SECP256K1)
    with pytest.raises(WalletLocked):
        keys.add(key)
    assert keys.read(known[0].address) == known[0]
    keys.files.unlock(PASSWORD)
    keys.add(key)
    assert again().has(key.address)
    with pytest.raises(WalletLocked):
        again().read(key.address)
    write_private(tmp_path / "password", PASSWORD.encode())
    monkeypatch.setenv(PASSWORD_FILE, str(tmp_path / "password"))
    assert again().read(key.address) == key
    write_private(tmp_path / "password", b"another horse")
    with pytest.raises(WrongPassword):
        again()


def test_methods_of_a_devnet_keep_what_they_make(tmp_path):
    with devnet_desk(tmp_path) as desk:
        made = desk("WalletNew", "bls")
        exported = desk("WalletExport", made)
        desk("WalletSetDefault", made)
    with devnet_desk(tmp_path) as desk:
        assert desk("WalletExport", made) == exported
        assert desk("WalletDefaultAddress") == made
        assert set(desk.accounts) < set(desk("WalletList"))
        with pytest.raises(Refused, match="the wallet of this node has no password"):
            desk("Papyrus.WalletUnlock", PASSWORD)


def test_devnet_that_is_forgotten_leaves_its_keys_behind(tmp_path):
    with devnet_desk(tmp_path) as desk:
        made = desk("WalletNew", "secp256k1")
        desk("WalletSetDefault", made)
    with open_repository(tmp_path, "devnet") as repository:
        forget(repository)
    with devnet_desk(tmp_path) as desk:
        assert desk("WalletHas", made)
        assert desk("WalletDefaultAddress") == desk.accounts[0]


def test_dump_holds_no_key_that_was_made(tmp_path):
    with devnet_desk(tmp_path) as desk:
        made = Address.from_string(desk("WalletNew", "secp256k1"))
        secret = desk.node.wallet.export(made).secret
        dump = desk("Papyrus.DumpState")
    text = repr({**dump, "Snapshot": ""})
    assert secret.hex() not in text
    assert made.to_string("t") not in text
