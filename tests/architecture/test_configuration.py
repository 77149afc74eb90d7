"""The page of the configuration is what the declarations say."""

import importlib
import sys

import pytest


@pytest.fixture
def configuration(root, monkeypatch):
    """Return the module that makes the page."""
    monkeypatch.syspath_prepend(str(root))
    yield importlib.import_module("scripts.configuration")
    for name in [name for name in sys.modules if name.split(".")[0] == "scripts"]:
        del sys.modules[name]


def test_the_page_is_what_the_declarations_say(configuration):
    """Run `python -m scripts.configuration` where it is not."""
    assert configuration.PAGE.read_text(encoding="utf-8") == configuration.page()
