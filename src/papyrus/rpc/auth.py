"""Who may call what: JSON Web Tokens as Lotus makes them.

A token is HS256 over {"Allow": ["read", "write", "sign", "admin"]}, signed with the node's secret;
it may carry an `exp`. The secret is 32 random bytes in `jwt-secret`, and a token that allows
everything is in `token`, both readable by their owner alone. Who shows no token may read. One who
shows a token that is not good is refused, even for what anyone may read (go-jsonrpc auth).

A devnet may do without: then everyone may do everything, which must be asked for by name.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from papyrus.primitives.errors import LocalFault
from papyrus.rpc.api_info import TOKEN_FILE
from papyrus.rpc.declarations import Permission
from papyrus.rpc.errors import ErrorCode, RpcError, invalid_parameters
from papyrus.storage.files import write_atomic

ALGORITHM = "HS256"
SECRET_LENGTH = 32
SECRET_FILE = "jwt-secret"  # noqa: S105 - the name of a file
MAX_TOKEN_LENGTH = 4096
"""Characters of a token that is looked at."""

EVERYTHING = frozenset(Permission)
ANYONE = frozenset({Permission.READ})
"""What Lotus lets callers without a token do."""

_BEARER = "Bearer "


def _jwt() -> Any:
    # Only where tokens are looked at: with all that it loads it takes a tenth of a second.
    import jwt  # noqa: PLC0415 - see above

    return jwt


class BadToken(LocalFault):
    """A caller shows something that is no good token of this node."""


@dataclass(frozen=True, slots=True)
class Auth:
    """The permissions of callers by what they show."""

    secret: bytes | None = field(repr=False)
    """None where everyone may do everything."""

    @classmethod
    def disabled(cls) -> "Auth":
        """Return the rule of a devnet: everyone may do everything."""
        return cls(None)

    @property
    def is_disabled(self) -> bool:
        """Whether nobody is asked for a token."""
        return self.secret is None

    def permissions(self, authorization: str | None) -> frozenset[Permission]:
        """Return what a request with this Authorization header may do; raises BadToken."""
        if self.secret is None:
            return EVERYTHING
        if not authorization:
            return ANYONE
        if not authorization.startswith(_BEARER):
            raise BadToken("the Authorization header is not of the form 'Bearer TOKEN'")
        allowed = self.verify(authorization.removeprefix(_BEARER))
        return frozenset(Permission(name) for name in allowed if name in EVERYTHING)

    def verify(self, token: str) -> list[str]:
        """Return what a token allows, in its own words; raises BadToken."""
        if self.secret is None:
            return [str(permission) for permission in Permission]
        jwt = _jwt()
        try:
            if len(token) > MAX_TOKEN_LENGTH:
                raise BadToken("JWT Verification failed: the token is too long")
            claims = jwt.decode(token, self.secret, algorithms=[ALGORITHM])
        except jwt.PyJWTError as error:
            raise BadToken(f"JWT Verification failed: {error}") from error
        return _allowed(claims)

    def issue(self, permissions: Iterable[str]) -> str:
        """Return a token that allows these; RpcError for an unknown one, and without a secret."""
        if self.secret is None:
            raise RpcError(ErrorCode.GENERIC, "this node asks nobody for a token")
        names = [str(name) for name in permissions]
        unknown = [name for name in names if name not in EVERYTHING]
        if unknown:
            known = ", ".join(Permission)
            raise invalid_parameters(f"no permission is called {unknown[0]!r}; there are {known}")
        token: str = _jwt().encode({"Allow": names}, self.secret, algorithm=ALGORITHM)
        return token


def open_auth(home: Path) -> Auth:
    """Return the rule of a node's folder, making its secret and its token where they are missing.

    Raises LocalFault where the files cannot be read or written, or are not what they should be.
    """
    path = home / SECRET_FILE
    try:
        if not path.exists():
            write_atomic(path, secrets.token_bytes(SECRET_LENGTH), private=True)
        secret = path.read_bytes()
        if len(secret) < SECRET_LENGTH:
            raise LocalFault(f"{path} holds {len(secret)} bytes, not a secret of {SECRET_LENGTH}")
        auth = Auth(secret)
        if not (home / TOKEN_FILE).exists():
            token = auth.issue(Permission).encode("ascii")
            write_atomic(home / TOKEN_FILE, token, private=True)
    except OSError as error:
        raise LocalFault(f"cannot keep the secret of the interface in {home}: {error}") from error
    return auth


def _allowed(claims: dict[str, Any]) -> list[str]:
    allowed = claims.get("Allow")
    if allowed is None:
        return []
    if not isinstance(allowed, list) or not all(isinstance(name, str) for name in allowed):
        raise BadToken("JWT Verification failed: Allow is not a list of permissions")
    return allowed
