"""`papyrus genesis new`, `add-account` and `add-miner`: writing a template.

What is random is drawn here, or follows from a seed, and is written into the template.
"""

import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from papyrus.cli.genesis_inspect import open_genesis
from papyrus.cli.input import read_bytes
from papyrus.cli.output import JsonOption, note, say, say_json
from papyrus.crypto.hashing import blake2b_256
from papyrus.crypto.signatures import SignatureType
from papyrus.genesis.keys import key_from
from papyrus.genesis.presealed import read_presealed
from papyrus.genesis.recovery import recover_template
from papyrus.genesis.sectors import (
    SECTOR_SIZES,
    name_of_size,
    simulated_sector,
    size_named,
    window_proof_of,
)
from papyrus.genesis.template import (
    FIRST_MINER_ID,
    Account,
    Holder,
    Key,
    Miner,
    Multisig,
    Template,
    check_holders,
)
from papyrus.genesis.template_text import read_template, write_template
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.rules.networks import NETWORKS, network_named
from papyrus.rules.policy import policy_of
from papyrus.storage.files import write_atomic

_SECRET_MASK = 0o077
"""Nobody but the owner reads a file of secrets."""

_AT_ONCE = 1
"""Epochs over which a multisig's balance is released: with none, Lotus makes one that no actor
would, which holds a balance as locked and no term for it."""

_KINDS = {"secp256k1": SignatureType.SECP256K1, "bls": SignatureType.BLS}

TemplateArgument = Annotated[
    Path, typer.Argument(metavar="TEMPLATE", help="A template, as `new` writes it.")
]
SeedOption = Annotated[
    str | None,
    typer.Option(
        metavar="TEXT",
        help="Let what is random follow from this text. Whoever knows it has the keys.",
    ),
]


def new(
    template: Annotated[Path, typer.Argument(metavar="TEMPLATE", help="The file to write.")],
    network: Annotated[
        str, typer.Option(metavar="NAME", help=f"Whose rules hold: {', '.join(NETWORKS)}.")
    ] = "devnet",
    name: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="What the network calls itself; a random name if none."),
    ] = None,
    network_version: Annotated[
        int, typer.Option(metavar="NV", min=27, help="The network version it begins with.")
    ] = 28,
    timestamp: Annotated[
        int | None,
        typer.Option(
            metavar="SECONDS", min=0, max=2**63 - 1, help="Unix time of epoch 0; now unless given."
        ),
    ] = None,
    like: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Recover the template of this genesis instead, .car or .car.zst."
        ),
    ] = None,
    seed: SeedOption = None,
    json: JsonOption = False,
) -> None:
    r"""Write a template without miners, or one recovered from a genesis.

    Two multisigs of one new key each are the root of the verified registry and the keeper of all
    that nobody else has. The keys are in the template, which only its owner may read.

    \b
    Examples:
      papyrus genesis new devnet.toml
      papyrus genesis new devnet.toml --name my-net --timestamp 1700000000 --seed test
      papyrus genesis new butterfly.toml --like butterflynet.car.zst
    """
    if template.exists():
        raise LocalFault(f"{template} exists: remove it first, or write another file")
    if like is not None:
        made = recover_template(open_genesis(like))
    else:
        network_named(network)
        made = _fresh(network, name, network_version, timestamp, seed)
    _save(template, made)
    if json:
        say_json({"file": str(template), "network_name": made.network_name,
                  "accounts": len(made.accounts), "miners": len(made.miners)})  # fmt: skip
        return
    say(f"{template}: {_summary(made)}")
    if not made.miners:
        note(f"next: `papyrus genesis add-miner {template} --sectors 2`")


def add_account(
    template: TemplateArgument,
    balance: Annotated[
        str, typer.Option(metavar="AMOUNT", help='What it has, for instance "1000 FIL".')
    ],
    address: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Its key address, f1 or f3.")
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(metavar="secp256k1|bls", help="Make a new key of this kind for it."),
    ] = None,
    signer: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="Make it a multisig of these keys; repeat."),
    ] = None,
    threshold: Annotated[
        int, typer.Option(metavar="N", min=1, help="How many signers must agree.")
    ] = 1,
    vesting_duration: Annotated[
        int, typer.Option(metavar="EPOCHS", min=0, help="Release a multisig's balance over these.")
    ] = _AT_ONCE,
    seed: SeedOption = None,
    json: JsonOption = False,
) -> None:
    r"""Add an account or a multisig to a template. Comments in the file are not kept.

    \b
    Examples:
      papyrus genesis add-account devnet.toml --balance "1000 FIL" --key secp256k1
      papyrus genesis add-account devnet.toml --balance 5 --address f1...
      papyrus genesis add-account devnet.toml --balance 9 --signer f1... --signer f3...
    """
    if sum(option is not None for option in (address, key, signer)) != 1:
        raise typer.BadParameter("say who has it by one of --address, --key and --signer")
    read = load_template(template)
    keys = read.keys
    holder: Holder
    if signer:
        signers = tuple(_address(text, "--signer") for text in signer)
        holder = Multisig(signers, threshold, _amount(balance), vesting_duration=vesting_duration)
    elif key is not None:
        if key not in _KINDS:
            raise typer.BadParameter(f"--key: {key!r} is neither secp256k1 nor bls")
        made = key_from(_KINDS[key], _entropy(seed, f"account {len(read.accounts)}"))
        keys = (*keys, made)
        holder = Account(made.address, _amount(balance))
    else:
        holder = Account(_address(address or "", "--address"), _amount(balance))
    changed = replace(read, accounts=(*read.accounts, holder), keys=keys)
    check_holders(changed)
    _save(template, changed)
    who = str(holder.address) if isinstance(holder, Account) else "a multisig"
    if json:
        named = str(holder.address) if isinstance(holder, Account) else None
        say_json({"file": str(template), "address": named, "balance": str(int(holder.balance))})
    else:
        say(f"{who} has {holder.balance.to_fil()}")


def add_miner(
    template: TemplateArgument,
    sectors: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=1, help="Give it this many simulated sectors, which nobody has sealed."
        ),
    ] = None,
    presealed: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Give it the sectors of lotus-seed's pre-seal-f0....json."
        ),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(metavar="SIZE", help=f"Of simulated sectors: {', '.join(SECTOR_SIZES)}."),
    ] = None,
    balance: Annotated[
        str, typer.Option(metavar="AMOUNT", help="What its worker has, to pay deposits with.")
    ] = "50000000 FIL",
    seed: SeedOption = None,
    json: JsonOption = False,
) -> None:
    r"""Add a miner and its worker's account to a template. Comments in the file are not kept.

    Simulated sectors have the power of real ones, but no proof can ever be made of them: they are
    for networks whose proofs nobody checks. Real ones are sealed by lotus-seed.

    \b
    Examples:
      papyrus genesis add-miner devnet.toml --sectors 3
      papyrus genesis add-miner devnet.toml --presealed ~/.genesis-sectors/pre-seal-t01000.json
    """
    if (sectors is None) == (presealed is None):
        raise typer.BadParameter("say what it has sealed by one of --sectors and --presealed")
    read = load_template(template)
    place = len(read.miners)
    if presealed is not None:
        if size is not None:
            raise typer.BadParameter("--size is for simulated sectors; others have theirs")
        miner, keys = read_presealed(read_bytes(str(presealed)), place)
    else:
        miner, keys = _simulated(read, place, sectors or 0, size, seed)
    known = {account.address for account in read.accounts if isinstance(account, Account)}
    payers = dict.fromkeys(
        payer for payer in (miner.owner, miner.worker, miner.client) if payer not in known
    )
    amount = _amount(balance)
    held = {key.address for key in read.keys}
    changed = replace(
        read,
        accounts=(*read.accounts, *(Account(payer, amount) for payer in payers)),
        miners=(*read.miners, miner),
        keys=(*read.keys, *(key for key in keys if key.address not in held)),
    )
    check_holders(changed)
    _save(template, changed)
    kind = "simulated " if presealed is None else ""
    if json:
        say_json({"file": str(template), "miner": f"f0{FIRST_MINER_ID + place}",
                  "worker": str(miner.worker), "sectors": len(miner.sectors),
                  "simulated": presealed is None})  # fmt: skip
    else:
        say(
            f"f0{FIRST_MINER_ID + place} has {len(miner.sectors)} {kind}sectors of "
            f"{name_of_size(miner.sector_size)}, worker {miner.worker}"
        )


def _fresh(
    network: str, name: str | None, network_version: int, timestamp: int | None, seed: str | None
) -> Template:
    root, remainder = (
        key_from(SignatureType.SECP256K1, _entropy(seed, purpose))
        for purpose in ("root", "remainder")
    )
    # Its secret is forgotten: the verifier has no DataCap left when the network begins.
    verifier = key_from(SignatureType.BLS, _entropy(seed, "first verifier"))
    return Template(
        network=network,
        network_version=network_version,
        network_name=name or f"{network}-{_entropy(seed, 'name').hex()[:8]}",
        timestamp=int(time.time()) if timestamp is None else timestamp,
        ticket=_entropy(seed, "ticket"),
        first_verifier=verifier.address,
        root=Multisig((root.address,), 1),
        remainder=Multisig((remainder.address,), 1, vesting_duration=_AT_ONCE),
        keys=(root, remainder),
    )


def _simulated(
    template: Template, place: int, count: int, size_name: str | None, seed: str | None
) -> tuple[Miner, tuple[Key, ...]]:
    policy = policy_of(template.constants().actors_bundle)
    allowed = [
        size for size in SECTOR_SIZES.values() if window_proof_of(size) in policy.window_post_proofs
    ]
    size = allowed[0] if size_name is None else size_named(size_name)
    if size not in allowed:
        names = ", ".join(map(name_of_size, allowed))
        raise LocalFault(f"{template.network} has no sectors of {size_name}, only of {names}")
    worker = key_from(SignatureType.BLS, _entropy(seed, f"miner {place}"))
    sectors = tuple(simulated_sector(place, number, size) for number in range(count))
    address = worker.address
    return Miner(address, address, address, size, sectors), (worker,)


def _entropy(seed: str | None, purpose: str) -> bytes:
    """Return 32 random bytes, or those that follow from the seed."""
    if seed is None:
        return secrets.token_bytes(32)
    return blake2b_256(f"papyrus genesis\0{seed}\0{purpose}".encode())


def load_template(path: Path) -> Template:
    """Return the template in a file; LocalFault where there is none."""
    try:
        text = read_bytes(str(path)).decode()
    except UnicodeDecodeError as error:
        raise LocalFault(f"{path} is no text, so no template") from error
    return read_template(text)


def _save(path: Path, template: Template) -> None:
    with _owner_only():
        write_atomic(path, write_template(template).encode())


@contextmanager
def _owner_only() -> Iterator[None]:
    before = os.umask(_SECRET_MASK)
    try:
        yield
    finally:
        os.umask(before)


def _address(text: str, option: str) -> Address:
    try:
        return Address.from_string(text)
    except DecodeError as error:
        raise typer.BadParameter(f"{option}: {text!r} is no address: {error}") from error


def _amount(text: str) -> TokenAmount:
    try:
        amount = TokenAmount.parse(text)
    except DecodeError as error:
        raise typer.BadParameter(f"--balance: {error}") from error
    if amount < 0:
        raise typer.BadParameter(f"--balance: {text} is less than nothing")
    return amount


def _summary(template: Template) -> str:
    sectors = sum(len(miner.sectors) for miner in template.miners)
    return (
        f"{template.network_name}, nv{template.network_version} by the rules of "
        f"{template.network}, {len(template.accounts)} accounts, {len(template.miners)} miners "
        f"with {sectors} sectors"
    )
