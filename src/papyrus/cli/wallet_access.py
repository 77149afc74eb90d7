"""How the commands of `papyrus wallet` come to a wallet, its password and other secrets.

A secret is typed without being shown, or read from a file, from stdin or from the environment; it
is never an argument, for arguments are shown to everyone on the machine.
"""

import os
import sys
from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from papyrus.cli.connection import node_folders
from papyrus.cli.input import read_bytes
from papyrus.cli.output import name_wallet_with, note, write_addresses_with
from papyrus.devnet.keys import keys_beside
from papyrus.devnet.options import SETTINGS_FILE
from papyrus.node.config_load import NETWORK, load_node
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError
from papyrus.rules.networks import network_named
from papyrus.storage.home import home
from papyrus.wallet.encryption import check_new_password
from papyrus.wallet.errors import WalletError, WalletLocked
from papyrus.wallet.folder import create_unencrypted_wallet, create_wallet, has_wallet
from papyrus.wallet.key_store import KeyStore
from papyrus.wallet.keys import Key
from papyrus.wallet.keystore import FileKeystore
from papyrus.wallet.passwords import PASSWORD_FILE, password_from_environment

DEVNET = "devnet"
KEYSTORE_FOLDER = "keystore"

EncryptOption = Annotated[
    bool | None,
    typer.Option(
        "--encrypt/--unencrypted",
        help="Whether a new wallet gets a password: yes, but on a devnet.",
        show_default=False,
    ),
]
ChainOption = Annotated[
    str | None, typer.Option("--chain", metavar="NETWORK", help="The network of the node.")
]
FolderOption = Annotated[
    Path | None,
    typer.Option("--folder", help="The wallet; $PAPYRUS_PATH/NETWORK/keystore if not given."),
]


def wallet_folder(
    folder: Path | None, chain: str | None, *, made: bool = False
) -> tuple[Path, str]:
    """Return the folder of a node's wallet, and the letter of its network's addresses.

    Where no network is named, and the usual one has no wallet here, it is that of the one node that
    runs here; not so where a wallet may be made, for which of them is to be chosen.
    """
    network = _network(chain)
    if folder is None and chain is None and not made:
        running = node_folders()
        if len(running) == 1 and not has_wallet(home() / network / KEYSTORE_FOLDER):
            network = chain = running[0].name
            note(f"the wallet of {network}, whose node runs here")
    letter = network_named(network).address_prefix
    write_addresses_with(letter)
    given = (("--chain", chain), ("--folder", folder))
    name_wallet_with("".join(f" {name} {quote(str(value))}" for name, value in given if value))
    return folder or home() / network / KEYSTORE_FOLDER, letter


def locked_store(folder: Path) -> KeyStore:
    """Return a wallet that is there, locked; WalletError where there is none.

    A devnet's has the keys of its mnemonic, too, which are in no file.
    """
    settings = folder.parent / SETTINGS_FILE
    if folder.name != KEYSTORE_FOLDER or not settings.is_file():
        return FileKeystore(folder)
    return keys_beside(settings, folder)


def unlocked_files(folder: Path) -> FileKeystore:
    """Return the files of a wallet that is there, unlocked with the password the user knows."""
    store = FileKeystore(folder)
    if store.encrypted:
        store.unlock(known_password())
    return store


def key_in(folder: Path, address: Address) -> Key:
    """Return a key with its secret; the password is asked for where it is needed."""
    store = locked_store(folder)
    try:
        return store.read(address)
    except WalletLocked:
        if store.files is None:
            raise
        store.files.unlock(known_password())
    return store.read(address)


def made_store(folder: Path, chain: str | None, *, encrypt: bool | None) -> KeyStore:
    """Return a wallet, unlocked, and made if there is none.

    A new one is encrypted unless that is not wanted, or it is a devnet's, whose money is a toy.
    """
    if has_wallet(folder):
        store = locked_store(folder)
        if store.files is not None and store.files.encrypted:
            store.files.unlock(known_password())
        return store
    if not (_network(chain) != DEVNET if encrypt is None else encrypt):
        create_unencrypted_wallet(folder)
        note(
            f"made a wallet in {folder}, which is NOT encrypted: who can read the disk has its keys"
        )
        return locked_store(folder)
    password = new_password()
    create_wallet(folder, password)
    note(f"made a wallet in {folder}: without its password nobody can use its keys, not even you")
    store = locked_store(folder)
    if store.files is not None:
        store.files.unlock(password)
    return store


def default_if_first(store: KeyStore, address: Address, chain: str | None) -> None:
    """Make an address the default of a wallet that has none; a devnet's is its first account's."""
    if store.default() is None and _network(chain) != DEVNET:
        store.set_default(address)


def known_password() -> str:
    """Return the password of a wallet, from the environment or typed."""
    found = password_from_environment()
    return ask_hidden("Password of the wallet") if found is None else found


def new_password() -> str:
    """Return a password that is chosen now, from the environment or typed twice."""
    found = password_from_environment()
    if found is None:
        found = ask_hidden("New password for the wallet")
        check_new_password(found)
        if ask_hidden("The same again") != found:
            raise WalletError("the two passwords are not the same")
    check_new_password(found)
    return found


def read_secret(source: str, question: str) -> str:
    """Return the text of a file, or of stdin for `-`, typed unseen where that is a terminal."""
    if source == "-" and has_terminal():
        return ask_hidden(question)
    try:
        text = read_bytes(source).decode("utf-8")
    except UnicodeDecodeError:
        text = None
    if text is None:
        raise DecodeError(f"{source} is not text")
    return text


def ask_hidden(question: str) -> str:
    """Return what is typed on the terminal, without showing it."""
    if not has_terminal():
        raise WalletError(
            f"there is no terminal to ask for this: {question.lower()}; a wallet's password can "
            f"also come from the file that {PASSWORD_FILE} names"
        )
    typed: str = typer.prompt(question, hide_input=True, err=True)
    return typed


def has_terminal() -> bool:
    """Return whether somebody is there to be asked."""
    return sys.stdin.isatty()


def _network(chain: str | None) -> str:
    """Return the name of the network that a command is for."""
    loaded, _ = load_node(home(), os.environ, {NETWORK: chain})
    network: str = loaded.config.chain.network
    return network
