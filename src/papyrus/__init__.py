"""Filecoin in Python: reads as the specification, runs as the node."""
