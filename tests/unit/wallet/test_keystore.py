import json
import os
import stat
import traceback
from pathlib import Path

import pytest

from papyrus.crypto.signatures import SignatureType
from papyrus.primitives.errors import LocalFault, PapyrusError
from papyrus.wallet.encryption import ScryptCost
from papyrus.wallet.errors import (
    DamagedWallet,
    KeyExists,
    UnknownAddress,
    WalletError,
    WalletLocked,
    WrongPassword,
)
from papyrus.wallet.folder import (
    COPY,
    HEAD,
    KEYS,
    TRASH,
    UNENCRYPTED_HEAD,
    change_password,
    create_unencrypted_wallet,
    create_wallet,
    has_wallet,
    set_password,
    wallet_key,
)
from papyrus.wallet.hd import account_path, derive_key
from papyrus.wallet.key_store import KeyStore, MemoryKeystore
from papyrus.wallet.keys import Key, make_key, new_key
from papyrus.wallet.keystore import FileKeystore

SECP256K1, BLS, DELEGATED = SignatureType
posix = pytest.mark.skipif(os.name != "posix", reason="Windows has no such modes")

SAMPLE = json.loads((Path(__file__).parent / "version1.json").read_text())


@pytest.fixture(params=["file", "unencrypted", "memory"])
def any_store(request: pytest.FixtureRequest) -> KeyStore:
    if request.param == "memory":
        return MemoryKeystore()
    return request.getfixturevalue("store" if request.param == "file" else "unencrypted")


def file_of(store: FileKeystore, key: Key) -> Path:
    (path,) = (store.folder / KEYS).glob(f"{key.address}.*")
    return path


def everything(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("kind", SignatureType)
def test_keys_come_back_as_they_went_in(any_store: KeyStore, kind: SignatureType) -> None:
    plain, derived = new_key(kind), derive_key(kind, bytes(64), account_path(kind, 5))
    for key in (plain, derived):
        any_store.add(key)
        assert any_store.has(key.address)
        assert any_store.read(key.address) == key
    assert any_store.read(derived.address).path == derived.path
    assert any_store.addresses() == sorted((plain.address, derived.address), key=str)


def test_key_that_is_there_is_not_taken_twice(any_store: KeyStore) -> None:
    key = new_key(BLS)
    any_store.add(key)
    with pytest.raises(KeyExists, match=f"key already exists.*{key.address}"):
        any_store.add(key)


def test_unknown_address_is_named(any_store: KeyStore) -> None:
    address = new_key(SECP256K1).address
    assert not any_store.has(address)
    assert not any_store.remove(address)
    for use in (any_store.read, any_store.restore):
        with pytest.raises(UnknownAddress, match=f"key not found.*{address}.*wallet list"):
            use(address)


def test_removed_key_can_be_taken_back_from_the_trash(any_store: KeyStore) -> None:
    key, other = new_key(SECP256K1), new_key(SECP256K1)
    for each in (key, other):
        any_store.add(each)
    any_store.set_default(key.address)
    assert any_store.remove(key.address)
    assert any_store.addresses() == [other.address]
    assert any_store.removed() == [key.address]
    assert any_store.default() is None
    any_store.restore(key.address)
    assert any_store.read(key.address) == key
    assert any_store.removed() == []
    assert any_store.default() is None


def test_trash_keeps_every_key_and_never_replaces_one_in_use(any_store: KeyStore) -> None:
    key = new_key(DELEGATED)
    for _ in range(3):
        any_store.add(key)
        any_store.remove(key.address)
    any_store.add(key)
    with pytest.raises(KeyExists):
        any_store.restore(key.address)
    assert any_store.removed() == [key.address]


def test_trash_on_disk_numbers_what_has_the_same_name(store: FileKeystore) -> None:
    key = new_key(DELEGATED)
    for _ in range(3):
        store.add(key)
        store.remove(key.address)
    names = {path.name for path in (store.folder / TRASH).iterdir()}
    assert names == {f"{key.address}{end}.json" for end in ("", "-1", "-2")}
    store.restore(key.address)
    assert store.read(key.address) == key
    assert store.removed() == [key.address]


def test_default_is_kept(any_store: KeyStore) -> None:
    assert any_store.default() is None
    key = new_key(SECP256K1)
    any_store.add(key)
    any_store.set_default(key.address)
    assert any_store.default() == key.address
    any_store.set_default(None)
    assert any_store.default() is None


def test_addresses_are_seen_while_locked_and_secrets_are_not(
    store: FileKeystore, password: str
) -> None:
    key = new_key(SECP256K1)
    store.add(key)
    store.set_default(key.address)
    store.lock()
    assert not store.is_unlocked
    assert (store.addresses(), store.has(key.address)) == ([key.address], True)
    assert store.default() == key.address
    for use in (lambda: store.read(key.address), lambda: store.add(new_key(BLS))):
        with pytest.raises(WalletLocked, match=r"`papyrus wallet unlock`.*PASSWORD_FILE"):
            use()
    store.unlock(password)
    assert store.read(key.address) == key


def test_unlocking_ends_when_its_time_is_over(locked: FileKeystore, clock, password: str) -> None:
    locked.unlock(password, 60)
    held = locked._key
    assert any(held)
    clock.now += 59.9
    assert locked.is_unlocked
    clock.now += 0.1
    assert not locked.is_unlocked
    assert not any(held)
    locked.unlock(password, 60)
    locked.unlock(password)
    clock.now += 1e9
    assert locked.is_unlocked
    for seconds in (0, -1, float("nan")):
        with pytest.raises(WalletError, match="above zero"):
            locked.unlock(password, seconds)


def test_locking_wipes_the_key(store: FileKeystore) -> None:
    held = store._key
    view = memoryview(bytes(held))
    assert any(view)
    store.lock()
    assert bytes(held) == b""


def test_wrong_password_opens_nothing(locked: FileKeystore) -> None:
    before = everything(locked.folder)
    for wrong in ("", "Correct horse", "correct horse ", "x" * 5000):
        with pytest.raises(WrongPassword, match="the password is wrong"):
            locked.unlock(wrong)
    assert not locked.is_unlocked
    assert everything(locked.folder) == before


def test_other_process_sees_what_one_changes(store: FileKeystore, password: str) -> None:
    other = FileKeystore(store.folder)
    key = new_key(BLS)
    store.add(key)
    assert other.addresses() == [key.address]
    other.unlock(password)
    assert other.read(key.address) == key
    other.remove(key.address)
    assert store.addresses() == []


@posix
def test_files_are_their_owners_alone(store: FileKeystore) -> None:
    before = os.umask(0)
    try:
        key = new_key(SECP256K1)
        store.add(key)
        store.set_default(key.address)
        store.remove(key.address)
    finally:
        os.umask(before)
    for path in (store.folder, *store.folder.rglob("*")):
        if path.name == "lock":
            continue  # nothing is ever written to it
        wanted = 0o700 if path.is_dir() else 0o600
        assert (path.name, stat.S_IMODE(path.stat().st_mode)) == (path.name, wanted)


@posix
@pytest.mark.parametrize("name", [".", KEYS, TRASH])
def test_folder_that_others_can_look_into_is_refused(store: FileKeystore, name: str) -> None:
    (store.folder / name).chmod(0o755)
    with pytest.raises(LocalFault, match=r"others than its owner.*chmod 700"):
        FileKeystore(store.folder)


@posix
@pytest.mark.parametrize("name", [HEAD, "key"])
def test_file_that_others_can_read_is_refused(
    store: FileKeystore, password: str, name: str
) -> None:
    key = new_key(SECP256K1)
    store.add(key)
    path = file_of(store, key) if name == "key" else store.folder / name
    path.chmod(0o644)
    with pytest.raises(LocalFault, match=r"others than its owner.*chmod 600"):
        store.read(key.address)
    path.chmod(0o600)
    store.unlock(password)
    assert store.read(key.address) == key


def test_password_is_changed_and_the_old_one_opens_nothing(
    store: FileKeystore, password: str, cheap: ScryptCost
) -> None:
    key = new_key(SECP256K1)
    store.add(key)
    keys_before = everything(store.folder / KEYS)
    with pytest.raises(WrongPassword):
        store.change_password("not the password", "another horse", cheap)
    assert store.read(key.address) == key
    store.change_password(password, "another horse", cheap)
    assert not store.is_unlocked
    with pytest.raises(WrongPassword):
        store.unlock(password)
    store.unlock("another horse")
    assert store.read(key.address) == key
    assert everything(store.folder / KEYS) == keys_before
    assert (store.folder / HEAD).read_bytes() == (store.folder / COPY).read_bytes()


def test_password_that_is_too_short_is_refused(
    store: FileKeystore, tmp_path: Path, password: str
) -> None:
    for use in (
        lambda: store.change_password(password, "short"),
        lambda: create_wallet(tmp_path / "other", "short"),
        lambda: set_password(store.folder, "short"),
    ):
        with pytest.raises(WalletError, match="at least 8 characters"):
            use()
    assert not has_wallet(tmp_path / "other")


def test_unencrypted_wallet_says_so_in_its_names(unencrypted: FileKeystore) -> None:
    key = new_key(SECP256K1)
    unencrypted.add(key)
    assert not unencrypted.encrypted
    assert unencrypted.is_unlocked
    assert {path.name for path in unencrypted.folder.iterdir()} == {
        UNENCRYPTED_HEAD, KEYS, TRASH, "lock",
    }  # fmt: skip
    assert file_of(unencrypted, key).name == f"{key.address}.unencrypted.json"
    assert key.secret.hex().encode() in file_of(unencrypted, key).read_bytes()


def test_encrypted_wallet_holds_no_secret_in_the_clear(store: FileKeystore) -> None:
    keys = [new_key(kind) for kind in SignatureType]
    for key in keys:
        store.add(key)
    store.remove(keys[0].address)
    written = b"".join(everything(store.folder).values())
    for secret in (*(key.secret for key in keys), bytes(store._key)):
        for form in (secret, secret[::-1]):
            assert form.hex().encode() not in written
            assert form not in written


def test_unencrypted_wallet_is_given_a_password(
    unencrypted: FileKeystore, cheap: ScryptCost, password: str
) -> None:
    kept, removed = new_key(SECP256K1), new_key(BLS)
    for key in (kept, removed):
        unencrypted.add(key)
    unencrypted.remove(removed.address)
    unencrypted.unlock("anything: there is no password")
    unencrypted.change_password("", password, cheap)
    assert unencrypted.encrypted
    with pytest.raises(WalletLocked):
        unencrypted.read(kept.address)
    unencrypted.unlock(password)
    unencrypted.restore(removed.address)
    assert [unencrypted.read(key.address) for key in (kept, removed)] == [kept, removed]
    assert not list(unencrypted.folder.rglob("*unencrypted*"))
    assert kept.secret.hex().encode() not in b"".join(everything(unencrypted.folder).values())


def test_password_is_set_once_and_changed_after(
    store: FileKeystore, unencrypted: FileKeystore, password: str
) -> None:
    with pytest.raises(WalletError, match="has a password: change it"):
        set_password(store.folder, password)
    with pytest.raises(WalletError, match="no password yet: set one"):
        change_password(unencrypted.folder, password, password)


def test_wallet_is_made_where_there_is_none(
    store: FileKeystore, unencrypted: FileKeystore, tmp_path: Path, password: str
) -> None:
    for folder in (store.folder, unencrypted.folder):
        before = everything(folder)
        for make in (
            lambda folder=folder: create_wallet(folder, password, ScryptCost(2, 1, 1)),
            lambda folder=folder: create_unencrypted_wallet(folder),
        ):
            with pytest.raises(WalletError, match="there is a wallet in"):
                make()
        assert everything(folder) == before
    with pytest.raises(WalletError, match=r"there is no wallet in .*`papyrus wallet new`"):
        FileKeystore(tmp_path / "absent")


def test_keys_whose_head_is_lost_are_not_given_another(
    store: FileKeystore, password: str, cheap: ScryptCost
) -> None:
    store.add(new_key(SECP256K1))
    for name in (HEAD, COPY):
        (store.folder / name).unlink()
    with pytest.raises(WalletError, match=r"put back its wallet\.json from a backup"):
        create_wallet(store.folder, password, cheap)
    with pytest.raises(WalletError, match="there is no wallet"):
        store.read(store.addresses()[0])


def test_key_of_another_wallet_is_not_used(
    store: FileKeystore, tmp_path: Path, cheap: ScryptCost, password: str
) -> None:
    create_wallet(tmp_path / "other", password, cheap)
    other = FileKeystore(tmp_path / "other")
    other.unlock(password)
    key = new_key(SECP256K1)
    other.add(key)
    (store.folder / KEYS / file_of(other, key).name).write_bytes(file_of(other, key).read_bytes())
    file_of(store, key).chmod(0o600)
    with pytest.raises(DamagedWallet, match="it is of another wallet"):
        store.read(key.address)


def test_wallet_that_takes_the_place_of_another_is_locked(
    store: FileKeystore, password: str, cheap: ScryptCost
) -> None:
    """A key must never be locked with the key of a wallet that is gone."""
    for name in (HEAD, COPY):
        (store.folder / name).unlink()
    create_wallet(store.folder, password, cheap)
    with pytest.raises(WalletLocked):
        store.add(new_key(SECP256K1))
    assert store.addresses() == []


def test_key_in_the_file_of_another_address_is_not_used(store: FileKeystore) -> None:
    key, other = new_key(SECP256K1), new_key(SECP256K1)
    store.add(key)
    store.add(other)
    file_of(store, other).write_bytes(file_of(store, key).read_bytes())
    with pytest.raises(DamagedWallet, match=f"it is the file of {key.address}"):
        store.read(other.address)


def damaged(path: Path) -> list[bytes]:
    """Return what a file could be damaged to: each byte changed, cuts, and what is no such file."""
    data = path.read_bytes()
    found = []
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= (1, 0x20, 0xFF)[place % 3]
        found.append(bytes(changed))
    cuts = [data[:length] for length in range(0, len(data), 7)]
    return [*found, *cuts, data + b" ", data * 2, b"\0" * len(data), b"[" * 4000]


def test_no_damage_to_a_key_goes_unnoticed_or_makes_it_worse(
    store: FileKeystore, unencrypted: FileKeystore
) -> None:
    for each in (store, unencrypted):
        key, sound = new_key(BLS), new_key(SECP256K1)
        each.add(key)
        each.add(sound)
        path = file_of(each, key)
        whole = path.read_bytes()
        for data in damaged(path):
            path.write_bytes(data)
            with pytest.raises(WalletError, match=r"is damaged|is of version") as caught:
                each.read(key.address)
            assert key.secret.hex() not in str(caught.value)
            assert path.read_bytes() == data
        assert len(each.problems()) == 1
        # What is beside it can be used, and putting back the file mends it.
        assert each.read(sound.address) == sound
        assert each.addresses() == sorted((key.address, sound.address), key=str)
        path.write_bytes(whole)
        assert each.read(key.address) == key
        assert each.problems() == []


@pytest.mark.parametrize("name", [HEAD, COPY])
def test_damage_to_one_head_is_mended_by_the_other(
    store: FileKeystore, password: str, name: str
) -> None:
    key = new_key(SECP256K1)
    store.add(key)
    path = store.folder / name
    whole = path.read_bytes()
    for data in damaged(path)[::9]:
        path.write_bytes(data)
        other = FileKeystore(store.folder)
        other.unlock(password)
        assert other.read(key.address) == key
        assert path.read_bytes() == whole
    path.unlink()
    FileKeystore(store.folder).unlock(password)
    assert path.read_bytes() == whole


def test_no_damage_to_both_heads_goes_unnoticed_or_makes_it_worse(
    store: FileKeystore, password: str
) -> None:
    key = new_key(SECP256K1)
    store.add(key)
    path, copy = store.folder / HEAD, store.folder / COPY
    whole = path.read_bytes()
    for data in damaged(path):
        path.write_bytes(data)
        copy.write_bytes(data)
        with pytest.raises(WalletError, match=r"wallet\.json is damaged|is of version"):
            FileKeystore(store.folder)
        with pytest.raises(WalletError):
            store.unlock(password)
        with pytest.raises(WalletError):
            create_wallet(store.folder, password, ScryptCost(2, 1, 1))
        assert (path.read_bytes(), copy.read_bytes()) == (data, data)
    path.write_bytes(whole)
    store.unlock(password)
    assert store.read(key.address) == key


def rewritten(data: bytes, **changes: object) -> bytes:
    """Return a file with fields changed and a checksum to match, as someone could write it."""
    from papyrus.wallet.key_files import _encode  # noqa: PLC0415 - only to forge files with

    fields = {**json.loads(data), **changes}
    del fields["checksum"]
    return _encode({name: value for name, value in fields.items() if value is not ...})


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"kind": "delegated"}, "the key of this wallet does not open it"),
        ({"path": "m/0"}, "the key of this wallet does not open it"),
        ({"path": 5}, "it has fields that no such file has"),
        ({"kind": "rsa"}, "is no such thing"),
        ({"kind": ...}, "is no such thing"),
        ({"nonce": "zz"}, "is no such thing"),
        ({"nonce": 5}, "is no such thing"),
        ({"nonce": ""}, "does not open it"),
        ({"ciphertext": ""}, "does not open it"),
        ({"address": "f01"}, "it is the file of f01"),
        ({"address": ["f01"]}, "is no such thing"),
        ({"comment": "none"}, "it has fields that no such file has"),
        ({"cipher": "none"}, "is no such thing"),
        ({"cipher": "none", "secret": "11" * 32}, "it has fields that no such file has"),
        ({"format": "papyrus-wallet"}, "does not say that it is a papyrus-key file"),
        ({"version": "1"}, "does not say that it is a papyrus-key file"),
        ({"version": 2}, "is of version 2, and this Papyrus knows version 1"),
    ],
)
def test_forged_key_is_refused(store: FileKeystore, changes, found: str) -> None:
    key = new_key(SECP256K1)
    store.add(key)
    path = file_of(store, key)
    path.write_bytes(rewritten(path.read_bytes(), **changes))
    with pytest.raises(WalletError, match=found):
        store.read(key.address)


def test_secret_of_another_address_is_refused(unencrypted: FileKeystore) -> None:
    key, other = new_key(SECP256K1), make_key(SECP256K1, b"\1" * 32)
    unencrypted.add(key)
    path = file_of(unencrypted, key)
    path.write_bytes(rewritten(path.read_bytes(), secret=other.secret.hex()))
    with pytest.raises(DamagedWallet, match=f"the key of {other.address}"):
        unencrypted.read(key.address)
    path.write_bytes(rewritten(path.read_bytes(), secret="00" * 32))
    with pytest.raises(DamagedWallet, match="what it holds is no secret"):
        unencrypted.read(key.address)


@pytest.mark.parametrize(
    "changes", [{"n": 1 << 40}, {"n": 3}, {"n": "2"}, {"r": 1.5}, {"p": 1000}, {"salt": "x"}]
)
def test_forged_head_is_refused_before_memory_is_taken(
    store: FileKeystore, password: str, changes
) -> None:
    for name in (HEAD, COPY):
        path = store.folder / name
        path.write_bytes(rewritten(path.read_bytes(), **changes))
    with pytest.raises(DamagedWallet, match="is no such thing"):
        store.unlock(password)


def test_head_with_another_salt_opens_to_no_password(store: FileKeystore, password: str) -> None:
    for name in (HEAD, COPY):
        path = store.folder / name
        path.write_bytes(rewritten(path.read_bytes(), salt="00" * 32))
    with pytest.raises(WrongPassword):
        store.unlock(password)


def test_damaged_default_is_told_and_set_anew(store: FileKeystore) -> None:
    key = new_key(SECP256K1)
    store.add(key)
    path = store.folder / "default"
    path.write_bytes(b"f1 or so")
    path.chmod(0o600)
    with pytest.raises(WalletError, match=r"default is damaged.*set-default ADDRESS"):
        store.default()
    store.set_default(key.address)
    assert store.default() == key.address


def test_default_whose_key_is_gone_is_none(store: FileKeystore) -> None:
    store.set_default(new_key(SECP256K1).address)
    assert store.default() is None


def test_what_is_no_key_is_not_listed(store: FileKeystore) -> None:
    key = new_key(SECP256K1)
    store.add(key)
    for name in ("README.json", ".hidden.json", f"{key.address}.json.orig", "x"):
        (store.folder / KEYS / name).write_bytes(b"")
    assert store.addresses() == [key.address]


def test_wallet_of_version_1_is_read(tmp_path: Path) -> None:
    """Written once, and to be readable for ever."""
    folder = tmp_path / "wallet"
    for name, text in SAMPLE["files"].items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)
    (folder / TRASH).mkdir(exist_ok=True)
    for each in (folder, folder / KEYS, folder / TRASH):
        each.chmod(0o700)
    store = FileKeystore(folder)
    store.unlock(SAMPLE["password"])
    assert str(store.default()) == SAMPLE["default"]
    found = {str(address): store.read(address).secret.hex() for address in store.addresses()}
    assert found == SAMPLE["secrets"]


def test_secrets_are_in_no_error_or_representation(
    store: FileKeystore, password: str, cheap: ScryptCost
) -> None:
    key = new_key(SECP256K1)
    store.add(key)
    opened = wallet_key(store.folder, password)
    secrets = [key.secret, opened.secret]
    texts = [repr(store), repr(opened), repr(vars(store)["_until"])]
    path = file_of(store, key)
    whole = path.read_bytes()

    def failing() -> None:
        for act in (
            lambda: store.add(key),
            lambda: store.unlock("a wrong password"),
            lambda: store.change_password("a wrong password", "a good password", cheap),
            lambda: (path.write_bytes(whole[:-9]), store.read(key.address)),
            lambda: (path.write_bytes(rewritten(whole, ciphertext="")), store.read(key.address)),
            lambda: (store.lock(), store.read(key.address)),
        ):
            try:
                act()
            except PapyrusError as error:
                texts.append("".join(traceback.format_exception(error)))
            else:
                texts.append("nothing failed")

    failing()
    assert "nothing failed" not in texts
    for text in texts:
        for secret in secrets:
            assert secret.hex() not in text
            assert repr(secret) not in text
        assert password not in text
