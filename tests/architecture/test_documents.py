"""What the documents name must exist."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

LINK = re.compile(r"\]\(([^)\s]+)\)")
CODE_NAME = re.compile(r"`(papyrus(?:\.\w+)+)`")
MAKE = re.compile(r"\bmake ((?:[a-z][a-z-]*)(?: [a-z][a-z-]*)*)")


def names_in(body: list[ast.stmt], prefix: str = "") -> Iterator[str]:
    """Yield the dotted names that statements bind: functions, classes, their fields, constants."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield prefix + node.name
            if isinstance(node, ast.ClassDef):
                yield from names_in(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                yield from (prefix + t.id for t in ast.walk(target) if isinstance(t, ast.Name))
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            yield prefix + node.target.id
        elif isinstance(node, ast.If | ast.Try):
            yield from names_in(node.body, prefix)


def binds(path: Path, name: str) -> bool:
    return name in set(names_in(ast.parse(path.read_text(encoding="utf-8")).body))


def resolves(root: Path, dotted: str) -> bool:
    """Return whether `papyrus.a.b.C.d` is a module, or a name in the deepest module of it."""
    parts = dotted.split(".")
    for split in range(len(parts), 0, -1):
        base = root.joinpath("src", *parts[:split])
        rest = ".".join(parts[split:])
        for path in (base.with_suffix(".py"), base / "__init__.py"):
            if path.is_file():
                return not rest or binds(path, rest)
    return False


def documents(root: Path) -> list[Path]:
    return [*sorted(root.glob("*.md")), *sorted((root / "docs").rglob("*.md"))]


def broken(document: Path, link: str) -> bool:
    """Return whether a relative link leads nowhere: no file, no such symbol or line in it."""
    name, _, anchor = link.partition("#")
    target = document.parent / name if name else document
    if not target.exists():
        return True
    if not anchor or target.suffix != ".py":
        return False
    if line := re.fullmatch(r"L(\d+)(?:-L(\d+))?", anchor):
        return int(line[2] or line[1]) > len(target.read_text(encoding="utf-8").splitlines())
    return not binds(target, anchor)


def test_every_link_leads_somewhere(root: Path) -> None:
    dead = [
        f"{document.relative_to(root)}: {link}"
        for document in documents(root)
        for link in LINK.findall(document.read_text(encoding="utf-8"))
        if not link.startswith(("http://", "https://", "mailto:"))
        # The site makes the reference from the code; the hook in docs/ says how.
        and not link.startswith("reference/")
        and broken(document, link)
    ]
    assert dead == []


def test_every_name_of_the_code_exists(root: Path) -> None:
    unknown = [
        f"{document.relative_to(root)}: {name}"
        for document in documents(root)
        for name in CODE_NAME.findall(document.read_text(encoding="utf-8"))
        if not resolves(root, name)
    ]
    assert unknown == []


def test_reading_order_leads_through_every_package_of_the_spec_half(root: Path) -> None:
    links = LINK.findall((root / "docs" / "reading-order.md").read_text(encoding="utf-8"))
    packages = {link.split("/")[3] for link in links if link.startswith("../src/papyrus/")}
    assert packages >= {"primitives", "crypto", "ipld", "rules", "types", "vm", "consensus"}


def test_every_make_target_named_exists(root: Path) -> None:
    targets = set(
        re.findall(
            r"^([a-z][a-z-]*):", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
        )
    )
    named = {
        target
        for document in documents(root)
        for code in re.findall(
            r"`[^`\n]+`|```.*?```", document.read_text(encoding="utf-8"), re.DOTALL
        )
        for words in MAKE.findall(code)
        for target in words.split()
    }
    assert named <= targets


def test_every_decision_is_in_the_index_once(root: Path) -> None:
    folder = root / "docs" / "adr"
    records = [path.name for path in sorted(folder.glob("0*.md"))]
    assert (
        re.findall(r"\]\((0[^)]+\.md)\)", (folder / "index.md").read_text(encoding="utf-8"))
        == records
    )
    assert [int(name[:4]) for name in records] == list(range(1, len(records) + 1))


@pytest.mark.parametrize("heading", ["## Context", "## Decision", "## Consequence", "Status: "])
def test_every_decision_has_its_parts(root: Path, heading: str) -> None:
    records = sorted((root / "docs" / "adr").glob("0*.md"))
    assert [
        path.name for path in records if f"\n{heading}" not in path.read_text(encoding="utf-8")
    ] == []
