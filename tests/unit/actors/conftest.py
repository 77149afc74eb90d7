"""Machines to test actors on."""

from actor_fixtures import make_vm

__all__ = ["make_vm"]
