"""A plugin for pytest that counts the calls of all tests on two engines, for a page in the docs.

`pytest -p recording` with the name of a file in PAPYRUS_RECORD_CALLS. Beside what a test asserts,
both engines then have to make the same calls, message by message.
"""

import json
import os
from collections import Counter
from pathlib import Path

import actor_vm
from recorder import agreed, counted, taken, watch

_counts = Counter()
_sent = Counter()


class WatchedTwin(actor_vm.TwinVm):
    """Two machines that are compared in each call, and counted together with all others."""

    def __init__(self, *engines, **options):
        """Begin with two machines that are watched."""
        super().__init__(*engines, **options)
        watch(self)

    def send(self, *message, **fields):
        """Send a message to both, compare all that it did and each call, and count the calls."""
        try:
            outcome = super().send(*message, **fields)
        finally:
            calls = taken(self)
        _counts.update(counted(self.one, agreed(message, *calls)))
        _sent["messages"] += 1
        return outcome


actor_vm.TwinVm = WatchedTwin


def pytest_collection_modifyitems(items):
    """Leave out tests on one machine of which there is the same on two."""
    items[:] = [item for item in items if "native" not in item.name.rpartition("[")[2]]


def pytest_sessionfinish(session):
    """Write what was counted."""
    found = {
        "messages": _sent["messages"],
        "tests": session.testscollected,
        "failed": session.testsfailed,
        "calls": [[*key, count] for key, count in sorted(_counts.items())],
    }
    Path(os.environ["PAPYRUS_RECORD_CALLS"]).write_text(json.dumps(found) + "\n")
