"""The storage miner actor: a provider's sectors, their proofs, and the funds that back them.

A sector's life, by module: its number is taken (`sector_numbers`), it is announced with a deposit
(`pre_commits`), and proven it becomes a `SectorOnChainInfo` (`sectors`) that is assigned to a
deadline (`deadline_assignment`). From then on it is proven once a day with its partition
(`partition`, `partition_faults`, `deadline`, `deadline_proofs`) until it expires (`expirations`) or
is terminated (`partition_termination`). What it costs is in `monies` and `fees`, what it is worth
to consensus in `power`.
"""
