"""`papyrus state migrate`: what a network upgrade makes of a state, written to a file."""

from pathlib import Path
from typing import Annotated, Any

import typer

from papyrus.actors.migrations import SHARES
from papyrus.actors.migrations import migrate as run_migration
from papyrus.actors.migrations.context import manifest_of
from papyrus.actors.migrations.table import CHANGES
from papyrus.actors.migrations.verify import Verification, verify_migration
from papyrus.chain.upgrades import next_actors
from papyrus.cli.car_export import Counted, reachable
from papyrus.cli.output import (
    JsonOption,
    Progress,
    fail,
    human_size,
    note,
    progress,
    say_fields,
    say_json,
)
from papyrus.cli.state_files import FileArgument, StateOption, state_root
from papyrus.ipld.blockstore import Blockstore, LayeredBlockstore, get_cbor, load
from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import DecodeError, LocalFault
from papyrus.rules.network import Network
from papyrus.rules.networks import NETWORKS, network_named
from papyrus.rules.schedule import Upgrade
from papyrus.rules.schedule import upgrade as begin
from papyrus.storage.bundles import Bundle, BundleStore
from papyrus.storage.car_files import open_car, save_car
from papyrus.storage.migration_work import MigrationWork, WorkMemo, work_folder
from papyrus.types.actor import StateRoot
from papyrus.vm.state_tree import INIT_ACTOR, StateTree

OLDEST, NEWEST = min(CHANGES), max(CHANGES)


def migrate(
    file: FileArgument,
    to: Annotated[
        int,
        typer.Option(
            metavar="NV", min=OLDEST, max=NEWEST, help="The network version to upgrade to."
        ),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="CAR", help="The file to write: .car or .car.zst."),
    ],
    network: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=f"Whose upgrade; without it, as the state names itself: {', '.join(NETWORKS)}.",
        ),
    ] = None,
    height: Annotated[
        int | None,
        typer.Option(
            metavar="H",
            min=0,
            help="Where the upgrade lies, if not where the network's schedule has it.",
        ),
    ] = None,
    state: StateOption = None,
    verify: Annotated[
        bool, typer.Option(help="Compare the two states afterwards, actor by actor.")
    ] = True,
    json: JsonOption = False,
) -> None:
    r"""Write the state that a network upgrade makes of one, with all that the file has of it.

    The new actors come from the imported bundle of the network, and every actor is compared with
    what it was. Interrupted, the same command goes on where it stopped. The height of a fix within
    a network version (calibnet had some) chooses that fix.

    \b
    Examples:
      papyrus state migrate snapshot.car.zst --to 28 --output nv28.car.zst
      papyrus state migrate calibnet.car --to 26 --height 2558014 --output fixed.car
      papyrus state migrate chain.car.zst --to 24 --network devnet --height 30 -o new.car --json
    """
    if network is not None and network not in NETWORKS:
        raise typer.BadParameter(f"--network: known are {', '.join(NETWORKS)}")
    if not output.name.endswith((".car", ".car.zst")):
        raise typer.BadParameter(f"--output: {output} ends neither in .car nor in .car.zst")
    bundles = BundleStore()
    with open_car(file) as car:
        old_root = state_root(car, file, state)
        chain = _network(car, old_root, network)
        upgrade = chosen_upgrade(chain, to, height)
        actors = next_actors(bundles, chain, upgrade)
        _check_predecessor(bundles, car, old_root, upgrade, actors)
        found = _migrate(car, old_root, chain, upgrade, actors, output, verify=verify)
    if json:
        say_json(found)
        return
    counts = found["actors_by_name"] or {}
    verified = f"{found['actors']} actors, as they must be" if found["verified"] else "not compared"
    say_fields(
        [
            ("network", f"{found['network']}, to version {to} at height {upgrade.height}"),
            ("old state", found["old_state_root"]),
            ("new state", found["state_root"]),
            ("compared", verified),
            ("actors", ", ".join(f"{count} {name}" for name, count in counts.items()) or "-"),
            ("written", f"{found['blocks']} blocks, {human_size(found['data_size'])}, to {output}"),
        ]
    )


def _migrate(
    car: Blockstore,
    old_root: Cid,
    network: Network,
    upgrade: Upgrade,
    actors: Bundle,
    output: Path,
    *,
    verify: bool,
) -> dict[str, Any]:
    """Migrate, compare and write; return what is to be said of it."""
    facts = network.migrations
    identity = [old_root, upgrade.network_version, upgrade.height, upgrade.keeps_version]
    identity += [actors.manifest_data, network.name]
    with MigrationWork(work_folder(output), identity) as work:
        if work.nodes_done:
            note(f"going on in {work.folder}: {work.nodes_done} nodes of the tree are done")
        # A state alone is of use where it holds its manifest; the actors' code stays in the bundle.
        work.put(actors.manifest_data, load(actors.store, actors.manifest_data))
        store = LayeredBlockstore(work, car, actors.store)
        with progress("migrating", SHARES, bytes_unit=False) as bar:
            new_root = run_migration(
                store,
                old_root,
                upgrade,
                actors.manifest_data,
                facts,
                memo=WorkMemo(work),
                progress=_told(bar),
            )
        checked = None
        if verify:
            with progress("comparing", bytes_unit=False) as bar:
                checked = verify_migration(
                    store,
                    old_root,
                    new_root,
                    upgrade,
                    actors.manifest_data,
                    facts,
                    progress=bar.advance,
                )
            _require_right(checked)
        with progress("writing") as bar:
            blocks = Counted(reachable(LayeredBlockstore(work, car), [new_root]), bar)
            save_car(output, [new_root], blocks)
        work.remove()
    return {
        "network": network.name,
        "network_version": upgrade.network_version,
        "height": upgrade.height,
        "old_state_root": str(old_root),
        "state_root": str(new_root),
        "actors_release": actors.info.release,
        "manifest": str(actors.manifest),
        "verified": checked is not None,
        "actors": None if checked is None else checked.actors,
        "actors_by_name": None if checked is None else checked.by_name,
        "states_rewritten": None if checked is None else checked.rewritten,
        "balance": None if checked is None else str(int(checked.balance)),
        "output": str(output),
        "blocks": blocks.blocks,
        "data_size": blocks.data_size,
    }


def _told(bar: Progress) -> Any:
    def tell(shares: int, actors: int) -> None:
        bar.reach(shares, SHARES)
        bar.advance(0, f"migrating, {actors} actors")

    return tell


def _require_right(checked: Verification) -> None:
    if checked.differences:
        for line in checked.differences:
            note(line)
        fail("the migrated state is not what it must be, and was not written: this is a fault here")


def _network(store: Blockstore, root: Cid, name: str | None) -> Network:
    """Return the network meant, or the one whose name the init actor holds."""
    if name is not None:
        return network_named(name)
    try:
        init = StateTree(store, root).get(INIT_ACTOR)
        stated = None if init is None else get_cbor(store, init.head)[2]
    except (DecodeError, TypeError, LookupError):
        stated = None
    for network in NETWORKS.values():
        if stated is not None and stated == network.chain_name:
            return network
    raise LocalFault(
        f"the state {root} does not say of which known network it is ({stated!r}): give --network "
        f"({', '.join(NETWORKS)})"
    )


def chosen_upgrade(network: Network, version: int, height: int | None) -> Upgrade:
    """Return the row of a network's schedule that is meant, or one at a height of the user's."""
    rows = network.schedule.migrations_to(version)
    for row in rows:
        if row.height == height if height is not None else not row.keeps_version:
            return row
    if rows:
        known = ", ".join(str(row.height) for row in rows)
        raise typer.BadParameter(
            f"--height: {network.name} migrates to network version {version} at {known}"
        )
    if not begin(0, version).migrates:
        raise typer.BadParameter(f"--to: network version {version} migrates nothing")
    if height is None:
        raise typer.BadParameter(
            f"--to: {network.name} has no upgrade to network version {version} in its schedule: "
            "give its --height"
        )
    return begin(height, version)


def _check_predecessor(
    bundles: BundleStore, store: Blockstore, root: Cid, upgrade: Upgrade, actors: Bundle
) -> None:
    """Fail where the state is known to have other actors than those before the upgrade."""
    manifest = manifest_of(store, StateRoot.from_cbor(load(store, root)).actors)
    kept = {
        info.version
        for info in bundles.list()
        if bundles.load_manifest(info.manifest).manifest_data == manifest
    }
    before = actors.info.version - (0 if upgrade.keeps_version else 1)
    if kept and before not in kept:
        has = ", ".join(f"v{version}" for version in sorted(kept))
        fail(
            f"the state {root} has actors {has}, and the upgrade to network version "
            f"{upgrade.network_version} follows on v{before}"
        )
