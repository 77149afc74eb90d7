"""Hearing what a node tells as it happens: subscriptions, on a WebSocket (`rpc.channels`).

Asked by name, as `connection` asks and for the same reason.
"""

import json
from collections.abc import Iterator
from typing import Any

import websockets
from websockets.sync.client import connect

from papyrus.cli.connection import NAMESPACE, NodeClient, refusal
from papyrus.primitives.errors import LocalFault

_ID = 1
_VALUE = "xrpc.ch.val"
_CLOSE = "xrpc.ch.close"


def subscribe(node: NodeClient, method: str, *params: Any) -> Iterator[Any]:
    """Yield the items of a subscription as JSON, as they come, until the node closes it.

    Raises RpcError where the node refuses, and LocalFault where it goes away.
    """
    name, url = f"{NAMESPACE}.{method}", node.info.websocket_url()
    call = {"jsonrpc": "2.0", "id": _ID, "method": name, "params": list(params)}
    try:
        with connect(
            url, additional_headers=node.info.headers, max_size=None, compression=None
        ) as socket:
            socket.send(json.dumps(call))
            for text in socket:
                frame = json.loads(text)
                if frame.get("error") is not None:
                    raise refusal(frame["error"], name)
                if frame.get("method") == _CLOSE:
                    return
                if frame.get("method") == _VALUE:
                    yield frame["params"][1]
    except websockets.InvalidStatus as error:
        status = error.response.status_code
        raise refusal({"code": 1, "message": f"HTTP {status}"}, name, status) from error
    except (OSError, websockets.InvalidHandshake) as error:
        raise LocalFault(f"cannot reach a node at {url}: {error}; is it running?") from error
    except websockets.ConnectionClosed as error:
        why = error.rcvd.reason if error.rcvd is not None else ""
        raise LocalFault(f"the node ended {name}: {why or 'the connection is lost'}") from error
    except (ValueError, AttributeError, LookupError) as error:
        raise LocalFault(f"{url} answers {name} by no channel: is it a Filecoin node?") from error
    raise LocalFault(f"the node at {url} ended {name}")
