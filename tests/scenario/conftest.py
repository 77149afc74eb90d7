"""Fixtures of the machine: small worlds with hand-written actors."""

from machine import make_world, new_world, old_world, rules_by_version, world

__all__ = ["make_world", "new_world", "old_world", "rules_by_version", "world"]
