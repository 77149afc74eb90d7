"""How blocks become state, and what their fields must say (spec 4.5, node.md 3).

Executing a tipset, choosing the messages that count, the base fee of the next one, the supply of
FIL, the randomness an execution sees, and the proof that a miner forked the chain.
"""
