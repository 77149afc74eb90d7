"""A network for one machine: who is in it, what it begins with, and how its time passes.

A devnet is the full node with block producers beside it, not a simulation of one. What is its own
is here: accounts with keys that everybody knows, and a genesis with real actors in which these
accounts have money, a miner has sectors, and verifiers have DataCap to give. Proofs of storage are
simulated, and say so.
"""
