"""The init actor."""
