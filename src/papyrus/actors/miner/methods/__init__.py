"""The methods of the miner actor, by topic; `actor` has the table of their numbers."""
