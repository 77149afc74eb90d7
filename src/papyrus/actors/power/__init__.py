"""The storage power actor."""
