"""How blocks become state, and what their fields must say (spec 4.5, node.md 3).

Judging blocks, their messages and what is announced of them; elections, weights and the choice
between chains. Executing a tipset, choosing the messages that count, the base fee of the next one,
the supply of FIL, the randomness an execution sees, and the proof that a miner forked the chain.
"""
