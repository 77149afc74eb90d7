"""The verified registry actor."""
