"""`papyrus conformance run` and `papyrus replay`, as a user runs them."""

import json
from pathlib import Path

import pytest


def test_no_vectors_are_wrong_usage(papyrus, tmp_path: Path):
    result = papyrus("conformance", "run", tmp_path)
    assert result.exit_code == 2
    assert "no file ending in .json is there" in result.output


def test_a_bad_filter_is_wrong_usage(papyrus, tmp_path: Path):
    result = papyrus("conformance", "run", tmp_path, "--filter", "(")
    assert result.exit_code == 2
    assert "--filter" in result.output


def test_a_file_that_is_no_vector_is_told(papyrus, tmp_path: Path):
    (tmp_path / "broken.json").write_text("{")
    result = papyrus("conformance", "run", tmp_path, "--json")
    assert result.exit_code == 1
    run = json.loads(result.stdout)
    assert set(run) == {
        "total",
        "passed",
        "failed",
        "skipped",
        "verifier",
        "engine",
        "gas",
        "cases",
    }
    assert (run["total"], run["failed"]) == (1, 1)
    assert run["cases"][0]["id"] == "broken"
    assert run["cases"][0]["reason"].startswith("not a vector: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--network", "moonnet"), "known are mainnet"),
        (("--upgrade", "28"), "is not NV@HEIGHT"),
        (("--upgrade", "x@1"), "is not NV@HEIGHT"),
        (("--jobs", "0"), "--jobs"),
        (("--from", "-1"), "--from"),
    ],
)
def test_wrong_options_of_replay_are_wrong_usage(papyrus, tmp_path: Path, arguments, message):
    (tmp_path / "chain.car").write_bytes(b"")
    result = papyrus("replay", tmp_path / "chain.car", *arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.output.replace("\u2502", " ").split())


def test_a_chain_that_is_no_chain_is_told_in_one_sentence(papyrus, tmp_path: Path):
    path = tmp_path / "chain.car"
    path.write_bytes(b"nothing")
    result = papyrus("replay", path, "--network", "calibnet")
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith(f"papyrus: {path} is not a CAR file")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("command", [("replay",), ("conformance", "run")])
def test_a_file_that_is_not_there_is_told_in_one_sentence(papyrus, tmp_path: Path, command):
    result = papyrus(*command, tmp_path / "none")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"papyrus: there is no file {tmp_path / 'none'}\n"


@pytest.mark.bundle("v18/testing-fake-proofs")
def test_a_chain_is_replayed_between_heights(papyrus, shared: Path):
    path = shared / "chains" / "multisig" / "chain.car.zst"
    result = papyrus("replay", path, "--from", 1, "--to", 3, "--trace")
    assert result.exit_code == 0
    assert result.stdout.endswith(
        "proofs: accept-all (no proof is checked)\n3 tipsets: 3 exact, 0 differ, 0 skipped\n"
    )
    assert "storageminer" in result.stdout
    result = papyrus("replay", path, "--from", 30, "--to", 31, "--upgrade", "nv18@-1", "--json")
    assert result.exit_code == 1
    assert [case["id"] for case in json.loads(result.stdout)["cases"]] == ["31"]
    assert papyrus("replay", path, "--from", 99).exit_code == 1


@pytest.mark.bundle("v10/mainnet")
def test_vectors_are_run_by_folder(papyrus, shared: Path):
    folder = shared / "vectors" / "nv18" / "fil_10_multisig"
    result = papyrus("conformance", "run", folder)
    assert result.exit_code == 0
    assert "multisig" in result.stdout
    assert "exact, 0 differ, 0 skipped\n" in result.stdout


@pytest.mark.parametrize("command", [("conformance", "run"), ("replay",)])
def test_help_shows_examples(papyrus, command):
    result = papyrus(*command, "--help")
    assert result.exit_code == 0
    assert "Examples:" in result.output
