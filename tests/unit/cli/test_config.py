import json
import tomllib
from pathlib import Path

import pytest

from papyrus.node.config_file import config_text
from papyrus.node.config_keys import KEYS


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PAPYRUS_PATH", str(tmp_path))
    for key in KEYS.values():
        monkeypatch.delenv(key.variable, raising=False)
    return tmp_path


def test_default_prints_the_file(papyrus) -> None:
    result = papyrus("config", "default")
    assert (result.exit_code, result.stdout.rstrip()) == (0, config_text().rstrip())
    found = json.loads(papyrus("config", "default", "--json").stdout)
    assert found.keys() == KEYS.keys()
    assert (found["api.max_request_size"], found["fees.max_fee"]) == (104_857_600, "0.07 FIL")


def test_path_is_in_the_folder_of_the_network(papyrus, home: Path) -> None:
    assert papyrus("config", "path").stdout == f"{home / 'mainnet' / 'config.toml'}\n"
    found = json.loads(papyrus("config", "path", "--chain", "devnet", "--json").stdout)
    assert found == {"file": str(home / "devnet" / "config.toml"), "file_exists": False}


def test_show_says_what_holds_and_why(papyrus, home: Path, monkeypatch) -> None:
    path = home / "calibnet" / "config.toml"
    path.parent.mkdir()
    path.write_text("[devnet]\nmnemonic = 'correct horse'\nminers = 2\n")
    monkeypatch.setenv("PAPYRUS_DEVNET_ACCOUNTS", "3")
    result = papyrus("config", "show", "--chain", "calibnet")
    rows = [line.split(maxsplit=1) for line in result.stdout.splitlines()[1:]]
    shown = {name: " ".join(rest.split()) for name, rest in rows}
    assert shown.keys() == KEYS.keys()
    assert shown["chain.network"] == '"calibnet" on the command line'
    assert shown["devnet.mnemonic"] == f"(hidden) {path}, line 2"
    assert shown["devnet.miners"] == f"2 {path}, line 3"
    assert shown["devnet.accounts"] == "3 $PAPYRUS_DEVNET_ACCOUNTS"
    assert shown["devnet.balance"] == '"10000 FIL" default'
    found = json.loads(papyrus("config", "show", "--chain", "calibnet", "--json").stdout)
    assert found["file_exists"] is True
    assert found["keys"]["devnet.miners"] == {"value": 2, "from": f"{path}, line 3"}
    assert found["keys"]["devnet.mnemonic"]["value"] == "(hidden)"


def test_devnet_has_defaults_of_its_own(papyrus, home: Path) -> None:
    path = home / "devnet" / "config.toml"
    path.parent.mkdir()
    path.write_text("[logging]\nlevel = 'debug'\n")

    def shown(*words: str) -> dict[str, dict[str, object]]:
        return dict(json.loads(papyrus("config", "show", "--json", *words).stdout)["keys"])

    found = shown("--chain", "devnet")
    assert found["chain.engine"] == {"value": "native", "from": "default of a devnet"}
    assert found["api.require_token"] == {"value": False, "from": "default of a devnet"}
    assert found["logging.level"] == {"value": "debug", "from": f"{path}, line 2"}
    assert shown()["api.require_token"] == {"value": True, "from": "default"}


def test_updated_keeps_what_the_file_sets_and_nothing_else(
    papyrus, tmp_path: Path, monkeypatch
) -> None:
    path = tmp_path / "old.toml"
    path.write_text("[api]\nmax_batch_length = 7\n[metrics]\nenabled = true\n")
    monkeypatch.setenv("PAPYRUS_API_MAX_CALLS", "9")
    text = papyrus("config", "updated", "--config", path).stdout
    assert {name: keys for name, keys in tomllib.loads(text).items() if keys} == {
        "api": {"max_batch_length": 7}
    }
    assert "  #enabled = true\n" in text


def test_what_is_wrong_is_one_sentence_and_exit_code_1(papyrus, tmp_path: Path) -> None:
    path = tmp_path / "node.toml"
    path.write_text("[api]\nlisten = 'x'\n")
    for command in ("show", "updated", "path"):
        result = papyrus("config", command, "--config", path)
        assert (result.exit_code, result.stdout) == (1, "")
        assert result.stderr == (
            f"papyrus: {path}, line 2: there is no key 'listen' in api; "
            "did you mean 'listen_address'?\n"
        )
    assert papyrus("config", "show", "--chain", "moon").stderr.startswith(
        "papyrus: on the command line: chain.network = 'moon': unknown network 'moon'"
    )
