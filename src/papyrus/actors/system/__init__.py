"""The system actor."""
