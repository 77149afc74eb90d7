"""The multisig actor."""
