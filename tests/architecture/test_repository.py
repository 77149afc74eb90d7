"""What tracked files may not hold, whatever their kind."""

import re
import subprocess
from pathlib import Path

import pytest

GENERATED = {"uv.lock"}

# Each holds a class of one letter, so that this file does not find itself.
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:[w]ork|[r]oot|[h]ome|[U]sers)/\w")
UNFINISHED = re.compile(
    r"\bT[O]DO\b|\bF[I]XME\b|\bX[X]X\b|\bH[A]CK\b|NotI[m]plementedError|p[r]agma: no cover"
    r"|\bfor [n]ow\b|not (?:yet )?i[m]plemented|in a r[e]al (?:node|implementation|system)"
)


@pytest.fixture(scope="module")
def tracked(root: Path) -> dict[str, str]:
    """Return the text of every tracked file, by path."""
    listing = subprocess.run(
        ["git", "ls-files", "-z"], cwd=root, capture_output=True, text=True, check=False
    )
    if listing.returncode:
        pytest.skip("not a git checkout: nothing says which files are tracked")
    texts = {}
    for name in listing.stdout.split("\0"):
        path = root / name
        if name and name not in GENERATED and path.is_file():
            texts[name] = path.read_bytes().decode(errors="replace")
    return texts


def lines_with(pattern: re.Pattern[str], texts: dict[str, str]) -> list[str]:
    return [
        f"{name}:{number}: {line.strip()}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def test_no_file_names_a_path_of_one_machine(tracked: dict[str, str]) -> None:
    assert lines_with(MACHINE_PATHS, tracked) == []


def test_no_code_speaks_of_unfinished_work(tracked: dict[str, str]) -> None:
    code = {name: text for name, text in tracked.items() if name.endswith((".py", ".sh"))}
    assert lines_with(UNFINISHED, code) == []


def test_no_file_is_large(root: Path, tracked: dict[str, str]) -> None:
    """Vectors, chains, bundles and compiled code are never in the repository."""
    large = {name: (root / name).stat().st_size for name in tracked}
    assert {name: size for name, size in large.items() if size > 256 * 1024} == {}


def test_lock_file_names_public_packages_alone(root: Path) -> None:
    hosts = set(re.findall(r"https?://([^/\"]+)", (root / "uv.lock").read_text(encoding="utf-8")))
    assert hosts == {"pypi.org", "files.pythonhosted.org"}
