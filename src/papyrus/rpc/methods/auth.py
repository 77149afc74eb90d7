"""Auth: tokens and what they allow."""

from typing import Protocol

from papyrus.rpc.auth import Auth
from papyrus.rpc.declarations import ADMIN, READ, Context, method


class AuthNode(Protocol):
    """What the group needs of the node."""

    @property
    def auth(self) -> Auth:
        """The rule that tokens are made and judged by."""
        ...


@method("AuthVerify", READ)
async def auth_verify(context: Context[AuthNode], token: str) -> list[str]:
    """Return what a token allows, or an error where it is not one of this node's."""
    return context.node.auth.verify(token)


@method("AuthNew", ADMIN)
async def auth_new(context: Context[AuthNode], permissions: list[str]) -> bytes:
    """Return a token that allows exactly these of read, write, sign and admin."""
    return context.node.auth.issue(permissions).encode("ascii")


class AuthMethods:
    """The group, as a server registers and a client has it."""

    auth_verify = auth_verify
    auth_new = auth_new
