"""`papyrus state miner-info`, `power`, `sectors` and more: miners, of a running node."""

from typing import Annotated, Any

import typer

from papyrus.cli.address import address_text
from papyrus.cli.amounts import fil, human_power
from papyrus.cli.connection import ApiOption, connected
from papyrus.cli.node_output import cid_text, show, show_value
from papyrus.cli.output import JsonOption, fail, say_json, say_table
from papyrus.cli.tipset_option import TipsetOption, tipset_key

MinerArgument = Annotated[str, typer.Argument(metavar="MINER", help="For instance f01000.")]
SectorArgument = Annotated[int, typer.Argument(metavar="SECTOR", min=0, help="Its number.")]


def miner_info(
    miner: MinerArgument,
    tipset: TipsetOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Show who a miner is: owner, worker, control addresses, sector size.

    \b
    Examples:
      papyrus state miner-info f01000
    """
    with connected(api) as node:
        key, named = tipset_key(node, tipset), address_text(miner)
        info = node.ask("StateMinerInfo", named, key)
        available = None if json else node.ask("StateMinerAvailableBalance", named, key)
    show(info, [*info_fields(info), ("available", fil(available or 0))], json)


def power(
    miner: Annotated[str | None, typer.Argument(metavar="[MINER]")] = None,
    tipset: TipsetOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Show the power of the network, or of a miner beside it.

    \b
    Examples:
      papyrus state power
      papyrus state power f01000
    """
    with connected(api) as node:
        named = None if miner is None else address_text(miner)
        found = node.ask("StateMinerPower", named, tipset_key(node, tipset))
    show(found, power_fields(found, with_miner=miner is not None), json)


def sectors(
    miner: MinerArgument,
    every: Annotated[
        bool, typer.Option("--all", help="Also those that count for nothing.")
    ] = False,
    tipset: TipsetOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""List a miner's active sectors, or with --all every one.

    \b
    Examples:
      papyrus state sectors f01000
      papyrus state sectors f01000 --all --json
    """
    with connected(api) as node:
        key, named = tipset_key(node, tipset), address_text(miner)
        if every:
            found = node.ask("StateMinerSectors", named, None, key)
        else:
            found = node.ask("StateMinerActiveSectors", named, key)
    if json:
        say_json(found or [])
    else:
        say_sectors(found or [])


def sector(
    miner: MinerArgument,
    number: SectorArgument,
    tipset: TipsetOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Show a sector, and where it is proven.

    \b
    Examples:
      papyrus state sector f01000 0
    """
    with connected(api) as node:
        key, named = tipset_key(node, tipset), address_text(miner)
        found = node.ask("StateSectorGetInfo", named, number, key)
        if found is None:
            fail(f"miner {named} has no sector {number}")
        place = node.ask("StateSectorPartition", named, number, key)
    found["Location"] = place
    fields = [
        ("sector", found["SectorNumber"]),
        ("sealed", cid_text(found["SealedCID"])),
        ("activated", found["Activation"]),
        ("expires", found["Expiration"]),
        ("deal weight", found["DealWeight"]),
        ("verified weight", found["VerifiedDealWeight"]),
        ("pledge", fil(found["InitialPledge"])),
        ("daily fee", fil(found.get("DailyFee") or 0)),
        ("deadline", place["Deadline"]),
        ("partition", place["Partition"]),
    ]
    show(found, fields, json)


def sector_size(
    miner: MinerArgument,
    tipset: TipsetOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Print the sector size of a miner.

    \b
    Examples:
      papyrus state sector-size f01000
    """
    with connected(api) as node:
        info = node.ask("StateMinerInfo", address_text(miner), tipset_key(node, tipset))
    show_value(info["SectorSize"] if json else human_power(info["SectorSize"]), json)


def miner_proving_deadline(
    miner: MinerArgument,
    tipset: TipsetOption = None,
    api: ApiOption = None,
    json: JsonOption = False,
) -> None:
    r"""Show the deadline of a miner whose window is open, or opens next.

    \b
    Examples:
      papyrus state miner-proving-deadline f01000
    """
    with connected(api) as node:
        found = node.ask("StateMinerProvingDeadline", address_text(miner), tipset_key(node, tipset))
    show(found, deadline_fields(found), json)


def info_fields(info: dict[str, Any]) -> list[tuple[str, object]]:
    """Return what people want to know of who a miner is."""
    controls = info["ControlAddresses"] or []
    return [
        ("owner", info["Owner"]),
        ("worker", info["Worker"]),
        ("control addresses", ", ".join(controls) or "none"),
        ("beneficiary", info["Beneficiary"]),
        ("peer", info["PeerId"] or "none"),
        ("sector size", human_power(info["SectorSize"])),
    ]


def power_fields(found: dict[str, Any], *, with_miner: bool) -> list[tuple[str, object]]:
    """Return a miner's power beside the network's, or the network's alone."""
    own, total = found["MinerPower"], found["TotalPower"]
    fields: list[tuple[str, object]] = [
        ("network, raw", human_power(total["RawBytePower"])),
        ("network, quality adjusted", human_power(total["QualityAdjPower"])),
    ]
    if not with_miner:
        return fields
    whole = int(total["QualityAdjPower"])
    share = 100 * int(own["QualityAdjPower"]) / whole if whole else 0.0
    return [
        ("raw", human_power(own["RawBytePower"])),
        (
            "quality adjusted",
            f"{human_power(own['QualityAdjPower'])}, {share:.4g} % of the network",
        ),
        ("may make blocks", "yes" if found["HasMinPower"] else "no, it has less than the least"),
        *fields,
    ]


def deadline_fields(found: dict[str, Any]) -> list[tuple[str, object]]:
    """Return what people want to know of the deadline that is due."""
    now = found["CurrentEpoch"]
    is_open = found["Open"] <= now < found["Close"]
    state = f"open for {found['Close'] - now} more" if is_open else f"in {found['Open'] - now}"
    return [
        ("epoch", now),
        ("period", f"from {found['PeriodStart']}"),
        ("deadline", f"{found['Index']} of {found['WPoStPeriodDeadlines']}"),
        ("window", f"{found['Open']} to {found['Close']} ({state} epochs)"),
        ("challenge", found["Challenge"]),
        ("faults until", found["FaultCutoff"]),
    ]


def say_sectors(found: list[dict[str, Any]]) -> None:
    """Print sectors as a table."""
    say_table(
        ("SECTOR", "ACTIVATED", "EXPIRES", "PLEDGE", "DEAL WEIGHT", "VERIFIED", "SEALED"),
        [
            (
                one["SectorNumber"],
                one["Activation"],
                one["Expiration"],
                fil(one["InitialPledge"]),
                one["DealWeight"],
                one["VerifiedDealWeight"],
                cid_text(one["SealedCID"]),
            )
            for one in found
        ],
    )
