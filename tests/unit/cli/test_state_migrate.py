"""`papyrus state migrate` on small states, with actors of our own."""

import json

import pytest
from old_states import HEIGHT, build, code

from papyrus.actors.migrations import migrate
from papyrus.actors.registry import BUILTIN_NAMES
from papyrus.cli import state_migrate
from papyrus.ipld.blockstore import put_cbor
from papyrus.ipld.hamt import Hamt
from papyrus.rules.network import MigrationFacts
from papyrus.rules.networks import network_named
from papyrus.rules.schedule import upgrade
from papyrus.storage import bundle_manifests, bundles
from papyrus.storage.bundle_manifests import PinnedBundle
from papyrus.storage.car_files import open_car, save_car

VERSION = 25


@pytest.fixture(autouse=True)
def actors(monkeypatch, tmp_path, papyrus, car_bytes):
    """Make our own actors the official ones, and keep those of the upgrade."""
    monkeypatch.setenv("PAPYRUS_PATH", str(tmp_path / "home"))
    state = build(VERSION, sectors=0)
    rows = []
    for generation, version in (("old", 15), ("new", 16)):
        manifest = put_cbor(state.store, [1, state.manifest(generation)])
        rows.append(PinnedBundle(version, "mainnet", f"v{version}.0.0", manifest, False))
        blocks = [(manifest, state.store.get(manifest))]
        blocks.append((state.manifest(generation), state.store.get(state.manifest(generation))))
        blocks += [
            (code(name, generation), f"{generation} {name}".encode()) for name in BUILTIN_NAMES
        ]
        (tmp_path / f"actors-{generation}.car").write_bytes(car_bytes([manifest], blocks))
    for module in (bundle_manifests, bundles):
        monkeypatch.setattr(module, "PINNED_BUNDLES", tuple(rows))
    papyrus("bundle", "import", tmp_path / "actors-new.car")


@pytest.fixture
def old(tmp_path):
    """Return a state that says it is mainnet's, and its file."""
    state = build(VERSION, sectors=5)
    names = Hamt(state.store).flush()
    state.add(1, "init", put_cbor(state.store, [names, 3_000, "testnetnet"]))
    save_car(tmp_path / "old.car", [state.root], state.store.blocks.items())
    return state, tmp_path / "old.car"


def expected_root(state, height=4_878_840):
    row = upgrade(height, VERSION)
    return migrate(state.store, state.root, row, state.new_manifest, MigrationFacts())


def test_the_new_state_is_written_whole_and_told(papyrus, old, tmp_path):
    state, file = old
    output = tmp_path / "new.car.zst"
    result = papyrus("state", "migrate", file, "--to", VERSION, "--output", output, "--json")
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    root = expected_root(state)
    assert told["state_root"] == str(root)
    assert (told["network"], told["height"], told["verified"]) == ("mainnet", 4_878_840, True)
    assert told["actors"] == sum(told["actors_by_name"].values()) == len(state.actors)
    assert told["balance"] == str(sum(actor.balance for actor in state.actors.values()))
    assert told["states_rewritten"] == 6
    with open_car(output) as car:
        assert car.roots == (root,)
        assert len(dict(car.blocks())) == told["blocks"]
        assert car.has(state.new_manifest)
        assert not car.has(state.root)
    assert not (tmp_path / "new.car.zst.migrating").exists()


def test_a_person_reads_what_was_done(papyrus, old, tmp_path):
    state, file = old
    result = papyrus(
        "state", "migrate", file, "--to", VERSION, "-o", tmp_path / "n.car", "--no-verify"
    )
    lines = dict(line.split("  ", 1) for line in result.stdout.splitlines())
    assert lines["network"].strip() == "mainnet, to version 25 at height 4878840"
    assert lines["new state"].strip() == str(expected_root(state))
    assert lines["compared"].strip() == "not compared"


def test_an_interrupted_migration_goes_on(papyrus, old, tmp_path, monkeypatch):
    state, file = old
    output = tmp_path / "new.car"
    arguments = ("state", "migrate", file, "--to", VERSION, "--output", output, "--json")

    def interrupt(*_args, **_options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(state_migrate, "verify_migration", interrupt)
        assert papyrus(*arguments).exit_code != 0
    assert not output.exists()
    folder = tmp_path / "new.car.migrating"
    size = (folder / "blocks.car").stat().st_size
    result = papyrus(*arguments)
    assert result.exit_code == 0
    assert f"going on in {folder}: " in result.stderr
    assert json.loads(result.stdout)["state_root"] == str(expected_root(state))
    assert size > 1_000
    assert not folder.exists()


def test_a_wrong_state_is_not_written(papyrus, old, tmp_path, monkeypatch):
    _, file = old

    def migrate_wrongly(_store, root, *_args, **_options):
        return root

    monkeypatch.setattr(state_migrate, "run_migration", migrate_wrongly)
    output = tmp_path / "new.car"
    result = papyrus("state", "migrate", file, "--to", VERSION, "--output", output)
    assert result.exit_code == 1
    assert "its code is not that of" in result.stderr
    assert "was not written" in result.stderr
    assert not output.exists()


def test_actors_that_are_not_here_are_asked_for(papyrus, old, tmp_path, monkeypatch):
    monkeypatch.setenv("PAPYRUS_PATH", str(tmp_path / "nothing"))
    result = papyrus("state", "migrate", old[1], "--to", VERSION, "-o", tmp_path / "n.car")
    assert result.exit_code == 1
    assert "papyrus bundle fetch 16 --network mainnet" in result.stderr


def test_a_state_that_is_not_the_one_before_the_upgrade_is_refused(papyrus, old, tmp_path):
    _, file = old
    first, second = tmp_path / "first.car", tmp_path / "second.car"
    assert papyrus("state", "migrate", file, "--to", VERSION, "-o", first).exit_code == 0
    result = papyrus("state", "migrate", first, "--to", VERSION, "-o", second)
    assert result.exit_code == 1
    assert "has actors v16, and the upgrade to network version 25 follows on v15" in result.stderr


def test_a_state_without_a_known_name_needs_the_network(papyrus, tmp_path):
    state = build(VERSION, sectors=0)
    save_car(tmp_path / "old.car", [state.root], state.store.blocks.items())
    arguments = (
        "state",
        "migrate",
        tmp_path / "old.car",
        "--to",
        VERSION,
        "-o",
        tmp_path / "n.car",
    )
    result = papyrus(*arguments)
    assert result.exit_code == 1
    assert "does not say of which known network it is" in result.stderr
    assert papyrus(*arguments, "--network", "mainnet").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--to", 25, "--network", "moon"), "--network: known are mainnet"),
        (("--to", 20), "Input should be greater than or equal to 21"),
        (("--to", 25, "--height", HEIGHT), "mainnet migrates to network version 25 at 4878840"),
        (("--to", 26), "network version 26 migrates nothing"),
        (("--to", 25, "--network", "devnet"), "devnet has no upgrade to network version 25"),
        (("--to", 25, "--output", "new.zip"), "new.zip ends neither in .car nor in .car.zst"),
        ((), "Missing option '--to'"),
    ],
)
def test_wrong_usage_exits_with_two_and_says_what_is_right(papyrus, old, tmp_path, arguments, told):
    output = () if "--output" in arguments else ("--output", tmp_path / "n.car")
    result = papyrus("state", "migrate", old[1], *output, *arguments)
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.replace("\n", " ").split())


@pytest.mark.parametrize(
    ("network", "version", "height", "row"),
    [
        ("calibnet", 21, None, (1_013_134, False, "v12.0.0-rc.1")),
        ("calibnet", 21, 1_108_174, (1_108_174, True, None)),
        ("calibnet", 26, 2_558_014, (2_558_014, True, None)),
        ("mainnet", 28, None, (6_052_800, False, None)),
        ("devnet", 24, 30, (30, False, None)),
    ],
)
def test_the_height_chooses_the_row(network, version, height, row):
    found = state_migrate.chosen_upgrade(network_named(network), version, height)
    assert (found.height, found.keeps_version, found.release) == row


def test_a_missing_block_is_told(papyrus, old, tmp_path):
    state, _ = old
    del state.store.blocks[state.actors[1000].head]
    save_car(tmp_path / "less.car", [state.root], state.store.blocks.items())
    result = papyrus(
        "state", "migrate", tmp_path / "less.car", "--to", VERSION, "-o", tmp_path / "n.car"
    )
    assert result.exit_code == 1
    assert f"block {state.actors[1000].head} is missing from the store" in result.stderr
