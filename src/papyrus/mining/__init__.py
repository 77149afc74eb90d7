"""Making blocks and keeping power: what a miner does with its key and its sectors.

`producer` makes a block over a tipset, `slash_filter` keeps it from signing one that would be a
fault, `post_scheduler` proves each deadline's sectors while its window is open. They are plain
functions over stored blocks; when they are called, and with whose keys and proofs, is the node's.
"""
