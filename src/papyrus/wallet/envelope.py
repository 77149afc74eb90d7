"""What people sign that is no message of a chain (FRC-0102).

A text goes into an envelope before it is signed, so that nobody can be made to sign a message of
the chain in the belief that it is a text. `lotus wallet sign` does so unless told otherwise.
Accounts of Ethereum have an envelope of their own there (EIP-191), which is not this one.
"""

_PREFIX = b"\x19Filecoin Signed Message:\n"


def in_envelope(data: bytes) -> bytes:
    """Return what is signed when someone signs these bytes as a text."""
    return _PREFIX + str(len(data)).encode("ascii") + data
