"""Telling this machine's clients where the interface is: the `api` file, as Lotus writes it.

The token beside it is made with the secret it is signed with, by the interface itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from papyrus.node.listen_address import ListenAddress
from papyrus.node.repository import Repository
from papyrus.storage.files import write_atomic


@contextmanager
def announced(repository: Repository, address: ListenAddress) -> Iterator[None]:
    """Keep the address, with the port that is listened on, in the `api` file while the block runs.

    A file that a killed node left is replaced. LocalFault where it cannot be written.
    """
    write_atomic(repository.api_file, address.local.multiaddr.encode())
    try:
        yield
    finally:
        with suppress(OSError):
            repository.api_file.unlink()


def environment_line(address: ListenAddress, token: str) -> str:
    """Return the value of FULLNODE_API_INFO by which clients reach the node."""
    return f"{token}:{address.local.multiaddr}" if token else address.local.multiaddr
