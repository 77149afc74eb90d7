"""The table of scenarios names each of builtin-actors' once, and tests that are there."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROW = re.compile(r"^\| `(\w+(?:::\w+)+)` \| (.*) \|$", re.MULTILINE)
TEST = re.compile(r"`([\w/]+\.py)::(test_\w+)`")

SCENARIOS = {
    "authenticate_message_test": 1, "batch_onboarding": 1, "batch_onboarding_deals_test": 2,
    "change_beneficiary_test": 2, "change_owner_test": 3, "commit_post_test": 4,
    "datacap_tests": 2, "evm_notification_test": 2, "evm_sector_status_test": 1, "evm_test": 11,
    "extend_sectors_test": 4, "init_test": 1, "market_miner_withdrawal_test": 7,
    "multisig_test": 4, "nested_multisig_test": 2, "power_scenario_tests": 2,
    "prove_commit3_test": 1, "prove_commit_niporep_test": 3, "publish_deals_test": 16,
    "replica_update3_test": 18, "terminate_test": 1, "verified_claim_test": 3,
    "verifreg_multisig_root_test": 2, "verifreg_remove_datacap_test": 2,
    "withdraw_balance_test": 2,
}  # fmt: skip
"""How many scenarios each module of builtin-actors v18 has."""


@pytest.fixture
def table(root: Path) -> list[tuple[str, str]]:
    """Return the rows: a scenario, and the tests that play it."""
    return ROW.findall((root / "docs/guides/scenarios.md").read_text(encoding="utf-8"))


def test_every_scenario_is_in_the_table_once(table: list[tuple[str, str]]) -> None:
    names = [name for name, _ in table]
    assert len(set(names)) == len(names) == 97
    assert Counter(name.partition("::")[0] for name in names) == SCENARIOS


def test_every_test_in_the_table_exists(root: Path, table: list[tuple[str, str]]) -> None:
    folder = root / "tests" / "scenario" / "actors"
    there = {
        (path.relative_to(folder).as_posix(), node.name)
        for path in folder.rglob("test_*.py")
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.FunctionDef)
    }
    for name, tests in table:
        named = TEST.findall(tests)
        assert named, name
        assert set(named) <= there, name
