"""`papyrus genesis build`: from a template to the chain file that a node begins with."""

from pathlib import Path
from typing import Annotated

import typer

from papyrus.actors.engine import EngineChoice
from papyrus.cli.car_export import Counted
from papyrus.cli.engines import EngineOption, engine_choice
from papyrus.cli.genesis_template import TemplateArgument, load_template
from papyrus.cli.output import (
    JsonOption,
    human_size,
    note,
    progress,
    say_fields,
    say_json,
)
from papyrus.conformance.environment import shared_environment
from papyrus.genesis.build import Genesis, build_genesis, genesis_blocks
from papyrus.genesis.sectors import is_simulated
from papyrus.genesis.template import Template, check_template
from papyrus.ipld.blockstore import MemoryBlockstore
from papyrus.primitives.errors import LocalFault
from papyrus.rules.actor_codes import actor_codes
from papyrus.storage.car_files import save_car


def build(
    template: TemplateArgument,
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="The chain file to write, .car or .car.zst."),
    ],
    engine: EngineOption = "native",
    json: JsonOption = False,
) -> None:
    r"""Make the first block of a network and the state it stands on.

    The same template gives the same bytes, on any engine. The actors' released code comes into the
    file where all of it is kept here (`papyrus bundle fetch`), as Lotus has it; without it the
    command says so, and nodes must find the code in bundles of their own.

    \b
    Examples:
      papyrus genesis build devnet.toml genesis.car
      papyrus genesis build butterfly.toml genesis.car.zst --engine wasm
    """
    choice = engine_choice(engine)
    read = load_template(template)
    check_template(read)
    genesis = _built(read, choice)
    code = shared_environment().code
    codes = actor_codes(read.rules().actors_version, read.constants().actors_bundle).values()
    has_code = all(map(code.has, codes))
    chosen = code if has_code else MemoryBlockstore()
    with progress(f"writing {file.name}") as bar:
        blocks = Counted(genesis_blocks(genesis, chosen), bar)
        save_car(file, (genesis.cid,), blocks)
    _show(read, genesis, file, blocks, has_code=has_code, choice=choice, as_json=json)


def _built(template: Template, choice: EngineChoice) -> Genesis:
    environment = shared_environment()
    network, rules = template.constants(), template.rules()
    missing = [
        name
        for name, code in actor_codes(rules.actors_version, network.actors_bundle).items()
        if choice.runs_as_wasm(name) and not environment.code.has(code)
    ]
    if missing:
        raise LocalFault(
            f"{', '.join(missing[:3])} {'is' if len(missing) == 1 else 'are'} to run as released "
            f"code, which is not here: run `papyrus bundle fetch {rules.actors_version} --network "
            f"{network.actors_bundle}`, or leave --engine away"
        )
    runner = environment.engine_for(choice, network)
    sectors = sum(len(miner.sectors) for miner in template.miners)
    with progress("sectors", sectors, bytes_unit=False) as bar:
        return build_genesis(template, environment.over(MemoryBlockstore()), runner, bar.advance)


def _show(
    template: Template,
    genesis: Genesis,
    file: Path,
    blocks: Counted,
    *,
    has_code: bool,
    choice: EngineChoice,
    as_json: bool,
) -> None:
    sectors = [sector for miner in template.miners for sector in miner.sectors]
    simulated = sum(is_simulated(sector.sealed_cid) for sector in sectors)
    bundle = template.constants().actors_bundle
    version = template.rules().actors_version
    if as_json:
        say_json(
            {
                "file": str(file),
                "genesis": str(genesis.cid),
                "state_root": str(genesis.header.parent_state_root),
                "network_name": template.network_name,
                "network_version": template.network_version,
                "actors": f"v{version}/{bundle}",
                "timestamp": template.timestamp,
                "miners": len(template.miners),
                "sectors": len(sectors),
                "simulated_sectors": simulated,
                "deals_trusted": template.trusts_deals,
                "blocks": blocks.blocks,
                "bytes": blocks.data_size,
                "code_included": has_code,
                "engine": str(choice),
            }
        )
    else:
        size = human_size(blocks.data_size)
        unsealed = f", {simulated} of them simulated" if simulated else ""
        codeless = "" if has_code else ", without the actors' code"
        rules = f"nv{template.network_version}, actors v{version} of {bundle}"
        say_fields(
            (
                ("genesis", genesis.cid),
                ("state root", genesis.header.parent_state_root),
                ("network", f"{template.network_name}, {rules}"),
                ("timestamp", template.timestamp),
                ("miners", f"{len(template.miners)} with {len(sectors)} sectors{unsealed}"),
                ("file", f"{file}, {blocks.blocks} blocks of {size}{codeless}"),
            )
        )
    if simulated:
        note(f"{simulated} sectors are simulated: no proof of them can be made")
    if template.trusts_deals:
        note("the clients' signatures of deals were taken on trust, as the template says")
    if not has_code:
        note(
            f"the code of actors v{version} of {bundle} is not here and not in {file}: "
            f"`papyrus bundle fetch {version} --network {bundle}` brings it"
        )
