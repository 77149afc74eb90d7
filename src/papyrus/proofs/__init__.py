"""Proofs of storage: what is committed to, and what each proof claims."""
