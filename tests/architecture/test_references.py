"""The pages that are made from declarations are what the declarations say."""

import importlib
import sys

import pytest


@pytest.mark.parametrize("name", ["rpc_reference", "fault_reference"])
def test_the_page_is_what_the_declarations_say(root, monkeypatch, name):
    """Run `python -m scripts.rpc_reference` (or `fault_reference`) where it is not."""
    monkeypatch.syspath_prepend(str(root))
    made = importlib.import_module(f"scripts.{name}")
    try:
        assert made.PAGE.read_text(encoding="utf-8") == made.page()
    finally:
        for module in [module for module in sys.modules if module.split(".")[0] == "scripts"]:
            del sys.modules[module]
