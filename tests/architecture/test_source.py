"""Rules of the source that no linter in use knows."""

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

MOST_LINES = 600

FLOATS_ALLOWED: Mapping[str, str] = {}
"""Modules of the spec half that may use floating point, each with the reason."""

CATCH_ALL_ALLOWED: Mapping[str, str] = {
    "src/papyrus/node/lifecycle.py": "what keeps one part from stopping must not keep the others",
    "src/papyrus/node/worker_process.py": "whatever a call raises crosses to its caller as a fault",
    "src/papyrus/rpc/channels.py": "one subscription's end must not end a client's others",
    "src/papyrus/rpc/dispatch.py": "one client's call must not end the server; it is logged",
    "src/papyrus/vm/deep_stack.py": "whatever ends a thread is raised again where it was started",
    "src/papyrus/vm/wasm/engine.py": "nothing may cross Wasm frames; it is raised behind them",
}
"""Modules that may catch every exception, each with the reason."""

FORBIDDEN_IN_SPEC_HALF = {"breakpoint", "compile", "eval", "exec", "input", "open", "print"}

VERSION_NAMES = {"network_version", "nv"}


def where(path: str, node: ast.AST) -> str:
    return f"{path}:{getattr(node, 'lineno', 1)}"


def walk(modules: Mapping[str, ast.Module]) -> Iterator[tuple[str, ast.AST]]:
    for path, tree in modules.items():
        for node in ast.walk(tree):
            yield path, node


def called_name(node: ast.AST) -> str | None:
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id
    return None


def last_name(node: ast.AST) -> str | None:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else None


def public_definitions(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield the module, and each class, function and method that users may name."""
    yield tree
    bodies = [tree.body]
    while bodies:
        for node in bodies.pop():
            if isinstance(node, ast.If | ast.Try):
                bodies.append(node.body)
            if not isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            decorators = {last_name(decorator) for decorator in node.decorator_list}
            if node.name.startswith("_") or decorators & {"overload", "setter"}:
                continue
            yield node
            if isinstance(node, ast.ClassDef):
                bodies.append(node.body)


def test_module_is_short_enough_to_read(root: Path, modules: Mapping[str, ast.Module]) -> None:
    lengths = {
        path: len((root / path).read_text(encoding="utf-8").splitlines()) for path in modules
    }
    assert {path: lines for path, lines in lengths.items() if lines > MOST_LINES} == {}


def test_nothing_is_asserted(modules: Mapping[str, ast.Module]) -> None:
    """`python -O` would remove the check."""
    assert [where(path, node) for path, node in walk(modules) if isinstance(node, ast.Assert)] == []


def test_no_except_keeps_what_it_does_not_know(modules: Mapping[str, ast.Module]) -> None:
    """Cleaning up and raising the same again is no keeping."""
    caught = [
        where(path, node)
        for path, node in walk(modules)
        if path not in CATCH_ALL_ALLOWED
        and isinstance(node, ast.ExceptHandler)
        and (node.type is None or last_name(node.type) in {"Exception", "BaseException"})
        and not (isinstance(node.body[-1], ast.Raise) and node.body[-1].exc is None)
    ]
    assert caught == []


def test_nothing_prints(modules: Mapping[str, ast.Module]) -> None:
    assert [where(path, node) for path, node in walk(modules) if called_name(node) == "print"] == []


def test_public_names_have_docstrings(modules: Mapping[str, ast.Module]) -> None:
    silent = [
        f"{where(path, node)} {getattr(node, 'name', 'module')}"
        for path, tree in modules.items()
        for node in public_definitions(tree)
        if not ast.get_docstring(node)  # type: ignore[arg-type]  # of the kinds that have one
    ]
    assert silent == []


def test_network_versions_are_compared_in_rules_alone(modules: Mapping[str, ast.Module]) -> None:
    """Elsewhere, behaviour is a flag of the rules that is named for the behaviour."""
    compared = [
        where(path, node)
        for path, node in walk(modules)
        if not path.startswith("src/papyrus/rules/")
        and (
            (
                isinstance(node, ast.Compare)
                and VERSION_NAMES & {last_name(part) for part in (node.left, *node.comparators)}
            )
            or (isinstance(node, ast.Match) and last_name(node.subject) in VERSION_NAMES)
        )
    ]
    assert compared == []


def test_spec_half_uses_no_floating_point(spec_half: Mapping[str, ast.Module]) -> None:
    floats = [
        where(path, node)
        for path, node in walk(spec_half)
        if path not in FLOATS_ALLOWED
        and (
            (isinstance(node, ast.Constant) and isinstance(node.value, float | complex))
            or (isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div))
            or called_name(node) == "float"
        )
    ]
    assert floats == []


def test_spec_half_calls_nothing_that_reaches_outside(
    spec_half: Mapping[str, ast.Module],
) -> None:
    calls = [
        f"{where(path, node)} {called_name(node)}"
        for path, node in walk(spec_half)
        if called_name(node) in FORBIDDEN_IN_SPEC_HALF
    ]
    assert calls == []


def test_suppressions_name_their_code_and_reason(
    root: Path, modules: Mapping[str, ast.Module]
) -> None:
    suppression = re.compile(r"#\s*(?:noqa|type:\s*ignore)\b")
    reasoned = re.compile(
        r"#\s*(?:noqa: [A-Z]+\d+(?:, ?[A-Z]+\d+)*|type: ignore\[[a-z, -]+\])\s*(?:-|#)\s*\w"
    )
    bare = [
        f"{path}:{number}"
        for path in modules
        for number, line in enumerate((root / path).read_text(encoding="utf-8").splitlines(), 1)
        if suppression.search(line) and not reasoned.search(line)
    ]
    assert bare == []


def test_every_package_holds_code(modules: Mapping[str, ast.Module]) -> None:
    files: dict[str, set[str]] = {}
    for path in modules:
        folder, _, name = path.rpartition("/")
        files.setdefault(folder, set()).add(name)
    holding = {folder for folder, names in files.items() if names > {"__init__.py"}}
    idle = [
        folder
        for folder in files
        if not any(f"{held}/".startswith(f"{folder}/") for held in holding)
    ]
    assert idle == []
