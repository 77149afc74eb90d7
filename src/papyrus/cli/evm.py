"""`papyrus evm`: Ethereum contracts (FIP-0054): make one, call it, and see where it is.

Contracts run as released code alone, so the node needs it: a devnet with
`--engine hybrid:eam=wasm,evm=wasm` or `--engine wasm`, and a bundle that was imported.
"""

import base64
from typing import Annotated, Any

import typer

from papyrus.cli.address import address_text, read_address
from papyrus.cli.amounts import fil, read_amount
from papyrus.cli.connection import ApiOption, NodeClient, connected
from papyrus.cli.ethereum_senders import ethereum_call
from papyrus.cli.input import read_bytes
from papyrus.cli.message_sending import (
    FromOption,
    Landed,
    Sent,
    WaitOption,
    first_reason,
    new_message,
    report,
    send,
    sender_of,
)
from papyrus.cli.node_output import cid_text, exit_code_text, show, show_value
from papyrus.cli.output import JsonOption, fail
from papyrus.cli.tipset_option import TipsetOption, tipset_key
from papyrus.crypto.hashing import keccak_256
from papyrus.ipld import dag_cbor
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError, PapyrusError
from papyrus.types.ethereum_transaction import ADDRESS_MANAGER

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Make Ethereum contracts, call them, and see where they are.",
)

ContractArgument = Annotated[str, typer.Argument(metavar="CONTRACT", help="0x or f410 address.")]
DataArgument = Annotated[str, typer.Argument(metavar="CALLDATA", help="In hexadecimal.")]

_GET_BYTECODE = 3
_WORD = 32


@app.command(no_args_is_help=True)
def stat(
    address: Annotated[str, typer.Argument(metavar="ADDRESS")],
    tipset: TipsetOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Show the addresses of an actor in both worlds, and what it is.

    \b
    Examples:
      papyrus evm stat 0xd388ab098ed3e84c0d808776440b48f685198498
    """
    with connected(api) as node:
        key = tipset_key(node, tipset)
        found = _stat(node, read_address(address), key)
    show(found, ((name.replace("_", " "), value or "none") for name, value in found.items()), json)


@app.command("contract-address", no_args_is_help=True)
def contract_address(
    sender: Annotated[str, typer.Argument(metavar="SENDER", help="0x address.")],
    salt: Annotated[str, typer.Argument(metavar="SALT", help="Hexadecimal, 32 bytes at most.")],
    file: Annotated[str, typer.Argument(metavar="FILE", help="The init code in hexadecimal.")],
    json: JsonOption = False,
) -> None:
    r"""Print the address that CREATE2 gives a contract (EIP-1014).

    \b
    Examples:
      papyrus evm contract-address 0xd388ab098ed3e84c0d808776440b48f685198498 00 init.hex
    """
    who, word = read_address(sender).to_ethereum(), _hexadecimal(salt)
    if who is None or len(word) > _WORD:
        raise DecodeError("SENDER is to have a 0x address, and SALT 32 bytes at most")
    code = _init_code(file, hexadecimal=True)
    made = keccak_256(b"\xff" + who + word.ljust(_WORD, b"\0") + keccak_256(code))
    show_value(f"0x{made[-20:].hex()}", json)


@app.command(no_args_is_help=True)
def deploy(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The init code; - is stdin.")],
    hexadecimal: Annotated[bool, typer.Option("--hex", help="FILE is in hexadecimal.")] = False,
    sender: FromOption = None,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Make a contract, and print where it is.

    \b
    Examples:
      papyrus evm deploy contract.hex --hex
    """
    code = _init_code(file, hexadecimal=hexadecimal)
    with connected(api) as node:
        own = sender_of(node, sender)
        to, method, params = ethereum_call(node, ADDRESS_MANAGER, code)
        message = new_message(own, str(to), method=method, params=params)
        report(node, send(node, message), wait=wait, json=json, result=_made)


@app.command(no_args_is_help=True)
def invoke(
    contract: ContractArgument,
    calldata: DataArgument,
    value: Annotated[str, typer.Option("--value", metavar="FIL")] = "0",
    sender: FromOption = None,
    wait: WaitOption = True,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Call a contract by a message, and print what it returns.

    \b
    Examples:
      papyrus evm invoke 0xd388ab098ed3e84c0d808776440b48f685198498 0x70a08231...
    """
    data = _hexadecimal(calldata)
    with connected(api) as node:
        own = sender_of(node, sender)
        to, method, params = ethereum_call(node, read_address(contract), data)
        message = new_message(own, str(to), read_amount(value, "--value"), method, params)
        report(node, send(node, message), wait=wait, json=json, result=_answered)


@app.command(no_args_is_help=True)
def call(
    sender: Annotated[str, typer.Argument(metavar="FROM", help="0x or f4 address.")],
    contract: ContractArgument,
    calldata: DataArgument,
    tipset: TipsetOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Call a contract without sending anything, and print what it returns.

    \b
    Examples:
      papyrus evm call 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266 0xd388... 0x70a08231...
    """
    data = _hexadecimal(calldata)
    with connected(api) as node:
        to, method, params = ethereum_call(node, read_address(contract), data)
        message = new_message(address_text(sender), str(to), method=method, params=params)
        returned = _called(node, message, tipset)
    show_value(f"0x{_bytes(returned).hex()}", json)


@app.command(no_args_is_help=True)
def bytecode(
    contract: ContractArgument,
    tipset: TipsetOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Print the code of a contract in hexadecimal.

    \b
    Examples:
      papyrus evm bytecode 0xd388ab098ed3e84c0d808776440b48f685198498
    """
    named = read_address(contract)
    with connected(api) as node:
        message = new_message(str(ADDRESS_MANAGER), str(named), method=_GET_BYTECODE)
        code = dag_cbor.decode(_called(node, message, tipset))
        data = b""
        if isinstance(code, Cid):
            data = base64.b64decode(node.ask("ChainReadObj", {"/": str(code)}))
    show_value(f"0x{data.hex()}", json)


def _stat(node: NodeClient, address: Address, key: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"filecoin": str(address), "ethereum": None, "id": None}
    try:
        found["id"] = node.ask("StateLookupID", str(address), key)
        actor = node.ask("StateGetActor", str(address), key)
    except PapyrusError:
        actor = None  # nobody has sent anything there yet
    else:
        found["filecoin"] = actor.get("DelegatedAddress") or actor.get("Address") or str(address)
    ethereum = read_address(found["filecoin"]).to_ethereum()
    found["ethereum"] = None if ethereum is None else f"0x{ethereum.hex()}"
    if actor is not None:
        version = node.ask("StateNetworkVersion", key)
        names = {
            cid_text(cid): name for name, cid in node.ask("StateActorCodeCIDs", version).items()
        }
        code = cid_text(actor["Code"])
        found |= {"type": names.get(code), "code": code, "balance": fil(actor["Balance"])}
    return found


def _called(node: NodeClient, message: dict[str, Any], tipset: str | None) -> bytes:
    """Return what a call answers; ends the command with exit code 1 where it fails."""
    result = node.ask("StateCall", message, tipset_key(node, tipset))
    code = result["MsgRct"]["ExitCode"]
    returned = base64.b64decode(result["MsgRct"]["Return"] or "")
    if code:
        why = first_reason(result["Error"])
        fail(f"the call failed with exit code {exit_code_text(code)}: {why}")
    return returned


def _made(_sent: Sent, landed: Landed) -> dict[str, Any]:
    """Return where a new contract is (builtin-actors eam CreateReturn)."""
    match dag_cbor.decode(landed.returned):
        case [int() as number, _, bytes() as ethereum]:
            return {
                "id": str(Address.from_id(number)),
                "filecoin": str(Address.from_ethereum(ethereum)),
                "ethereum": f"0x{ethereum.hex()}",
            }
    raise DecodeError("the address manager answers something else than a new contract")


def _answered(_sent: Sent, landed: Landed) -> dict[str, Any]:
    return {"returned": f"0x{_bytes(landed.returned).hex()}"}


def _bytes(returned: bytes) -> bytes:
    """Return the byte string that a contract answers; nothing at all is an empty one."""
    value = dag_cbor.decode(returned) if returned else b""
    return value if isinstance(value, bytes) else returned


def _init_code(file: str, *, hexadecimal: bool) -> bytes:
    data = read_bytes(file)
    return _hexadecimal(data.decode("ascii", "replace")) if hexadecimal else data


def _hexadecimal(text: str) -> bytes:
    try:
        return bytes.fromhex(text.strip().removeprefix("0x"))
    except ValueError:
        raise DecodeError(f"{text.strip()[:40]!r} is not hexadecimal") from None
