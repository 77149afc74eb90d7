"""What the methods of the miner actor take and return, by topic.

Methods that take or return one bare value have no record here: they are annotated with `Address`,
`TokenAmount`, `bool` and the like.
"""
