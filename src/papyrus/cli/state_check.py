"""`papyrus state check`: what is wrong with a state, actor by actor and between them."""

from collections.abc import Callable
from typing import Annotated, Any

import typer

from papyrus.actors.checks.state import SHARES, Finding, Report, check_state, state_codes
from papyrus.actors.registry import OLDEST_VERSION
from papyrus.cli.output import JsonOption, Progress, fail, progress, say, say_fields, say_json
from papyrus.cli.state_files import (
    FileArgument,
    StateOption,
    epoch_before,
    state_header,
    state_root,
)
from papyrus.genesis.initial_state import TOTAL_SUPPLY
from papyrus.ipld.blockstore import Blockstore
from papyrus.ipld.cid import Cid
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.rules.actor_codes import release_of
from papyrus.rules.networks import NETWORKS
from papyrus.rules.policy import policy_of
from papyrus.storage.bundles import BundleStore
from papyrus.storage.car_files import open_car


def check(
    file: FileArgument,
    state: StateOption = None,
    network: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="Whose rules hold, where the state's actors are of no known release: "
            f"{', '.join(NETWORKS)}.",
        ),
    ] = None,
    limit: Annotated[
        int, typer.Option(metavar="N", min=1, help="Findings after which the check ends.")
    ] = 100,
    json: JsonOption = False,
) -> None:
    r"""Check the invariants of a state: every actor's, and what must hold between actors.

    Power is compared with sectors, claims and deals with miners, allocations with DataCap, locked
    funds with balances, and the sum of all balances with the two billion FIL there are. The exit
    code is 1 where anything is wrong.

    \b
    Examples:
      papyrus state check chain.car.zst
      papyrus state check snapshot.car.zst --state 6052800 --json
      papyrus state check state.car --state bafy2bzacea... --network devnet
    """
    if network is not None and network not in NETWORKS:
        raise typer.BadParameter(f"--network: known are {', '.join(NETWORKS)}")
    with open_car(file) as car:
        root = state_root(car, file, state)
        header = state_header(car, file, state)
        try:
            version, build = _release(car, root, network)
            with progress("checking", SHARES, bytes_unit=False) as bar:
                report = check_state(
                    car,
                    root,
                    epoch=None if header is None else epoch_before(car, header),
                    policy=policy_of(build),
                    total=TOTAL_SUPPLY,
                    limit=limit,
                    progress=_told(bar),
                )
        except DecodeError as error:
            raise LocalFault(f"{root} is not a state tree of today: {error}") from error
    if json:
        say_json(_to_json(root, version, report))
    else:
        _show(root, version, report)
    if report.findings:
        raise typer.Exit(1)


def _release(store: Blockstore, root: Cid, network: str | None) -> tuple[int | None, str]:
    """Return the version and the build of a state's actors; the version is None if unknown."""
    codes = state_codes(store, root)
    release = release_of(codes) or _kept_release(codes)
    if release is not None and release[0] < OLDEST_VERSION:
        fail(
            f"the state {root} has actors v{release[0]}: states are checked from "
            f"v{OLDEST_VERSION} on"
        )
    if network is not None and release is None:
        return None, NETWORKS[network].actors_bundle
    if release is None:
        fail(
            f"the state {root} has actors of no release that is known here: if they are v"
            f"{OLDEST_VERSION} or later, say whose rules they hold to with --network"
        )
    return release


def _kept_release(codes: dict[str, Cid]) -> tuple[int, str] | None:
    """Return the version and the build of actors that an imported bundle holds, or None."""
    bundles = BundleStore()
    for info in bundles.list():
        if bundles.load_manifest(info.manifest).actors == codes:
            return info.version, info.network
    return None


def _told(bar: Progress) -> Callable[[int, int], None]:
    def tell(shares: int, actors: int) -> None:
        bar.reach(shares, SHARES)
        bar.advance(0, f"checking, {actors} actors")

    return tell


def _to_json(root: Cid, version: int | None, report: Report) -> dict[str, Any]:
    totals = report.totals
    return {
        "state_root": str(root),
        "epoch": report.epoch,
        "actors_version": version,
        "build": report.build,
        "whole": report.is_whole,
        "actors": report.actors,
        "actors_by_name": report.by_name,
        "balance": str(int(report.balance)),
        "raw_power": str(totals.active_power.raw),
        "quality_adjusted_power": str(totals.active_power.quality_adjusted),
        "faulty_raw_power": str(totals.faulty_power.raw),
        "deals": report.deals,
        "allocations": report.allocations,
        "claims": report.claims,
        "findings": [_finding_json(finding) for finding in report.findings],
    }


def _finding_json(finding: Finding) -> dict[str, Any]:
    return {
        "actor": None if finding.actor_id is None else str(Address.from_id(finding.actor_id)),
        "type": finding.type or None,
        "sentence": finding.sentence,
    }


def _show(root: Cid, version: int | None, report: Report) -> None:
    totals = report.totals
    release = "no known release" if version is None else f"actors v{version}"
    counts = ", ".join(f"{count} {name}" for name, count in report.by_name.items())
    power = totals.active_power
    say_fields(
        [
            ("state", root),
            ("epoch", f"after {report.epoch}" if report.epoch >= 0 else "genesis"),
            ("actors", f"{report.actors}: {counts}"),
            ("rules", f"{report.build}, {release}"),
            ("balance", report.balance.to_fil()),
            ("power", f"{power.raw} bytes, {power.quality_adjusted} by quality"),
            ("faulty", f"{totals.faulty_power.raw} bytes"),
            ("deals", report.deals),
            ("datacap", f"{report.allocations} allocations, {report.claims} claims"),
        ]
    )
    say()
    for finding in report.findings:
        say(str(finding))
    if not report.findings:
        say("nothing is wrong")
    elif report.is_whole:
        say(f"wrong in {len(report.findings)} ways")
    else:
        say(f"wrong in {len(report.findings)} ways at least: the check has ended there")
