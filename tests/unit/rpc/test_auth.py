import stat

import jwt
import pytest

from papyrus.primitives.errors import LocalFault
from papyrus.rpc.auth import (
    ANYONE,
    EVERYTHING,
    SECRET_FILE,
    TOKEN_FILE,
    Auth,
    BadToken,
    open_auth,
)
from papyrus.rpc.declarations import Permission
from papyrus.rpc.errors import RpcError

AUTH = Auth(bytes(32))


def test_folder_gets_a_secret_and_a_token_that_allows_everything(tmp_path):
    auth = open_auth(tmp_path / "node")
    token = (tmp_path / "node" / TOKEN_FILE).read_text()
    assert auth.permissions(f"Bearer {token}") == EVERYTHING
    assert jwt.get_unverified_header(token)["alg"] == "HS256"
    assert jwt.decode(token, options={"verify_signature": False}) == {
        "Allow": ["read", "write", "sign", "admin"]
    }
    for name in (SECRET_FILE, TOKEN_FILE):
        assert stat.S_IMODE((tmp_path / "node" / name).stat().st_mode) == 0o600


def test_folder_keeps_its_secret(tmp_path):
    token = open_auth(tmp_path).issue(["sign"])
    assert open_auth(tmp_path).verify(token) == ["sign"]


def test_folders_have_secrets_of_their_own(tmp_path):
    token = open_auth(tmp_path / "a").issue(["sign"])
    with pytest.raises(BadToken, match="JWT Verification failed"):
        open_auth(tmp_path / "b").verify(token)


def test_token_that_was_removed_is_made_again(tmp_path):
    open_auth(tmp_path)
    (tmp_path / TOKEN_FILE).unlink()
    auth = open_auth(tmp_path)
    assert auth.verify((tmp_path / TOKEN_FILE).read_text()) == list(Permission)


def test_short_secret_is_refused(tmp_path):
    (tmp_path / SECRET_FILE).write_bytes(b"short")
    with pytest.raises(LocalFault, match="holds 5 bytes, not a secret of 32"):
        open_auth(tmp_path)


def test_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(LocalFault, match="cannot"):
        open_auth(tmp_path / "file")


def test_secret_is_not_shown():
    assert "\\x00" not in repr(AUTH)


def test_unknown_permission_is_not_issued():
    with pytest.raises(RpcError, match="no permission is called 'root'"):
        AUTH.issue(["read", "root"])


def test_unknown_permission_of_a_token_allows_nothing():
    token = jwt.encode({"Allow": ["read", "root"]}, bytes(32), algorithm="HS256")
    assert AUTH.verify(token) == ["read", "root"]
    assert AUTH.permissions(f"Bearer {token}") == ANYONE


@pytest.mark.parametrize("claims", [{}, {"Allow": None}, {"Allow": []}])
def test_token_without_permissions_allows_nothing(claims):
    token = jwt.encode(claims, bytes(32), algorithm="HS256")
    assert AUTH.permissions(f"Bearer {token}") == frozenset()


@pytest.mark.parametrize("shown", [None, ""])
def test_caller_without_a_token_may_read(shown):
    assert AUTH.permissions(shown) == ANYONE


def test_where_nobody_is_asked_everyone_may_do_everything():
    assert Auth.disabled().permissions("Bearer x") == EVERYTHING
    assert Auth.disabled().verify("x") == list(Permission)


def test_where_nobody_is_asked_no_token_can_be_made():
    with pytest.raises(RpcError, match="asks nobody for a token"):
        Auth.disabled().issue(["read"])
