"""A method of the interface, declared once as a typed function.

    @method("ChainGetTipSetByHeight", READ)
    async def chain_get_tipset_by_height(
        context: Context[ChainNode], epoch: ChainEpoch, key: TipsetKey = HEAD
    ) -> Tipset:
        \"\"\"Return the tipset at an epoch, or the last one before a null epoch.\"\"\"

is all there is: the name Lotus knows it by, who may call it, what it takes and gives, its
documentation and its body. The server reads parameters by their annotations, the OpenRPC document
is made of them, and a client that has the method as a class attribute calls it with the same types
(`client.chain_get_tipset_by_height(10)`), synchronous or not. A parameter with a default may be
absent; trailing ones often are.

`subscription` declares what answers with a channel: an async generator, whose items the client
gets one by one, or a function that returns one. What the function raises is the answer, and no
channel is opened.
"""

import inspect
import typing
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar, get_args, overload

from papyrus.rpc.json_codecs import codec_of, is_long
from papyrus.rpc.json_values import Codec
from papyrus.types.tipset import TipsetKey

P = ParamSpec("P")
R = TypeVar("R")
N_co = TypeVar("N_co", covariant=True)

NAMESPACE = "Filecoin."
"""What the names of Lotus' methods begin with on the wire."""

HEAD = TipsetKey(())
"""The key that means the head of the chain: what null, [] and an absent key are read as."""


class Permission(StrEnum):
    """What a token may allow; one does not include another."""

    READ = "read"
    WRITE = "write"
    SIGN = "sign"
    ADMIN = "admin"


READ, WRITE, SIGN, ADMIN = Permission


@dataclass(frozen=True, slots=True)
class Context(Generic[N_co]):
    """What a method's body has besides its parameters."""

    node: N_co
    """What the group's own protocol asks of the node."""
    version: int
    """Of the interface it was called through: 0 or 1."""
    permissions: frozenset[Permission]
    """Of the caller."""
    document: Callable[[], dict[str, Any]]
    """The OpenRPC document of this interface."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter as it stands in the declaration."""

    name: str
    codec: Codec
    is_required: bool
    default: Any


@dataclass(frozen=True, slots=True)
class Declaration:
    """What the server and the document need to know of a method."""

    name: str
    """On the wire, its namespace included."""
    permission: Permission
    versions: frozenset[int]
    aliases: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    result: Codec
    """Of the answer, or of each item of a subscription."""
    is_long: bool
    """Whether that may be of any length, and so is written beside the event loop."""
    handler: Callable[..., Any] = field(repr=False)
    summary: str
    description: str
    is_subscription: bool
    waits: bool
    """Whether it may take as long as its caller likes: no time limit of calls applies."""
    is_repeatable: bool
    """Whether asking twice is asking once, so that a client may try again."""

    @property
    def bare_name(self) -> str:
        """The name without its namespace, as permission errors have it."""
        return self.name.rpartition(".")[2]


class AsyncCaller(ABC):
    """A client whose methods are awaited."""

    @abstractmethod
    async def call(self, method: "Method[P, R]", *args: P.args, **kwargs: P.kwargs) -> R:
        """Return the answer of a method; raises RpcError where it is an error."""

    @abstractmethod
    def subscribe(
        self, method: "Subscription[P, R]", *args: P.args, **kwargs: P.kwargs
    ) -> AsyncIterator[R]:
        """Return the items of a subscription as they come."""


class SyncCaller(ABC):
    """A client whose methods return when the answer is there."""

    @abstractmethod
    def call(self, method: "Method[P, R]", *args: P.args, **kwargs: P.kwargs) -> R:
        """Return the answer of a method; raises RpcError where it is an error."""


@dataclass(frozen=True, slots=True)
class Method(Generic[P, R]):
    """A declared method; as an attribute of a client, the call of it."""

    declaration: Declaration
    handler: Callable[..., Awaitable[R]] = field(repr=False)

    @overload
    def __get__(self, caller: None, owner: type) -> "Method[P, R]": ...
    @overload
    def __get__(self, caller: AsyncCaller, owner: type) -> Callable[P, Awaitable[R]]: ...
    @overload
    def __get__(self, caller: SyncCaller, owner: type) -> Callable[P, R]: ...
    def __get__(self, caller: Any, owner: type) -> Any:
        """Return the call on a client, and the declaration on its class."""
        if caller is None:
            return self

        def bound(*args: P.args, **kwargs: P.kwargs) -> Any:
            return caller.call(self, *args, **kwargs)

        return bound


@dataclass(frozen=True, slots=True)
class Subscription(Generic[P, R]):
    """A declared subscription; as an attribute of an async client, its items."""

    declaration: Declaration
    handler: Callable[..., AsyncIterator[R]] = field(repr=False)

    @overload
    def __get__(self, caller: None, owner: type) -> "Subscription[P, R]": ...
    @overload
    def __get__(self, caller: AsyncCaller, owner: type) -> Callable[P, AsyncIterator[R]]: ...
    @overload
    def __get__(self, caller: SyncCaller, owner: type) -> Callable[P, typing.NoReturn]: ...
    def __get__(self, caller: Any, owner: type) -> Any:
        """Return the items on an async client, and the declaration on its class."""
        if caller is None:
            return self
        if not isinstance(caller, AsyncCaller):
            raise TypeError(f"{self.declaration.name} is a subscription: use the async client")

        def bound(*args: P.args, **kwargs: P.kwargs) -> AsyncIterator[R]:
            return caller.subscribe(self, *args, **kwargs)

        return bound


def method(
    name: str,
    permission: Permission,
    *,
    versions: tuple[int, ...] = (0, 1),
    aliases: tuple[str, ...] = (),
    waits: bool = False,
) -> Callable[[Callable[Concatenate[Context[Any], P], Awaitable[R]]], Method[P, R]]:
    """Return a decorator that declares a method; TypeError where an annotation has no JSON form.

    `versions` are the interfaces that have it, of 0 and 1; a name without a dot is Filecoin's.
    """

    def declare(handler: Callable[Concatenate[Context[Any], P], Awaitable[R]]) -> Method[P, R]:
        declared = _declaration(name, permission, versions, aliases, handler, waits=waits)
        return Method(declared, handler)

    return declare


def subscription(
    name: str,
    permission: Permission,
    *,
    versions: tuple[int, ...] = (0, 1),
) -> Callable[[Callable[Concatenate[Context[Any], P], AsyncIterator[R]]], Subscription[P, R]]:
    """Return a decorator that declares a subscription, whose handler gives async generators."""

    def declare(
        handler: Callable[Concatenate[Context[Any], P], AsyncIterator[R]],
    ) -> Subscription[P, R]:
        declared = _declaration(name, permission, versions, (), handler, waits=True)
        return Subscription(declared, handler)

    return declare


def _declaration(
    name: str,
    permission: Permission,
    versions: tuple[int, ...],
    aliases: tuple[str, ...],
    handler: Callable[..., Any],
    *,
    waits: bool,
) -> Declaration:
    hints = typing.get_type_hints(handler, include_extras=True)
    result = hints["return"]
    is_subscription = typing.get_origin(result) is AsyncIterator
    given = get_args(result)[0] if is_subscription else result
    summary, _, description = inspect.cleandoc(handler.__doc__ or "").partition("\n\n")
    _, *parameters = inspect.signature(handler).parameters.values()
    return Declaration(
        name=name if "." in name else NAMESPACE + name,
        permission=permission,
        versions=frozenset(versions),
        aliases=aliases,
        parameters=tuple(_parameter(parameter, hints) for parameter in parameters),
        result=codec_of(given),
        is_long=is_long(given),
        handler=handler,
        summary=" ".join(summary.split()),
        description=description,
        is_subscription=is_subscription,
        waits=waits,
        is_repeatable=permission is READ and not is_subscription,
    )


def _parameter(parameter: inspect.Parameter, hints: dict[str, Any]) -> Parameter:
    return Parameter(
        name=parameter.name.lstrip("_"),  # which says that the body has no use for it
        codec=codec_of(hints[parameter.name]),
        is_required=parameter.default is parameter.empty,
        default=None if parameter.default is parameter.empty else parameter.default,
    )
