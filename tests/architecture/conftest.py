"""What the architecture tests look at: every module of Papyrus, parsed once."""

import ast
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
SPEC_HALF = (
    "primitives", "crypto", "ipld", "rules", "types", "proofs", "vm", "actors",
    "consensus", "genesis",
)  # fmt: skip


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the root of the checkout."""
    return ROOT


@pytest.fixture(scope="session")
def modules() -> Mapping[str, ast.Module]:
    """Return the syntax tree of every module under src, by its path from the root."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted((ROOT / "src").rglob("*.py"))
    }


@pytest.fixture(scope="session")
def spec_half(modules: Mapping[str, ast.Module]) -> Mapping[str, ast.Module]:
    """Return the modules of the spec half alone."""
    return {path: tree for path, tree in modules.items() if path.split("/")[2] in SPEC_HALF}
