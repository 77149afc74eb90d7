"""What `papyrus devnet` refuses before it begins."""

from dataclasses import asdict
from pathlib import Path

import pytest
from devnet_desk import devnet_desk

from papyrus.cli.devnet import steady_pace
from papyrus.cli.devnet_banner import banner, facts
from papyrus.cli.devnet_state import write_dump
from papyrus.devnet.dump import DevnetDump
from papyrus.devnet.options import DevnetOptions
from papyrus.node.config import Config
from papyrus.node.listen_address import parse_listen_address
from papyrus.types.tipset import TipsetKey


def test_chain_keeps_to_the_clock_where_no_block_time_is_given() -> None:
    assert steady_pace(Config(), DevnetOptions(epoch_seconds=7)) == 7
    given = Config.model_validate({"devnet": {"block_time": 0.5}})
    assert steady_pace(given, DevnetOptions(epoch_seconds=1)) == 0.5


@pytest.mark.parametrize("accounts", [0, 1])
def test_banner_has_no_heads_with_nothing_under_them(accounts: int) -> None:
    with devnet_desk(accounts=accounts) as desk:
        found = facts(desk.devnet, parse_listen_address("127.0.0.1:1234"), "")
        lines = list(banner(desk.devnet, found, 1.0))
    heads = [line for line in lines if line.startswith(("  Accounts", "  Keys"))]
    assert len(heads) == 2 * accounts


def test_options_that_a_loaded_state_contradicts_are_refused(papyrus, tmp_path: Path) -> None:
    options = DevnetOptions(accounts=2)
    settings = {**asdict(options), "balance": str(int(options.balance)), "timestamp": 1}
    path = tmp_path / "monday.json"
    write_dump(path, DevnetDump(settings, TipsetKey(()), b"no snapshot", []))

    def refused(*words: object) -> str:
        # What is refused forgets nothing.
        kept = tmp_path / "devnet" / "devnet.json"
        kept.parent.mkdir(exist_ok=True)
        kept.write_text("{}")
        result = papyrus("devnet", "--state", tmp_path, "--load-state", path, "--reset", *words)
        assert (result.exit_code, kept.exists()) == (1, True)
        return str(result.stderr)

    told = refused("--accounts", 3, "--block-time", 9, "--balance", "10000")
    assert "begun with another --accounts and --block-time, which stays as it was" in told
    path.unlink()
    assert f"cannot read {path}" in refused()


def test_balance_that_is_no_amount_is_explained(papyrus, tmp_path: Path) -> None:
    result = papyrus("devnet", "--state", tmp_path, "--balance", "abc")
    assert result.exit_code == 1
    assert "the amount of --balance 'abc' is none" in result.stderr
    assert "write FIL as 1.5, or attoFIL as 10attofil" in result.stderr
