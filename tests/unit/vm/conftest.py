"""Fixtures of the machine: small worlds with hand-written actors."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "support"))

from machine import make_world, new_world, old_world, rules_by_version, world

__all__ = ["make_world", "new_world", "old_world", "rules_by_version", "world"]
