"""`papyrus bundle`: the official code of the built-in actors, kept in `$PAPYRUS_PATH/bundles`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from papyrus.cli.output import (
    JsonOption,
    note,
    progress,
    say,
    say_json,
    say_table,
)
from papyrus.storage.bundles import BundleInfo, BundleStore

app = typer.Typer(
    rich_markup_mode=None,
    no_args_is_help=True,
    help="""Keep the official code of the built-in actors (Wasm), which Papyrus runs.

    It is not part of Papyrus: import the files that the builtin-actors project releases, or those
    that Lotus keeps in build/actors, or fetch a release. Each is checked, block by block, against
    the manifest that the network agreed on.""",
)

NETWORKS_HELP = (
    "mainnet, calibrationnet, butterflynet, caterpillarnet, devnet, testing, testing-fake-proofs"
)


@app.command("import", no_args_is_help=True)
def import_file(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="Bundle CARs, or Lotus' vNN.tar.zst.")
    ],
    json: JsonOption = False,
) -> None:
    r"""Keep every bundle of the files, if all of it is what it should be.

    A file with a fault is refused whole, and nothing of it stays behind.

    \b
    Examples:
      papyrus bundle import builtin-actors-mainnet.car
      papyrus bundle import lotus/build/actors/v*.tar.zst
    """
    store = BundleStore()
    kept: list[BundleInfo] = []
    for file in files:
        with progress(f"checking {file.name}") as bar:
            infos = store.import_file(file, bar.advance)
        kept += infos
        if not json:
            names = ", ".join(f"v{info.version}/{_name(info)}" for info in infos)
            say(f"{file.name}: {names}")
    if json:
        say_json([_to_json(info) for info in kept])


@app.command("list")
def list_bundles(json: JsonOption = False) -> None:
    r"""List the bundles that are kept.

    \b
    Examples:
      papyrus bundle list
      papyrus bundle list --json
    """
    store = BundleStore()
    kept = store.list()
    if json:
        say_json([_to_json(info) for info in kept])
    elif kept:
        say_table(
            ("VERSION", "NETWORK", "RELEASE", "MANIFEST"),
            [
                (
                    f"v{info.version}",
                    info.network,
                    info.release + (" (replaced)" if info.superseded else ""),
                    info.manifest,
                )
                for info in kept
            ],
        )
    else:
        note(
            f"no bundles in {store.folder}: run `papyrus bundle fetch 18`, or `papyrus bundle "
            "import` with files from Lotus' build/actors"
        )


@app.command("fetch", no_args_is_help=True)
def fetch_release(
    version: Annotated[str, typer.Argument(help="An actors version (18) or a release (v18.0.0).")],
    network: Annotated[
        list[str] | None,
        typer.Option("--network", "-n", help=f"May be given more than once: {NETWORKS_HELP}."),
    ] = None,
    base_url: Annotated[
        str | None,
        typer.Option(
            envvar="PAPYRUS_BUNDLES_URL",
            help="Where releases are instead of GitHub, before /TAG/builtin-actors-NETWORK.car.",
        ),
    ] = None,
    time_limit: Annotated[
        float, typer.Option(min=1, help="Seconds after which to give up on a file.")
    ] = 1800,
    json: JsonOption = False,
) -> None:
    r"""Download a release of builtin-actors and keep it.

    A broken download goes on where it stopped when the command is run again. Actors v10 belong to
    network version 18, v12 to v15 to 21 to 24, v16 to 25 and 26, v17 to 27, v18 to 28.

    \b
    Examples:
      papyrus bundle fetch 18
      papyrus bundle fetch v16.0.1 --network calibrationnet --network mainnet
    """
    from papyrus.storage import bundle_download  # noqa: PLC0415 - httpx is slow to import

    store = BundleStore()
    source = bundle_download.Source(base_url or bundle_download.RELEASES_URL, time_limit)
    rows = [bundle_download.find_release(version, name) for name in network or ["mainnet"]]
    kept = []
    for row in rows:
        with progress(f"fetching {row.release} {row.network}") as bar:
            info = bundle_download.fetch(store, row, source, bar.reach)
        kept.append(info)
        if not json:
            say(f"v{info.version}/{_name(info)} {info.manifest}")
    if json:
        say_json([_to_json(info) for info in kept])


def _name(info: BundleInfo) -> str:
    """Return the network, with the release where it is not the one in force."""
    return f"{info.network} ({info.release}, replaced)" if info.superseded else info.network


def _to_json(info: BundleInfo) -> dict[str, Any]:
    """Return what is known of a kept bundle, ready for JSON."""
    return {
        "version": info.version,
        "network": info.network,
        "release": info.release,
        "superseded": info.superseded,
        "manifest": str(info.manifest),
    }
