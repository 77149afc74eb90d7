"""Which exit codes the source of the Python actors can produce, method by method.

From a method every function is followed that its code names: through the globals of its module,
through the class of `self` or of an annotated parameter, and by name alone where an attribute of
some other object is read, among the classes that the actor's package and the shared modules have.
Every place on the way that makes an abort is a site, with its exit code. This takes too much (a
name may mean another class, and a check may never fail after another one); what a called actor
fails with, and is passed on, it does not take.
"""

import ast
import importlib
import inspect
import pkgutil
import textwrap
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import papyrus.actors
from papyrus.actors.dispatch import FIRST_EXPORTED_METHOD, Method
from papyrus.actors.registry import ACTORS
from papyrus.primitives.errors import ActorError
from papyrus.primitives.exit_codes import ExitCode
from papyrus.vm import aborts, actor_store, circumstances, payloads, runtime

Function = Callable[..., Any]

CODES = {
    aborts.illegal_argument: ExitCode.USR_ILLEGAL_ARGUMENT,
    aborts.not_found: ExitCode.USR_NOT_FOUND,
    aborts.forbidden: ExitCode.USR_FORBIDDEN,
    aborts.insufficient_funds: ExitCode.USR_INSUFFICIENT_FUNDS,
    aborts.illegal_state: ExitCode.USR_ILLEGAL_STATE,
    aborts.serialization: ExitCode.USR_SERIALIZATION,
    aborts.unhandled_message: ExitCode.USR_UNHANDLED_MESSAGE,
    aborts.unspecified: ExitCode.USR_UNSPECIFIED,
    aborts.assertion_failed: ExitCode.USR_ASSERTION_FAILED,
    aborts.read_only: ExitCode.USR_READ_ONLY,
}
"""The exit code that each maker of aborts stands for."""

_FACES = (runtime, circumstances, actor_store, payloads)
"""The modules of the machine's face to actors."""
_LEFT_OUT = (".invariants", ".inspection", ".migrations", ".differences", ".engine", "_invariants")
_FOLLOWED = ("papyrus.actors", *(module.__name__ for module in _FACES), aborts.__name__)
_COMMON = "papyrus.actors.common."
_TOP_DEPTH = 2
"""How many dots there are in the name of a module that lies beside the actors."""
_MAKING = ("__init__", "__post_init__", "__enter__", "__exit__", "__new__")
_ANY_CALLER = "accept_any_caller"
"""What refuses nobody, though it goes the same way as what does."""


@dataclass(frozen=True, order=True)
class Site:
    """A function that makes an abort."""

    code: int
    function: str
    """Its module below `papyrus` and its name."""


def all_sites() -> dict[str, dict[str, frozenset[Site]]]:
    """Return the sites of all methods of all actors, by the actor's and the method's name."""
    return {
        actor: {each.name: sites_of(each) for each in code.table.values()}
        for actor, code in ACTORS.items()
    }


def sites_of(method: Method) -> frozenset[Site]:
    """Return every site that a method may come to."""
    package = _package(method.function)
    found: set[Site] = set(_dispatch_sites(method))
    seen: set[Function] = set()
    waiting: list[Function] = [method.function]
    while waiting:
        function = waiting.pop()
        if function in seen or not function.__module__.startswith(_FOLLOWED):
            continue
        seen.add(function)
        found.update(_sites_in(function))
        waiting += _named(function, package)
    return frozenset(found)


def _dispatch_sites(method: Method) -> Iterator[Site]:
    """Yield what comes of dispatch itself, before the method runs."""
    where = "actors.dispatch"
    if any(number < FIRST_EXPORTED_METHOD for number in method.numbers):
        yield Site(ExitCode.USR_FORBIDDEN, f"{where}.restrict_internal_methods")
    if method.params is types.NoneType:
        yield Site(ExitCode.USR_ILLEGAL_ARGUMENT, f"{where}.no_parameters_wanted")
    elif "Block" not in str(method.params):
        if method.takes_nothing_as is None:
            yield Site(ExitCode.USR_ILLEGAL_ARGUMENT, f"{where}.parameters_wanted")
        yield Site(ExitCode.USR_SERIALIZATION, f"{where}.parameters_decode")


@cache
def _sites_in(function: Function) -> frozenset[Site]:
    """Return the aborts that a function itself makes."""
    module = function.__module__.removeprefix("papyrus.")
    label = f"{module}.{function.__qualname__}"
    found = set()
    for node in ast.walk(_tree(function)):
        value = _global(function, node)
        if _is_one_of(value, CODES):
            found.add(Site(int(CODES[value]), label))
        elif value is ActorError and isinstance(node, ast.Name):
            found.update(Site(code, label) for code in _codes_given(function))
    return frozenset(found)


def _codes_given(function: Function) -> Iterator[int]:
    """Yield the exit codes in errors that a function makes by hand."""
    for node in ast.walk(_tree(function)):
        if isinstance(node, ast.Call) and _global(function, node.func) is ActorError and node.args:
            code = _global(function, node.args[0])
            if isinstance(code, int):
                yield int(code)


@cache
def _named(function: Function, package: str) -> tuple[Function, ...]:
    """Return the functions that a function of an actor's package may call."""
    tree = _tree(function)
    owner = _owner(function)
    kinds = {**_kinds_of_locals(function), **_kinds_of_parameters(function)}
    found: list[Function] = []
    for node in ast.walk(tree):
        value = _global(function, node)
        if isinstance(value, types.FunctionType):
            if not _is_one_of(value, CODES):
                found.append(value)
        elif isinstance(value, type):
            found += (each for name in _MAKING for each in _functions(value.__dict__.get(name)))
        elif isinstance(node, ast.Attribute) and value is None and node.attr != _ANY_CALLER:
            found += _of_attribute(node, function, package, owner, kinds)
    return tuple(found)


def _of_attribute(
    node: ast.Attribute,
    function: Function,
    package: str,
    owner: type | None,
    kinds: dict[str, type],
) -> Iterator[Function]:
    """Yield the functions that an attribute may stand for."""
    base = node.value
    kind: type | None = None
    if isinstance(base, ast.Name):
        kind = owner if base.id in ("self", "cls") else kinds.get(base.id)
        found = _global(function, base)
        if isinstance(found, type) or type(found).__module__.startswith("papyrus."):
            kind = found if isinstance(found, type) else type(found)
    elif isinstance(base, ast.Attribute) and base.attr == "store":
        kind = actor_store.ActorStore
    if kind is not None:
        for each in kind.__mro__:
            yield from _functions(each.__dict__.get(node.attr))
    elif not node.attr.startswith("_"):
        yield from _methods_called(node.attr, _reach(package, function.__module__))


def _global(function: Function, node: ast.AST) -> Any:
    """Return what an expression stands for that names a global or something in a module."""
    if isinstance(node, ast.Name):
        return function.__globals__.get(node.id)
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        held = function.__globals__.get(node.value.id)
        if isinstance(held, types.ModuleType) or held is ExitCode:
            return getattr(held, node.attr, None)
    return None


def _is_one_of(value: Any, table: dict[Any, Any]) -> bool:
    return isinstance(value, types.FunctionType) and value in table


@cache
def _tree(function: Function) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(function)))


def _package(function: Function) -> str:
    return ".".join(function.__module__.split(".")[:3])


@cache
def _owner(function: Function) -> type | None:
    """Return the class that a function is a method of."""
    name = function.__qualname__.partition(".")[0]
    found = function.__globals__.get(name)
    return found if isinstance(found, type) and "." in function.__qualname__ else None


def _kinds_of_parameters(function: Function) -> dict[str, type]:
    """Return the classes that the annotations of parameters name."""
    found = {}
    for name, annotation in function.__annotations__.items():
        kind = annotation
        if isinstance(annotation, str):
            kind = function.__globals__.get(annotation)
        if isinstance(kind, type) and kind.__module__.startswith("papyrus."):
            found[name] = kind
    return found


def _kinds_of_locals(function: Function) -> dict[str, type]:
    """Return the classes of names that get a new instance, a loaded state or a known answer."""
    found = {}
    for node in ast.walk(_tree(function)):
        if not (isinstance(node, ast.Assign) and isinstance(node.value, ast.Call)):
            continue
        called = node.value.func
        kind = _global(function, called)
        if isinstance(called, ast.Attribute) and called.attr == "load" and node.value.args:
            kind = _global(function, node.value.args[0])
        elif isinstance(kind, types.FunctionType):
            kind = _kinds_of_parameters(kind).get("return")
        for target in node.targets:
            if isinstance(target, ast.Name) and isinstance(kind, type):
                found[target.id] = kind
    return found


@cache
def _modules() -> tuple[types.ModuleType, ...]:
    """Return every module of the actors, and the machine's face to them."""
    found = [
        importlib.import_module(each.name)
        for each in pkgutil.walk_packages(papyrus.actors.__path__, "papyrus.actors.")
        if not any(part in each.name for part in _LEFT_OUT)
    ]
    return (*found, *_FACES)


def _is_shared(module: str) -> bool:
    """Return whether all actors share a module."""
    return module.startswith(_COMMON) or module.count(".") == _TOP_DEPTH


@cache
def _reach(package: str, module: str) -> frozenset[str]:
    """Return the modules whose classes an attribute of unknown kind may belong to."""
    names = [each.__name__ for each in _modules() if each not in _FACES]
    shared = {each for each in names if _is_shared(each)}
    if _is_shared(module):
        return frozenset(shared)
    imported = {
        getattr(value, "__module__", None) or getattr(value, "__name__", "")
        for value in vars(importlib.import_module(module)).values()
    }
    packages = tuple(each + "." for each in (package, ".".join(module.split(".")[:3])))
    near = {each for each in names if each in imported or each.startswith(packages)}
    return frozenset(shared | near)


@cache
def _methods_by_name() -> dict[str, list[tuple[str, Function]]]:
    """Return the methods of all classes, by name, each with its module."""
    found: dict[str, list[tuple[str, Function]]] = {}
    for module in _modules():
        for kind in vars(module).values():
            if inspect.isclass(kind) and kind.__module__ == module.__name__:
                for name, member in vars(kind).items():
                    for function in _functions(member):
                        found.setdefault(name, []).append((module.__name__, function))
    return found


def _functions(member: Any) -> Iterator[Function]:
    """Yield the function in a member of a class, whose source can be read."""
    if isinstance(member, classmethod | staticmethod):
        member = member.__func__
    elif isinstance(member, property):
        member = member.fget
    elif hasattr(member, "func"):
        member = member.func
    if isinstance(member, types.FunctionType) and member.__code__.co_filename.endswith(".py"):
        yield member


@cache
def _methods_called(name: str, reach: frozenset[str]) -> tuple[Function, ...]:
    return tuple(each for module, each in _methods_by_name().get(name, ()) if module in reach)
