"""What Lotus' State methods say of a state: pure functions from a state tree to plain values.

Each module is about one actor. The values are dataclasses in the shape of Lotus' JSON, whose field
names are theirs in Go's spelling; nothing here waits, executes a message or knows of the network.
"""
