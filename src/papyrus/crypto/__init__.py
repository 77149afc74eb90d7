"""Hashes, keys and signatures: the protocol's choice of each, over tested libraries."""
