import pytest

from papyrus.actors.account.invariants import check_state_invariants
from papyrus.actors.account.params import AUTHENTICATE_MESSAGE, AuthenticateMessageParams
from papyrus.actors.account.state import State
from papyrus.actors.common.findings import Findings
from papyrus.crypto.signatures import SignatureType, address_of, sign
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode

SECRETS = {kind: bytes([kind]) * 32 for kind in (SignatureType.SECP256K1, SignatureType.BLS)}
KEYS = {kind: address_of(kind, secret) for kind, secret in SECRETS.items()}
TRUE = b"\xf5"


@pytest.fixture
def vm(make_vm):
    """Return a machine with an account of each kind of key."""
    machine = make_vm()

    def fill(one):
        one.put_account(100, KEYS[SignatureType.SECP256K1], 10**20)
        one.put_account(101, KEYS[SignatureType.BLS])
        one.put_addresses(dict(zip(KEYS.values(), (100, 101), strict=True)))

    machine.each(fill)
    return machine


def test_a_key_address_becomes_an_account_on_first_use(vm):
    key = Address.secp256k1(b"\x04" + bytes(64))
    vm.ok(100, key, 0, value=5)
    assert vm.ok(100, key, 2) == b"\x55" + bytes(key)


def test_the_constructor_is_for_the_system_alone(vm):
    assert vm.send(100, 101, 1, KEYS[SignatureType.BLS]).code == ExitCode.USR_FORBIDDEN


def test_an_account_is_made_for_a_key_only(vm):
    assert vm.send(0, 101, 1, Address.from_id(5)).code == ExitCode.USR_ILLEGAL_ARGUMENT


@pytest.mark.parametrize("kind", SECRETS)
def test_authenticates_what_its_key_signed(vm, kind):
    account = 100 if kind is SignatureType.SECP256K1 else 101
    signature = sign(kind, SECRETS[kind], b"hello").data
    claim = AuthenticateMessageParams(signature, b"hello")
    assert vm.ok(100, account, AUTHENTICATE_MESSAGE, claim) == TRUE
    claim = AuthenticateMessageParams(signature, b"other")
    refused = vm.send(100, account, AUTHENTICATE_MESSAGE, claim)
    assert refused.code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_an_account_without_a_key_authenticates_nothing(vm):
    vm.each(lambda one: one.put_account(99, Address.from_id(99)))
    claim = AuthenticateMessageParams(bytes(65), b"hello")
    assert vm.send(100, 99, AUTHENTICATE_MESSAGE, claim).code == ExitCode.USR_ILLEGAL_STATE


def test_answers_any_exported_number_with_nothing(vm):
    assert vm.ok(100, 101, 1 << 24, b"\xff anything") == b""
    assert vm.send(100, 101, (1 << 24) - 1).code == ExitCode.USR_UNHANDLED_MESSAGE


@pytest.mark.parametrize(
    ("params", "code"),
    [
        (b"", ExitCode.USR_ILLEGAL_ARGUMENT),
        (b"\x81\x40", ExitCode.USR_SERIALIZATION),
        (b"\x82\x40\x40\x00", ExitCode.USR_SERIALIZATION),
        (b"\x82\x5f\x40\xff\x40", ExitCode.USR_ILLEGAL_ARGUMENT),
    ],
)
def test_parameters_decode_as_the_released_actors_decode_them(vm, params, code):
    assert vm.send(100, 101, AUTHENTICATE_MESSAGE, params).code == code


def test_a_method_without_parameters_takes_none(vm):
    assert vm.send(100, 101, 2, b"\x80").code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_invariants_want_a_key_of_all_but_the_first_actors():
    findings = Findings()
    key, no_key = State(KEYS[SignatureType.BLS]), State(Address.from_id(99))
    check_state_invariants(key, 100, findings)
    check_state_invariants(no_key, 99, findings)
    assert findings.sentences == []
    check_state_invariants(no_key, 100, findings)
    assert findings.sentences == ["actor address f099 must be BLS or SECP256K1 protocol"]
