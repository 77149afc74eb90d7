from papyrus.primitives.errors import (
    ActorError,
    Invalid,
    LocalFault,
    SyscallError,
    UnsupportedNetworkVersion,
)
from papyrus.primitives.exit_codes import ErrorNumber, ExitCode


def test_actor_error_names_its_exit_code() -> None:
    error = ActorError(ExitCode.USR_ILLEGAL_ARGUMENT, "no such method", b"why")
    assert str(error) == "USR_ILLEGAL_ARGUMENT(16): no such method"
    assert (error.exit_code, error.message, error.data) == (16, "no such method", b"why")


def test_syscall_error_names_its_number() -> None:
    error = SyscallError(ErrorNumber.NOT_FOUND, "f099")
    assert str(error) == "NOT_FOUND: f099"
    assert (error.number, error.message) == (6, "f099")


def test_invalid_names_its_fault() -> None:
    error = Invalid("BASE_FEE", "got 100, expected 101")
    assert str(error) == "BASE_FEE: got 100, expected 101"
    assert (error.fault, error.detail) == ("BASE_FEE", "got 100, expected 101")


def test_unsupported_network_version_is_this_machines_fault() -> None:
    error = UnsupportedNetworkVersion(19)
    assert isinstance(error, LocalFault)
    assert error.network_version == 19
    assert "network version 19 is not supported" in str(error)
