"""The client that returns when the answer is there."""

import itertools
import time
from types import TracebackType
from typing import Self

import httpx

from papyrus.rpc.api_info import ApiInfo, parse_api_info
from papyrus.rpc.client import wire
from papyrus.rpc.declarations import Method, P, R, SyncCaller


class SyncConnection(SyncCaller):
    """A node, asked over HTTP; a context manager, to be closed after use."""

    def __init__(
        self, where: ApiInfo | str, *, version: int = 1, seconds: float = wire.SECONDS
    ) -> None:
        """Ask the node that an address, or FULLNODE_API_INFO's text, names; nothing is sent yet.

        Raises LocalFault for text that names none.
        """
        info = parse_api_info(where) if isinstance(where, str) else where
        self.url = info.http_url(version)
        self._seconds = seconds
        self._http = httpx.Client(
            headers=info.headers, timeout=seconds, verify=wire.verification(info)
        )
        self._ids = itertools.count(1)

    def call(self, method: Method[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return the answer of a method.

        Raises RpcError where it is an error, and LocalFault where there is none. A method that
        changes nothing is asked again where the connection fails.
        """
        declaration = method.declaration
        request = wire.request(declaration, next(self._ids), args, kwargs)
        timeout = wire.seconds(declaration, self._seconds)
        left = wire.tries(declaration)
        while True:
            left -= 1
            try:
                response = self._http.post(self.url, json=request, timeout=timeout)
                break
            except httpx.TransportError as error:
                if not left or isinstance(error, httpx.TimeoutException):
                    raise wire.unreachable(self.url, error) from error
            time.sleep(wire.DELAYS[-left])
        found: R = wire.outcome(declaration, wire.body_of(response, self.url))
        return found

    def close(self) -> None:
        """Close the connections to the node."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
