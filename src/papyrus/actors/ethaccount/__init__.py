"""The Ethereum account actor."""
