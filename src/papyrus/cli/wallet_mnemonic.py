"""`papyrus wallet mnemonic`: words that stand for any number of keys (BIP-39, BIP-44)."""

from typing import Annotated

import typer

from papyrus.cli.output import JsonOption, note, say, say_json, say_table
from papyrus.cli.wallet_access import (
    ChainOption,
    EncryptOption,
    FolderOption,
    ask_hidden,
    default_if_first,
    made_store,
    read_secret,
    wallet_folder,
)
from papyrus.primitives.errors import DecodeError
from papyrus.wallet.errors import KeyExists
from papyrus.wallet.hd import account_path, derive_key, parse_path
from papyrus.wallet.keys import kind_named
from papyrus.wallet.mnemonic import check_words, new_words, seed_of

MOST_KEYS = 1000

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="""Make keys from words, which are all that has to be kept safe.

    The words are not kept by Papyrus: the keys that are made of them are.""",
)

LanguageOption = Annotated[str, typer.Option("--language", help="Of the list of words.")]


@app.command()
def new(
    words: Annotated[int, typer.Option("--words", help="12, 15, 18, 21 or 24.")] = 24,
    language: LanguageOption = "english",
    json: JsonOption = False,
) -> None:
    r"""Print new words; write them on paper, and import them.

    \b
    Examples:
      papyrus wallet mnemonic new
      papyrus wallet mnemonic new --words 12
    """
    made = new_words(words, language)
    if json:
        say_json({"mnemonic": made})
    else:
        say(made)


@app.command("import")
def import_words(
    source: Annotated[
        str, typer.Argument(metavar="FILE", help="- is stdin, or what is typed unseen.")
    ] = "-",
    kind: Annotated[str, typer.Option("--type", help="secp256k1, bls or delegated.")] = "secp256k1",
    count: Annotated[int, typer.Option(min=1, max=MOST_KEYS, help="How many keys.")] = 1,
    first: Annotated[int, typer.Option(min=0, help="The index of the first.")] = 0,
    coin: Annotated[
        int | None,
        typer.Option(help="In the path; 60 for delegated keys and 461 for others if not given."),
    ] = None,
    path: Annotated[
        str | None, typer.Option("--path", help="The whole path of one key, m/44'/461'/0'/0/0.")
    ] = None,
    passphrase: Annotated[
        bool, typer.Option("--passphrase", help="Ask for the passphrase that goes with the words.")
    ] = False,
    language: LanguageOption = "english",
    encrypt: EncryptOption = None,
    chain: ChainOption = None,
    folder: FolderOption = None,
    json: JsonOption = False,
) -> None:
    r"""Keep keys that words stand for, as any other wallet makes them.

    The paths are m/44'/461'/0'/0/INDEX, and m/44'/60'/0'/0/INDEX for delegated keys.

    \b
    Examples:
      papyrus wallet mnemonic import
      papyrus wallet mnemonic import --type delegated --count 10
      papyrus wallet mnemonic import words.txt --coin 1 --chain calibnet
    """
    wanted = kind_named(kind)
    if path is not None and (count != 1 or first or coin is not None):
        raise DecodeError("--path names one key: it goes without --count, --first and --coin")
    places = (
        [parse_path(path)]
        if path is not None
        else [account_path(wanted, first + number, coin) for number in range(count)]
    )
    seed = seed_of(
        check_words(read_secret(source, "Words"), language),
        ask_hidden("Passphrase of the words") if passphrase else "",
    )
    keys = [derive_key(wanted, seed, place) for place in places]
    where, letter = wallet_folder(folder, chain, made=True)
    store = made_store(where, chain, encrypt=encrypt)
    for key in keys:
        try:
            store.add(key)
        except KeyExists:
            note(f"{key.address.to_string(letter)} is there already")
    default_if_first(store, keys[0].address, chain)
    rows = [(key.address.to_string(letter), key.path) for key in keys]
    if json:
        say_json([{"address": address, "path": place} for address, place in rows])
    else:
        say_table(("ADDRESS", "PATH"), rows)
