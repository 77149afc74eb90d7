"""The DataCap actor: DataCap as a token, one whole token for a byte (FIP-0045)."""
