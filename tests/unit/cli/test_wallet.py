import json
import os
import select
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from papyrus.cli import wallet_access
from papyrus.crypto.signatures import SignatureType
from papyrus.storage.private_files import write_private
from papyrus.wallet.encryption import ScryptCost
from papyrus.wallet.folder import create_wallet
from papyrus.wallet.forms import Form, write_key
from papyrus.wallet.hd import account_path, derive_key
from papyrus.wallet.keys import new_key
from papyrus.wallet.mnemonic import check_words, seed_of
from papyrus.wallet.passwords import PASSWORD, PASSWORD_FILE

JUNK = "test test test test test test test test test test test junk"
JUNK_ADDRESS = "f1qid3qslm4jax2jpohkdwomtidgd3x7xa7qvahea"
CORRECT = "correct horse"
# `lotus wallet export`, and its address.
LOTUS = (
    "7b2254797065223a22736563703235366b31222c22507269766174654b6579223a22"
    "6b35507976337148327349586343595a58594f5775453149326e32554539436861556b6c4e36695a5763453d227d"
)
LOTUS_ADDRESS = "f1fib3pv7jua2ockdugtz7viz3cyy6lkhh7rfx3sa"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have an own home, the password in a file, and passwords that cost nothing to try."""
    monkeypatch.setattr("papyrus.wallet.folder.ScryptCost", lambda: ScryptCost(2, 1, 1))
    write_private(tmp_path / "password", CORRECT.encode())
    monkeypatch.setenv("PAPYRUS_PATH", str(tmp_path))
    monkeypatch.setenv(PASSWORD_FILE, str(tmp_path / "password"))
    monkeypatch.delenv(PASSWORD, raising=False)
    return tmp_path


@pytest.fixture
def folder(home: Path) -> Path:
    """Return the folder of a wallet whose password costs nothing to try."""
    path = home / "mainnet" / "keystore"
    create_wallet(path, CORRECT, ScryptCost(2, 1, 1))
    return path


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch):
    """Return a function that sets what somebody types, unseen, when asked."""

    def answer(*lines: str) -> None:
        left = list(lines)
        monkeypatch.delenv(PASSWORD_FILE, raising=False)
        monkeypatch.setattr(wallet_access, "has_terminal", lambda: True)
        monkeypatch.setattr("papyrus.cli.wallet.has_terminal", lambda: True)
        monkeypatch.setattr(wallet_access.typer, "prompt", lambda *_, **__: left.pop(0))

    return answer


def test_first_key_makes_the_wallet(papyrus, home: Path, monkeypatch) -> None:
    monkeypatch.setattr("papyrus.wallet.folder.ScryptCost", ScryptCost)
    result = papyrus("wallet", "new", "--chain", "calibnet")
    assert result.exit_code == 0
    address = result.stdout.strip()
    assert address.startswith("t1")
    assert f"made a wallet in {home / 'calibnet' / 'keystore'}" in result.stderr
    assert papyrus("wallet", "default", "--chain", "calibnet").stdout.strip() == address
    head = json.loads((home / "calibnet" / "keystore" / "wallet.json").read_text())
    assert (head["cipher"], head["kdf"], head["n"]) == ("aes-256-gcm", "scrypt", 131_072)


@pytest.mark.usefixtures("folder")
def test_keys_are_made_listed_deleted_and_restored(papyrus) -> None:
    first = papyrus("wallet", "new").stdout.strip()
    second = json.loads(papyrus("wallet", "new", "delegated", "--json").stdout)["address"]
    rows = json.loads(papyrus("wallet", "list", "--json").stdout)
    assert [(row["address"], row["kind"], row["default"]) for row in rows] == [
        (first, "secp256k1", True),
        (second, "delegated", False),
    ]
    ethereum = rows[1]["ethereum"]
    assert papyrus("wallet", "set-default", ethereum).exit_code == 0
    assert papyrus("wallet", "default").stdout.strip() == second
    assert papyrus("wallet", "delete", second).exit_code == 0
    assert second not in papyrus("wallet", "list").stdout
    assert second in papyrus("wallet", "list", "--trash").stdout
    result = papyrus("wallet", "default")
    assert (result.exit_code, "no default address" in result.stderr) == (1, True)
    assert papyrus("wallet", "restore", second).exit_code == 0
    assert second in papyrus("wallet", "list").stdout
    assert papyrus("wallet", "check").stdout == "2 keys are sound\n"


@pytest.mark.usefixtures("folder")
def test_keys_come_from_lotus_and_go_back(papyrus, home: Path) -> None:
    write_private(home / "key", LOTUS.encode())
    result = papyrus("wallet", "import", home / "key", "--as-default")
    assert (result.exit_code, result.stdout) == (0, f"imported {LOTUS_ADDRESS}\n")
    assert papyrus("wallet", "export", LOTUS_ADDRESS).stdout.strip() == LOTUS
    assert papyrus("wallet", "default").stdout.strip() == LOTUS_ADDRESS
    result = papyrus("wallet", "import", stdin=LOTUS.encode())
    assert (result.exit_code, "key already exists" in result.stderr) == (1, True)
    result = papyrus("wallet", "import", stdin=b"11" * 32)
    assert result.stdout.startswith("imported f410f")
    result = papyrus("wallet", "import", "--type", "secp256k1", stdin=b"0x" + b"11" * 32)
    assert result.stdout.startswith("imported f1")
    result = papyrus("wallet", "import", stdin=b"\xff\xfe")
    assert (result.exit_code, "is not text" in result.stderr) == (1, True)


@pytest.mark.usefixtures("folder")
def test_keystore_of_lotus_is_imported_whole(papyrus, home: Path) -> None:
    import base64  # noqa: PLC0415 - for the names of these files alone

    keystore = home / ".lotus" / "keystore"
    keystore.mkdir(parents=True, mode=0o700)
    keys = [new_key(kind) for kind in SignatureType]
    names = [(f"wallet-{key.address}", key) for key in keys] + [("default", keys[1])]
    for name, key in names:
        path = keystore / base64.b32encode(name.encode()).decode().rstrip("=")
        write_private(path, write_key(key, Form.JSON_LOTUS).encode())
    result = papyrus("wallet", "import", "--lotus", home / ".lotus", "--json")
    assert result.exit_code == 0
    assert {row["address"] for row in json.loads(result.stdout)} == {
        str(key.address) for key in keys
    }
    assert papyrus("wallet", "default").stdout.strip() == str(keys[1].address)
    result = papyrus("wallet", "import", "--lotus", home / ".lotus")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr.count("is there already") == 3
    (home / "empty").mkdir(mode=0o700)
    result = papyrus("wallet", "import", "--lotus", home / "empty")
    assert (result.exit_code, "there are no keys in" in result.stderr) == (1, True)


@pytest.mark.usefixtures("folder")
def test_what_is_signed_is_verified_as_lotus_does_it(papyrus, home: Path) -> None:
    write_private(home / "key", LOTUS.encode())
    papyrus("wallet", "import", home / "key")
    raw = papyrus("wallet", "sign", LOTUS_ADDRESS, b"DUKE".hex(), "--raw").stdout.strip()
    assert raw == (
        "0103bff286f1371c1a4ce8e33c29d6a20eeb53f17970190d12c5a1c0fc4be9a56e"
        "766250d5a82dda2179fa90ae297696d1dfaa9eea8f2f833da0cf87b927294eb700"
    )
    result = papyrus("wallet", "verify", LOTUS_ADDRESS, b"DUKE".hex(), raw, "--raw")
    assert (result.exit_code, result.stdout) == (0, "valid\n")
    result = papyrus("wallet", "verify", LOTUS_ADDRESS, b"DUKE".hex(), raw)
    assert (result.exit_code, result.stdout) == (1, "invalid\n")
    wrapped = papyrus("wallet", "sign", LOTUS_ADDRESS, "0x" + b"DUKE".hex()).stdout.strip()
    assert papyrus("wallet", "verify", LOTUS_ADDRESS, b"DUKE".hex(), wrapped).exit_code == 0
    result = papyrus("wallet", "sign", LOTUS_ADDRESS, "DUKE")
    assert (result.exit_code, "is to be hexadecimal" in result.stderr) == (1, True)


@pytest.mark.usefixtures("folder")
def test_words_are_made_and_imported(papyrus) -> None:
    words = papyrus("wallet", "mnemonic", "new", "--words", "12").stdout.strip()
    assert len(check_words(words).split()) == 12
    assert len(json.loads(papyrus("wallet", "mnemonic", "new", "--json").stdout)["mnemonic"]) > 24
    result = papyrus("wallet", "mnemonic", "import", "--count", 2, "--json", stdin=JUNK.encode())
    assert json.loads(result.stdout) == [
        {"address": JUNK_ADDRESS, "path": "m/44'/461'/0'/0/0"},
        {"address": "f14zh7ha4hrtjida77isj2oskt73ykwbrmppo7tny", "path": "m/44'/461'/0'/0/1"},
    ]
    result = papyrus("wallet", "mnemonic", "import", "--type", "delegated", stdin=JUNK.encode())
    delegated = result.stdout.split()[-2]
    found = json.loads(papyrus("address", delegated, "--json").stdout)
    assert found["ethereum"] == "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    result = papyrus(
        "wallet", "mnemonic", "import", "--path", "m/44'/1'/0'/0/3", stdin=JUNK.encode()
    )
    assert "f1meil2dcotfxc6ictmfvvfq5aup54aw5o66ge5eq" in result.stdout
    assert papyrus("wallet", "default").stdout.strip() == JUNK_ADDRESS
    result = papyrus("wallet", "mnemonic", "import", stdin=JUNK.encode())
    assert (result.exit_code, "is there already" in result.stderr) == (0, True)
    result = papyrus("wallet", "mnemonic", "import", "--path", "m", "--count", 2, stdin=b"")
    assert (result.exit_code, "--path names one key" in result.stderr) == (1, True)


@pytest.mark.usefixtures("folder")
def test_words_and_passphrase_are_typed_unseen(papyrus, typed) -> None:
    typed(JUNK, "TREZOR", CORRECT)
    result = papyrus("wallet", "mnemonic", "import", "--passphrase")
    key = derive_key(
        SignatureType.SECP256K1,
        seed_of(JUNK, "TREZOR"),
        account_path(SignatureType.SECP256K1, 0),
    )
    assert str(key.address) in result.stdout
    assert "junk" not in result.stdout + result.stderr


def test_password_is_typed_twice_for_a_new_wallet(papyrus, home: Path, typed) -> None:
    typed("a good password", "another password")
    result = papyrus("wallet", "new")
    assert (result.exit_code, "are not the same" in result.stderr) == (1, True)
    typed("short")
    result = papyrus("wallet", "new")
    assert (result.exit_code, "at least 8 characters" in result.stderr) == (1, True)
    assert not (home / "mainnet" / "keystore" / "wallet.json").exists()


@pytest.mark.usefixtures("folder")
def test_password_is_changed(papyrus, typed) -> None:
    address = papyrus("wallet", "new").stdout.strip()
    typed(CORRECT, "another horse", "another horse")
    assert papyrus("wallet", "password").exit_code == 0
    typed(CORRECT)
    result = papyrus("wallet", "export", address)
    assert (result.exit_code, "the password is wrong" in result.stderr) == (1, True)
    typed("another horse")
    assert papyrus("wallet", "export", address).exit_code == 0


@pytest.mark.usefixtures("folder")
def test_password_is_changed_by_a_script(papyrus, home: Path) -> None:
    result = papyrus("wallet", "password", stdin=b"another horse\n")
    assert result.exit_code == 0
    write_private(home / "password", b"another horse")
    assert papyrus("wallet", "check").exit_code == 0


def test_unencrypted_wallet_is_made_on_demand_alone_and_encrypted_later(
    papyrus, home: Path
) -> None:
    result = papyrus("wallet", "new", "--unencrypted")
    assert "NOT encrypted" in result.stderr
    folder = home / "mainnet" / "keystore"
    assert (folder / "wallet.unencrypted.json").exists()
    assert papyrus("wallet", "password").exit_code == 0
    assert not (folder / "wallet.unencrypted.json").exists()
    assert papyrus("wallet", "check").stdout == "1 keys are sound\n"


@pytest.mark.parametrize(
    ("command", "found"),
    [
        (("list",), "there is no wallet in"),
        (("export", JUNK_ADDRESS), "there is no wallet in"),
        (("new", "rsa"), "secp256k1, bls or delegated"),
        (("import",), "no key in any form"),
        (("mnemonic", "import"), "a mnemonic of 0 words"),
        (("mnemonic", "new", "--words", "13"), "12, 15, 18, 21 or 24"),
        (("verify", JUNK_ADDRESS, "00", "zz"), "the signature is to be hexadecimal"),
        (("delete", "nobody"), "is not an address"),
    ],
)
def test_mistake_is_one_sentence_and_exit_code_1(papyrus, command, found: str) -> None:
    result = papyrus("wallet", *command, stdin=b"")
    assert result.exit_code == 1
    assert found in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_advice_is_for_the_wallet_that_was_named(papyrus, home: Path) -> None:
    missing = papyrus("wallet", "list", "--chain", "calibnet")
    assert f"there is no wallet in {home / 'calibnet' / 'keystore'}" in missing.stderr
    assert "`papyrus wallet new --chain calibnet` makes one" in missing.stderr
    create_wallet(home / "calibnet" / "keystore", CORRECT, ScryptCost(2, 1, 1))
    unknown = papyrus("wallet", "export", JUNK_ADDRESS, "--chain", "calibnet")
    assert "`papyrus wallet list --chain calibnet` shows" in unknown.stderr
    without = papyrus("wallet", "default", "--folder", home / "calibnet" / "keystore")
    advised = f"`papyrus wallet set-default ADDRESS --folder {home / 'calibnet' / 'keystore'}`"
    assert advised in without.stderr
    assert "`papyrus wallet new` makes one" in papyrus("wallet", "list").stderr


def test_wallet_is_that_of_the_one_node_that_runs_where_there_is_no_other(
    papyrus, home: Path
) -> None:
    address = papyrus("wallet", "new", "--chain", "calibnet").stdout.strip()
    assert "there is no wallet in" in papyrus("wallet", "default").stderr
    (home / "calibnet" / "api").write_text("/ip4/127.0.0.1/tcp/1/http")
    found = papyrus("wallet", "default")
    assert (found.stdout.strip(), "the wallet of calibnet" in found.stderr) == (address, True)
    (home / "devnet").mkdir()
    (home / "devnet" / "api").write_text("/ip4/127.0.0.1/tcp/2/http")
    assert papyrus("wallet", "default").exit_code == 1
    (home / "devnet" / "api").unlink()
    own = papyrus("wallet", "new").stdout.strip()
    assert own.startswith("f1")
    assert papyrus("wallet", "default").stdout.strip() == own


@pytest.mark.parametrize("command", ["balance", "unlock", "lock"])
def test_node_of_a_wallet_is_named_by_its_network(papyrus, command: str) -> None:
    result = papyrus("wallet", command, "--chain", "calibnet")
    assert (result.exit_code, "no node of calibnet runs here" in result.stderr) == (1, True)
    both = papyrus("wallet", command, "--chain", "calibnet", "--api", "devnet")
    assert "--api and --chain each name a node" in both.stderr


@pytest.mark.parametrize("command", ["delete", "restore", "set-default", "export"])
@pytest.mark.usefixtures("folder")
def test_unknown_address_is_told(papyrus, command: str) -> None:
    result = papyrus("wallet", command, JUNK_ADDRESS)
    assert (result.exit_code, f"holds none for {JUNK_ADDRESS}" in result.stderr) == (1, True)


def test_damaged_key_fails_the_check(papyrus, folder: Path) -> None:
    address = papyrus("wallet", "new").stdout.strip()
    (folder / "keys" / f"{address}.json").write_bytes(b"{}")
    result = papyrus("wallet", "check")
    assert (result.exit_code, "is damaged" in result.stdout) == (1, True)
    result = papyrus("wallet", "check", "--json")
    found = json.loads(result.stdout)
    assert (result.exit_code, found["ok"], len(found["problems"])) == (1, False, 1)


@pytest.mark.usefixtures("folder")
def test_without_terminal_or_password_it_is_told_what_to_do(
    papyrus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PASSWORD_FILE)
    result = papyrus("wallet", "new", stdin=b"correct horse\n")
    assert (result.exit_code, PASSWORD_FILE in result.stderr) == (1, True)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="Windows has no such terminals")
def test_password_typed_on_a_terminal_is_not_shown(folder: Path) -> None:
    """The real command on a real terminal."""
    ours, theirs = pytest.importorskip("pty").openpty()
    environment = {name: value for name, value in os.environ.items() if name != PASSWORD_FILE}
    with subprocess.Popen(
        [sys.executable, "-c", "from papyrus.cli.main import main; main()", "wallet", "new"],
        stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, env=environment, text=True,
        start_new_session=True,
    ) as process:  # fmt: skip
        os.close(theirs)
        try:
            shown = read_until(ours, b"Password of the wallet: ")
            os.write(ours, f"{CORRECT}\n".encode())
            made, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    with suppress(OSError):  # there is nothing more to read
        shown += os.read(ours, 1024)
    os.close(ours)
    assert process.returncode == 0
    assert made.startswith("f1")
    assert CORRECT.encode() not in shown
    assert (folder / "keys" / f"{made.strip()}.json").exists()


def read_until(terminal: int, end: bytes) -> bytes:
    """Return what a terminal shows, once it ends so: what is typed before that is thrown away."""
    shown = b""
    while not shown.endswith(end):
        ready, _, _ = select.select([terminal], [], [], 60)
        if not ready:
            pytest.fail(f"nothing more is shown after {shown!r}")
        shown += os.read(terminal, 1024)
    return shown
