"""The account actor."""
