"""`papyrus genesis`, from an empty template to a chain file and back."""

import json
import tomllib

import pytest

from papyrus.cli import genesis_build
from papyrus.conformance.environment import Environment
from papyrus.genesis.template_text import read_template
from papyrus.storage.bundles import BundleStore

F1 = "f1abjxfbp274xpdqcpuaykwkfb43omjotacm2p3za"


@pytest.fixture
def template(papyrus, tmp_path):
    """Return a template of one miner with two sectors, made from a seed."""
    path = tmp_path / "net.toml"
    for arguments in (
        ("new", path, "--name", "net", "--timestamp", "1700000000", "--seed", "a"),
        ("add-miner", path, "--sectors", "2", "--seed", "a"),
    ):
        result = papyrus("genesis", *arguments)
        assert result.exit_code == 0, result.stderr
    return path


@pytest.mark.bundle("v18/devnet")
def test_template_grows_from_nothing_to_a_genesis(papyrus, template, tmp_path):
    account = papyrus("genesis", "add-account", template, "--balance", "5 FIL", "--address", F1)
    assert account.stdout == f"{F1} has 5 FIL\n"
    file = tmp_path / "genesis.car.zst"
    built = papyrus("genesis", "build", template, file)
    assert built.exit_code == 0
    assert "miners      1 with 2 sectors, 2 of them simulated\n" in built.stdout
    assert "2 sectors are simulated: no proof of them can be made\n" in built.stderr

    seen = papyrus("genesis", "inspect", file)
    assert seen.exit_code == 0
    assert "actors       v18 of devnet, with their code\n" in seen.stdout
    assert "total        2000000000 FIL\n" in seen.stdout
    assert f"f0101    5 FIL                            {F1}\n" in seen.stdout

    again = tmp_path / "again.toml"
    assert papyrus("genesis", "new", again, "--like", file).exit_code == 0
    twin = tmp_path / "twin.car.zst"
    rebuilt = papyrus("genesis", "build", again, twin)
    assert rebuilt.exit_code == 0
    assert "the clients' signatures of deals were taken on trust" in rebuilt.stderr
    assert twin.read_bytes() == file.read_bytes()


@pytest.mark.bundle("v18/devnet")
def test_json_says_the_same(papyrus, template, tmp_path):
    file = tmp_path / "genesis.car"
    built = json.loads(papyrus("genesis", "build", template, file, "--json").stdout)
    assert built["actors"] == "v18/devnet"
    assert (built["sectors"], built["simulated_sectors"]) == (2, 2)
    assert (built["code_included"], built["deals_trusted"]) == (True, False)

    seen = json.loads(papyrus("genesis", "inspect", file, "--json").stdout)
    assert seen["cid"] == built["genesis"]
    assert seen["state_root"] == built["state_root"]
    assert seen["total"] == str(2 * 10**27)
    assert [miner["actor_id"] for miner in seen["miners"]] == [1000]

    recovered = papyrus("genesis", "inspect", file, "--template").stdout
    as_json = json.loads(papyrus("genesis", "inspect", file, "--template", "--json").stdout)
    assert recovered == as_json["template"]
    assert read_template(recovered).trusts_deals


def test_templates_differ_unless_the_seed_is_the_same(papyrus, template, tmp_path):
    other = tmp_path / "other.toml"
    papyrus("genesis", "new", other, "--name", "net", "--timestamp", "1700000000")
    unlike, like = (tomllib.loads(path.read_text()) for path in (other, template))
    assert unlike["ticket"] != like["ticket"]
    assert unlike["root"] != like["root"]
    same = tmp_path / "same.toml"
    papyrus("genesis", "new", same, "--name", "net", "--timestamp", "1700000000", "--seed", "a")
    papyrus("genesis", "add-miner", same, "--sectors", "2", "--seed", "a")
    assert same.read_bytes() == template.read_bytes()


def test_template_with_secrets_is_the_owners_alone(template):
    assert template.stat().st_mode & 0o077 == 0


def test_accounts_of_every_kind_are_added(papyrus, template):
    key = papyrus(
        "genesis",
        "add-account",
        template,
        "--balance",
        "1",
        "--key",
        "bls",
        "--seed",
        "b",
        "--json",
    )
    address = json.loads(key.stdout)["address"]
    shared = ("--signer", F1, "--signer", address, "--threshold", "2", "--vesting-duration", "9")
    multisig = papyrus("genesis", "add-account", template, "--balance", "2", *shared)
    assert multisig.stdout == "a multisig has 2 FIL\n"
    read = read_template(template.read_text())
    assert str(read.accounts[1].address) == str(read.keys[-1].address) == address
    assert (read.accounts[2].threshold, read.accounts[2].vesting_duration) == (2, 9)


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("new", "net.toml"), 1, "net.toml exists: remove it first"),
        (("new", "a.toml", "--network", "no"), 1, "unknown network 'no'"),
        (("new", "a.toml", "--network-version", "26"), 2, "greater than or equal to 27"),
        (("add-account", "net.toml", "--balance", "1"), 2, "--address, --key and --signer"),
        (("add-account", "net.toml", "--balance", "x", "--address", F1), 2, "--balance: "),
        (("add-account", "net.toml", "--balance", "-1", "--address", F1), 2, "less than nothing"),
        (("add-account", "net.toml", "--balance", "1", "--address", "f1x"), 2, "is no address"),
        (("add-account", "net.toml", "--balance", "1", "--address", "f07"), 1, "no key address"),
        (("add-account", "net.toml", "--balance", "1", "--key", "rsa"), 2, "neither secp256k1"),
        (("add-miner", "net.toml"), 2, "--sectors and --presealed"),
        (("add-miner", "net.toml", "--sectors", "1", "--size", "32GiB"), 1, "has no sectors of 32"),
        (("add-miner", "net.toml", "--presealed", "none.json"), 1, "none.json"),
        (("add-miner", "net.toml", "--presealed", "net.toml"), 1, "no manifest of lotus-seed"),
        (("build", "none.toml", "a.car"), 1, "none.toml"),
        (("build", "net.toml", "a.car", "--engine", "java"), 2, "is no engine"),
        (("inspect", "net.toml"), 1, "is not a CAR file"),
    ],
)
def test_what_cannot_be_done_is_said(
    papyrus, template, tmp_path, monkeypatch, arguments, code, reason
):
    monkeypatch.chdir(tmp_path)
    before = template.read_bytes()
    result = papyrus("genesis", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert reason in result.stderr
    assert template.read_bytes() == before
    assert {path.name for path in tmp_path.iterdir()} == {"net.toml"}


@pytest.fixture
def no_bundles(tmp_path, monkeypatch):
    """Let no actors' code be kept here."""
    bare = Environment.open(BundleStore(tmp_path / "none"))
    monkeypatch.setattr(genesis_build, "shared_environment", lambda: bare)


@pytest.mark.usefixtures("no_bundles")
def test_genesis_without_the_actors_code_says_so(papyrus, template, tmp_path):
    file = tmp_path / "genesis.car"
    built = papyrus("genesis", "build", template, file)
    assert built.exit_code == 0
    assert "without the actors' code\n" in built.stdout
    assert "`papyrus bundle fetch 18 --network devnet` brings it\n" in built.stderr
    seen = papyrus("genesis", "inspect", file)
    assert "actors       v18 of devnet, 16 without their code here\n" in seen.stdout


@pytest.mark.usefixtures("no_bundles")
def test_build_as_wasm_without_the_code_says_how_to_get_it(papyrus, template, tmp_path):
    result = papyrus("genesis", "build", template, tmp_path / "a.car", "--engine", "wasm")
    assert result.exit_code == 1
    assert "`papyrus bundle fetch 18 --network devnet`" in result.stderr
    assert not (tmp_path / "a.car").exists()
