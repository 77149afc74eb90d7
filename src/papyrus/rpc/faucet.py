"""The faucet of a devnet: POST /faucet with an address, and it has funds.

    curl -d '{"address": "0xd388...8498"}' http://127.0.0.1:1234/faucet

The body is JSON, or an address alone; without one the query has the same. The answer is the message
that brings the funds, which come out of the devnet's first account. Whoever may call the interface
may ask, with a token or without: these funds are worth nothing.
"""

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from papyrus.devnet.devnet import Devnet
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import ActorError, DecodeError, PapyrusError
from papyrus.primitives.sentences import told
from papyrus.rpc.auth import BadToken
from papyrus.rpc.errors import RpcError
from papyrus.rpc.server import Door
from papyrus.types.message import draft

PATH = "/faucet"
USUAL = TokenAmount.from_fil(100)
MOST = TokenAmount.from_fil(1000)
"""What is given at once."""

_MAX_BODY = 1024
_ETHEREUM_TEXT_LENGTH = 42


def faucet_route(devnet: Devnet, door: Door) -> Route:
    """Return the route by which a devnet gives funds to whoever may come in."""
    letter = devnet.node.network.address_prefix

    async def respond(request: Request) -> Response:
        client = request.client.host if request.client else ""
        try:
            door.caller(request.headers, request.query_params, client)
            async with asyncio.timeout(door.limits.body_seconds):
                to, amount = read_wish(await _body(request), request.query_params)
            signed = await devnet.sending.send(draft(_giver(devnet), to, amount))
        except BadToken as error:
            return _refused(401, str(error))
        except RpcError as error:
            return _refused(403, error.message)
        except TimeoutError:
            return _refused(408, "the request did not arrive in time")
        except (PapyrusError, ActorError, LookupError) as error:
            return _refused(400, told(error, letter))
        except ClientDisconnect:
            return Response(status_code=204)
        found = {"cid": str(signed.cid), "to": to.to_string(letter), "amount": str(amount)}
        return JSONResponse(found)

    return Route(PATH, respond, methods=["POST"])


def read_wish(body: bytes, query: Mapping[str, str]) -> tuple[Address, TokenAmount]:
    """Return who asks for how much; DecodeError where neither the body nor a query says so."""
    try:
        text = body.decode("utf-8").strip()
        wish: Mapping[str, Any] = query
        if text:
            wish = json.loads(text) if text.startswith("{") else {"address": text}
    except (ValueError, RecursionError) as error:
        raise DecodeError("the body is an address, or JSON with one") from error
    address, amount = wish.get("address"), wish.get("amount")
    if not isinstance(address, str) or not isinstance(amount, str | None):
        raise DecodeError(
            'the body is an address, or {"address": "t1...", "amount": "5 FIL"}; or the query is '
            "?address=t1..."
        )
    wanted = USUAL if amount is None else TokenAmount.parse(amount)
    if not 0 < wanted <= MOST:
        raise DecodeError(f"{amount} cannot be given: up to {MOST.to_fil()} at once")
    return _address(address.strip()), wanted


def _address(text: str) -> Address:
    if not text.lower().startswith("0x"):
        return Address.from_string(text)
    try:
        raw = bytes.fromhex(text[2:])
    except ValueError:
        raise DecodeError("an Ethereum address is hexadecimal") from None
    if len(text) != _ETHEREUM_TEXT_LENGTH:
        raise DecodeError("an Ethereum address has 40 digits after 0x")
    return Address.from_ethereum(raw)


def _giver(devnet: Devnet) -> Address:
    return devnet.node.wallet.default()


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY:
            raise DecodeError(f"the body has more than {_MAX_BODY} bytes")
    return body


def _refused(status: int, why: str) -> Response:
    found: dict[str, Any] = {"error": why}
    return JSONResponse(found, status)
