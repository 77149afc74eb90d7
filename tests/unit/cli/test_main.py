import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from papyrus.cli.main import COMMANDS, load_command

PAPYRUS = [sys.executable, "-c", "from papyrus.cli.main import main; main()"]


def run(*args: object, **options) -> subprocess.CompletedProcess:
    return subprocess.run([*PAPYRUS, *map(str, args)], capture_output=True, check=False, **options)


def leaves(command, *path: str):
    """Yield the words of each command, those of groups within groups too."""
    inner = getattr(command, "commands", {})
    if not inner:
        yield path
    for name, each in inner.items():
        yield from leaves(each, *path, name)


def test_help_lists_every_command(papyrus) -> None:
    result = papyrus("--help")
    assert result.exit_code == 0
    for name, (_, line) in COMMANDS.items():
        assert name in result.stdout
        assert line in result.stdout


def test_version_is_told(papyrus) -> None:
    assert papyrus("--version").stdout.startswith("papyrus 0.")


def test_wrong_usage_ends_with_2(papyrus) -> None:
    result = papyrus("crr")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Did you mean 'car'?" in result.stderr
    assert papyrus("car", "ls").exit_code == 2
    assert papyrus("car", "ls", "a", "--colour").exit_code == 2


@pytest.mark.parametrize("name", COMMANDS)
def test_command_loads_and_helps_with_examples(papyrus, name: str) -> None:
    for path in leaves(load_command(name), name):
        result = papyrus(*path, "--help")
        assert result.exit_code == 0
        assert f"papyrus {' '.join(path)}" in result.stdout.split("Examples:")[1]
        assert "--json" in result.stdout


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from papyrus.cli.main import main\n"
        "sys.argv = ['papyrus', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print([m for m in ('httpx', 'rich', 'wasmtime', 'zstandard') if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_script_is_shown(shell: str) -> None:
    environment = {**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    done = run("--show-completion", shell, env=environment)
    assert done.returncode == 0
    assert b"_PAPYRUS_COMPLETE" in done.stdout


def test_completion_knows_subcommands() -> None:
    environment = {
        **os.environ,
        "_PAPYRUS_COMPLETE": "complete_bash",
        "COMP_WORDS": "papyrus car ",
        "COMP_CWORD": "2",
    }
    done = run(env=environment, text=True)
    assert set(done.stdout.split()) >= {"info", "ls", "get", "tree", "verify", "extract"}


def test_broken_pipe_is_quiet(chain_file: Path) -> None:
    process = subprocess.Popen(
        [*PAPYRUS, "car", "ls", str(chain_file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.close()
    assert (process.stderr.read(), process.wait()) == (b"", 1)
    process.stderr.close()


def test_unreadable_file_is_one_sentence(tmp_path: Path) -> None:
    for path, reason in ((tmp_path, "is a folder"), (tmp_path / "absent", "there is no file")):
        done = run("car", "info", path, text=True)
        assert (done.returncode, done.stdout) == (1, "")
        assert reason in done.stderr
        assert "Traceback" not in done.stderr


def test_full_disk_is_one_sentence(chain_file: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with open("/dev/full", "wb") as full:  # noqa: PTH123 - a device
        done = subprocess.run(
            [*PAPYRUS, "car", "ls", str(chain_file)],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert done.stderr.startswith(b"papyrus: ")


def test_every_command_has_a_module() -> None:
    for target, _ in COMMANDS.values():
        module, _, attribute = target.partition(":")
        assert hasattr(importlib.import_module(module), attribute)
