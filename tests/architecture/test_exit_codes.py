"""The page of exit codes is what was counted, and has a reason for whatever was not seen."""

import importlib
import sys

import pytest


@pytest.fixture
def exit_codes(root, monkeypatch):
    """Return the module that makes the page."""
    monkeypatch.syspath_prepend(str(root))
    yield importlib.import_module("scripts.exit_codes")
    for name in [name for name in sys.modules if name.split(".")[0] == "scripts"]:
        del sys.modules[name]


def test_the_page_is_what_was_counted(exit_codes):
    """Run `make exit-codes` where it is not, and give a reason for what was not seen."""
    assert exit_codes.PAGE.read_text() == exit_codes.page()


def test_a_method_that_can_abort_has_sites(exit_codes):
    sites = exit_codes.all_sites()
    found = {(site.code, site.function) for site in sites["account"]["authenticate_message"]}
    assert (20, "actors.account.actor.authenticate_message") in found
    assert (16, "actors.account.actor.authenticate_message") in found
    assert (21, "actors.dispatch.parameters_decode") in found


def test_each_actor_has_a_mistake_that_is_noticed(exit_codes):
    rows = exit_codes.json.loads((exit_codes.DATA / "negative_controls.json").read_text())
    assert {row["actor"] for row in rows} == {
        "account", "cron", "datacap", "ethaccount", "init", "market", "miner", "multisig", "paych",
        "placeholder", "power", "reward", "system", "verifreg",
    }  # fmt: skip
    assert all(row["messages"] for row in rows)


def test_a_reason_is_kept_only_for_sites_there_are(exit_codes):
    sites = exit_codes.all_sites()
    known = {
        (site.code, site.function)
        for methods in sites.values()
        for found in methods.values()
        for site in found
    }
    assert set(exit_codes.reasons()) <= known
