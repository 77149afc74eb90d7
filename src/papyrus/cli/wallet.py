"""`papyrus wallet`: the keys of a node, in files beside it. The node may be running or not.

Balances and the market are asked of a running node.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from papyrus.cli import wallet_mnemonic, wallet_node, wallet_signing
from papyrus.cli.address import read_address
from papyrus.cli.output import JsonOption, fail, note, say, say_json, say_table
from papyrus.cli.wallet_access import (
    ChainOption,
    EncryptOption,
    FolderOption,
    default_if_first,
    has_terminal,
    key_in,
    known_password,
    locked_store,
    made_store,
    new_password,
    read_secret,
    unlocked_files,
    wallet_folder,
)
from papyrus.primitives.address import Address, Protocol
from papyrus.primitives.sentences import sentence
from papyrus.wallet.errors import KeyExists, NoDefaultAddress, UnknownAddress, WalletError
from papyrus.wallet.forms import Form, read_keys, write_key
from papyrus.wallet.key_store import KeyStore
from papyrus.wallet.keys import Key, kind_named, new_key
from papyrus.wallet.keystore import FileKeystore
from papyrus.wallet.lotus_keystore import read_lotus_keystore

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="""Keep keys, and sign with them.

    Keys are encrypted with a password, which is asked for, or taken from the file that
    PAPYRUS_WALLET_PASSWORD_FILE names, or from PAPYRUS_WALLET_PASSWORD.""",
)
app.add_typer(wallet_mnemonic.app, name="mnemonic")
app.command()(wallet_node.balance)
app.command()(wallet_node.unlock)
app.command()(wallet_node.lock)
app.command(no_args_is_help=True)(wallet_signing.sign)
app.command(no_args_is_help=True)(wallet_signing.verify)
app.add_typer(wallet_node.market, name="market")

_KINDS = {
    Protocol.SECP256K1: "secp256k1",
    Protocol.BLS: "bls",
    Protocol.DELEGATED: "delegated",
}

AddressArgument = Annotated[str, typer.Argument(metavar="ADDRESS", help="f/t or 0x form.")]


@app.command()
def new(
    kind: Annotated[str, typer.Argument(help="secp256k1, bls or delegated.")] = "secp256k1",
    encrypt: EncryptOption = None,
    chain: ChainOption = None,
    folder: FolderOption = None,
    json: JsonOption = False,
) -> None:
    r"""Make a key and print its address; the first one makes the wallet, and is its default.

    \b
    Examples:
      papyrus wallet new
      papyrus wallet new delegated --chain calibnet
    """
    wanted = kind_named(kind)
    path, letter = wallet_folder(folder, chain, made=True)
    store = made_store(path, chain, encrypt=encrypt)
    key = new_key(wanted)
    store.add(key)
    default_if_first(store, key.address, chain)
    _say_address(key.address, letter, json)


@app.command("list")
def list_keys(
    trash: Annotated[bool, typer.Option("--trash", help="Those that were deleted.")] = False,
    chain: ChainOption = None,
    folder: FolderOption = None,
    json: JsonOption = False,
) -> None:
    r"""List the addresses whose keys are kept; no password is needed.

    \b
    Examples:
      papyrus wallet list
      papyrus wallet list --json | jq -r .[].address
    """
    path, letter = wallet_folder(folder, chain)
    store = locked_store(path)
    default = store.default()
    rows = [
        _to_json(address, letter, address == default)
        for address in (store.removed() if trash else store.addresses())
    ]
    if json:
        say_json(rows)
    elif rows:
        say_table(
            ("ADDRESS", "KIND", "DEFAULT"),
            [(row["address"], row["kind"], "X" if row["default"] else "") for row in rows],
        )
    else:
        note(f"no keys in {path / 'trash' if trash else path}")


@app.command("import")
def import_key(
    source: Annotated[
        str, typer.Argument(metavar="FILE", help="- is stdin, or what is typed unseen.")
    ] = "-",
    form: Annotated[
        Form | None, typer.Option("--format", help="Recognised where it is not given.")
    ] = None,
    kind: Annotated[
        str, typer.Option("--type", help="What hex-eth is: delegated or secp256k1.")
    ] = "delegated",
    lotus: Annotated[
        Path | None,
        typer.Option("--lotus", metavar="FOLDER", help="All keys of a Lotus node, ~/.lotus."),
    ] = None,
    as_default: Annotated[
        bool, typer.Option("--as-default", help="Make it the default address.")
    ] = False,
    encrypt: EncryptOption = None,
    chain: ChainOption = None,
    folder: FolderOption = None,
    json: JsonOption = False,
) -> None:
    r"""Keep a key that another wallet exported: Lotus, go-filecoin, or one of Ethereum's.

    \b
    Examples:
      papyrus wallet import my-key.hex
      papyrus wallet import --format hex-eth --type secp256k1
      papyrus wallet import --lotus ~/.lotus
    """
    path, letter = wallet_folder(folder, chain, made=True)
    default: Address | None = None
    if lotus is not None:
        found = read_lotus_keystore(lotus)
        keys, default = found.keys, found.default
        for sentence in found.passed_over:
            note(f"passed over: {sentence}")
        if not keys:
            fail(f"there are no keys in {lotus} that could be imported")
    else:
        keys = read_keys(read_secret(source, "Key"), form, kind_named(kind))
        default = keys[0].address if as_default else None
    store = made_store(path, chain, encrypt=encrypt)
    added = _add_all(store, keys, letter)
    if default is not None:
        if as_default:
            store.set_default(default)
        default_if_first(store, default, chain)
    if json:
        say_json([_to_json(address, letter, address == store.default()) for address in added])
        return
    for address in added:
        say(f"imported {address.to_string(letter)}")


@app.command(no_args_is_help=True)
def export(
    address: AddressArgument,
    form: Annotated[
        Form, typer.Option("--format", help="hex-lotus, json-lotus or hex-eth.")
    ] = Form.HEX_LOTUS,
    chain: ChainOption = None,
    folder: FolderOption = None,
    json: JsonOption = False,
) -> None:
    r"""Print a key with its secret: whoever sees it has the funds.

    \b
    Examples:
      papyrus wallet export f1... > my-key.hex
      papyrus wallet export 0x... --format hex-eth
    """
    path, letter = wallet_folder(folder, chain)
    key = key_in(path, read_address(address))
    if json:
        found = {"address": key.address.to_string(letter), "format": form.value}
        say_json({**found, "key": write_key(key, form)})
    else:
        say(write_key(key, form))


@app.command(no_args_is_help=True)
def delete(
    address: AddressArgument,
    chain: ChainOption = None,
    folder: FolderOption = None,
    json: JsonOption = False,
) -> None:
    r"""Put a key into the trash, from which `papyrus wallet restore` takes it again.

    \b
    Examples:
      papyrus wallet delete f1...
    """
    path, letter = wallet_folder(folder, chain)
    found, store = read_address(address), locked_store(path)
    if store.files is None or not store.files.remove(found):
        if store.has(found):
            raise WalletError(
                sentence("the key of {} follows from the mnemonic of the devnet: it stays", found)
            )
        raise UnknownAddress(found)
    _say_done(found, letter, f"is in the trash: {path / 'trash'}", json)


@app.command(no_args_is_help=True)
def restore(
    address: AddressArgument,
    chain: ChainOption = None,
    folder: FolderOption = None,
    json: JsonOption = False,
) -> None:
    r"""Take a key out of the trash; `papyrus wallet list --trash` shows what is there.

    \b
    Examples:
      papyrus wallet restore f1...
    """
    path, letter = wallet_folder(folder, chain)
    found = read_address(address)
    locked_store(path).restore(found)
    _say_done(found, letter, "is out of the trash", json)


@app.command()
def default(
    chain: ChainOption = None, folder: FolderOption = None, json: JsonOption = False
) -> None:
    r"""Print the address that is used where none is named.

    \b
    Examples:
      papyrus wallet default
    """
    path, letter = wallet_folder(folder, chain)
    address = locked_store(path).default()
    if address is None:
        raise NoDefaultAddress
    _say_address(address, letter, json)


@app.command("set-default", no_args_is_help=True)
def set_default(
    address: AddressArgument,
    chain: ChainOption = None,
    folder: FolderOption = None,
    json: JsonOption = False,
) -> None:
    r"""Have an address used where none is named.

    \b
    Examples:
      papyrus wallet set-default f1...
    """
    path, letter = wallet_folder(folder, chain)
    store, found = locked_store(path), read_address(address)
    if not store.has(found):
        raise UnknownAddress(found)
    store.set_default(found)
    _say_done(found, letter, "is used where none is named", json)


@app.command()
def password(
    chain: ChainOption = None, folder: FolderOption = None, json: JsonOption = False
) -> None:
    r"""Change the password, or give one to a wallet that is not encrypted.

    Where nobody is there to be asked, the old password is the environment's, and stdin has the new
    one.

    \b
    Examples:
      papyrus wallet password
    """
    path, _ = wallet_folder(folder, chain)
    store = FileKeystore(path)
    old = known_password() if store.encrypted else ""
    store.unlock(old)
    if has_terminal() or not store.encrypted:
        chosen = new_password()
    else:
        chosen = read_secret("-", "New password").strip("\r\n")
    store.change_password(old, chosen)
    if json:
        say_json({"folder": str(path), "encrypted": True})
    else:
        note("the wallet has a new password")


@app.command()
def check(chain: ChainOption = None, folder: FolderOption = None, json: JsonOption = False) -> None:
    r"""Check every file of the wallet, and that its secrets can be had with the password.

    \b
    Examples:
      papyrus wallet check
    """
    path, _ = wallet_folder(folder, chain)
    store = unlocked_files(path)
    problems = store.problems()
    if json:
        say_json({"keys": len(store.addresses()), "problems": problems, "ok": not problems})
    else:
        for problem in problems:
            say(problem)
        say("something is wrong" if problems else f"{len(store.addresses())} keys are sound")
    if problems:
        raise typer.Exit(1)


def _add_all(store: KeyStore, keys: tuple[Key, ...], letter: str) -> list[Address]:
    """Keep keys, and return the addresses of those that were not there."""
    added = []
    for key in keys:
        try:
            store.add(key)
        except KeyExists:
            if len(keys) == 1:
                raise
            note(f"{key.address.to_string(letter)} is there already")
        else:
            added.append(key.address)
    return added


def _say_done(address: Address, letter: str, done: str, json: bool) -> None:
    """Tell what was done with an address: people on stderr, programs by the address."""
    if json:
        say_json({"address": address.to_string(letter)})
    else:
        note(f"{address.to_string(letter)} {done}")


def _say_address(address: Address, letter: str, json: bool) -> None:
    if json:
        say_json({"address": address.to_string(letter)})
    else:
        say(address.to_string(letter))


def _to_json(address: Address, letter: str, is_default: bool) -> dict[str, Any]:
    ethereum = address.to_ethereum()
    return {
        "address": address.to_string(letter),
        "kind": _KINDS.get(address.protocol),
        "ethereum": None if ethereum is None else f"0x{ethereum.hex()}",
        "default": is_default,
    }
