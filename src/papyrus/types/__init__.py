"""The records of the chain: messages, receipts, events, blocks, tipsets and actors.

Each is a frozen dataclass whose wire form is the CBOR array of its fields in order. None of them
knows a rule; they hold what was written, and the packages above say what it means.
"""
