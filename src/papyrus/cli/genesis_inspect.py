"""`papyrus genesis inspect`: what a genesis holds."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from papyrus.cli.output import JsonOption, say, say_fields, say_json, say_table
from papyrus.genesis.contents import Contents, contents_of
from papyrus.genesis.reading import GenesisState
from papyrus.genesis.recovery import recover_template
from papyrus.genesis.sectors import name_of_size
from papyrus.genesis.template_text import write_template
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.errors import LocalFault
from papyrus.storage.car_files import open_car

_BINARY_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def inspect(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A genesis, .car or .car.zst.")],
    template: Annotated[
        bool,
        typer.Option("--template", help="Print the template it was made from, as TOML, instead."),
    ] = False,
    json: JsonOption = False,
) -> None:
    r"""Tell what a genesis holds: accounts, multisigs, miners, power and totals.

    \b
    Examples:
      papyrus genesis inspect genesis.car
      papyrus genesis inspect butterflynet.car.zst --json
      papyrus genesis inspect butterflynet.car.zst --template > butterfly.toml
    """
    state = open_genesis(file)
    if template:
        text = write_template(recover_template(state))
        if json:
            say_json({"template": text})
        else:
            say(text.rstrip("\n"))
        return
    contents = contents_of(state)
    if json:
        say_json(_plain(asdict(contents)))
    else:
        _show(contents)


def open_genesis(path: Path) -> GenesisState:
    """Return the genesis in a chain file; LocalFault where it holds none."""
    car = open_car(path)
    if len(car.roots) != 1:
        raise LocalFault(f"{path} has {len(car.roots)} roots, and a genesis is one block")
    return GenesisState.open(car, car.roots[0])


def _show(contents: Contents) -> None:
    release = contents.release
    actors = "of no known release" if release is None else f"v{release[0]} of {release[1]}"
    missing = contents.code_missing
    code = f", {missing} without their code here" if missing else ", with their code"
    simulated = sum(miner.simulated for miner in contents.miners)
    sectors = sum(miner.sectors for miner in contents.miners)
    raw, adjusted = _binary(contents.raw_power), _binary(contents.quality_adjusted_power)
    unsealed = f", {simulated} simulated" if simulated else ""
    miners = len(contents.miners)
    say_fields(
        (
            ("genesis", contents.cid),
            ("state root", contents.state_root),
            ("network", contents.network_name),
            ("timestamp", f"{contents.timestamp} ({_time(contents.timestamp)})"),
            ("actors", actors + code),
            ("power", f"{raw} raw, {adjusted} quality-adjusted"),
            ("sectors", f"{sectors} in {miners} miners, {contents.deals} deals{unsealed}"),
            ("to be mined", contents.reward_balance.to_fil()),
            ("total", contents.total.to_fil()),
        )
    )
    if contents.accounts:
        say()
        say_table(
            ("ACCOUNT", "BALANCE", "ADDRESS"),
            [(f"f0{one.actor_id}", one.balance.to_fil(), one.address) for one in contents.accounts],
        )
    if contents.multisigs:
        say()
        say_table(
            ("MULTISIG", "BALANCE", "VESTING", "THRESHOLD", "SIGNERS"),
            [
                (
                    f"f0{one.actor_id}",
                    one.balance.to_fil(),
                    f"{one.vesting_duration} epochs from {one.vesting_start}"
                    if one.vesting_duration
                    else "none",
                    one.threshold,
                    " ".join(map(str, one.signers)),
                )
                for one in contents.multisigs
            ],
        )
    if contents.miners:
        say()
        say_table(
            ("MINER", "WORKER", "SECTORS", "SIZE", "POWER", "BALANCE"),
            [
                (
                    f"f0{one.actor_id}",
                    one.worker,
                    one.sectors,
                    name_of_size(one.sector_size),
                    _binary(one.quality_adjusted_power),
                    one.balance.to_fil(),
                )
                for one in contents.miners
            ],
        )


def _binary(count: int) -> str:
    """Return a number of bytes in the largest unit of which it is at least one."""
    size, unit = float(count), 0
    while size >= 1024 and unit < len(_BINARY_UNITS) - 1:
        size /= 1024
        unit += 1
    return f"{size:.4g} {_BINARY_UNITS[unit]}"


def _time(timestamp: int) -> str:
    try:
        return datetime.fromtimestamp(timestamp, UTC).isoformat()
    except (OverflowError, ValueError, OSError):
        return "beyond any calendar"


def _plain(value: Any) -> Any:
    """Return a value as JSON has it; amounts and power are text, which no reader rounds."""
    if isinstance(value, dict):
        return {
            name: str(item) if name in _TEXT_NUMBERS else _plain(item)
            for name, item in value.items()
        }
    if isinstance(value, Cid | Address):
        return str(value)
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


_TEXT_NUMBERS = frozenset(
    ("balance", "reward_balance", "total", "raw_power", "quality_adjusted_power")
)
"""Fields that outgrow what JavaScript counts exactly."""
