import pytest
from actor_vm import FIRST_ID
from network import POWER, claims_of, events_of, findings_of_drivers, put_drivers
from people import people, put_people

from papyrus.actors.power.params import (
    CREATE_MINER,
    CREATE_MINER_EXPORTED,
    CreateMinerParams,
    CreateMinerReturn,
)
from papyrus.actors.power.state import Claim, State
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode

PEOPLE = people(2)
OWNER, WORKER = PEOPLE
DEPOSIT = 10**22


@pytest.fixture
def vm(make_vm):
    """Return machines with a person of each kind of key, and a contract."""
    machine = make_vm()

    def fill(one):
        put_drivers(one, market=False)
        put_people(one, PEOPLE)
        one.put_actor(110, "evm", balance=DEPOSIT)

    machine.each(fill)
    return machine


def create(vm, *, method=CREATE_MINER, value=DEPOSIT, sender=OWNER.id, **fields):
    params = {
        "owner": OWNER.key,
        "worker": WORKER.key,
        "window_post_proof_type": 10,
        "peer": b"peer",
        "multiaddrs": (b"\x01",),
    }
    message = CreateMinerParams(**{**params, **fields})
    return vm.send(sender, POWER, method, message, value=value)


@pytest.mark.parametrize("method", [CREATE_MINER, CREATE_MINER_EXPORTED])
def test_creates_a_miner_without_power(vm, method):
    created = CreateMinerReturn.from_cbor(create(vm, method=method).value)
    assert created.id_address == Address.from_id(FIRST_ID)
    assert vm.one.resolve(created.robust_address) == FIRST_ID
    assert vm.one.balance(FIRST_ID) == DEPOSIT
    assert claims_of(vm.one) == {FIRST_ID: Claim(10, 0, 0)}
    assert events_of(vm.one) == []
    assert vm.one.state(POWER, State).miner_count == 1
    assert not findings_of_drivers(vm.one, after_cron=False)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"value": 0}, ExitCode.USR_INSUFFICIENT_FUNDS),
        ({"window_post_proof_type": 9}, ExitCode.USR_ILLEGAL_ARGUMENT),
        ({"window_post_proof_type": 0}, ExitCode.USR_ILLEGAL_ARGUMENT),
        ({"worker": OWNER.key}, ExitCode.USR_ILLEGAL_ARGUMENT),
        ({"owner": Address.actor(b"?")}, ExitCode.USR_ILLEGAL_ARGUMENT),
        ({"peer": bytes(129)}, ExitCode.USR_ILLEGAL_ARGUMENT),
        ({"multiaddrs": (bytes(1025),)}, ExitCode.USR_ILLEGAL_ARGUMENT),
        ({"sender": 110}, ExitCode.USR_FORBIDDEN),
        ({"sender": 110, "method": CREATE_MINER_EXPORTED}, ExitCode.OK),
    ],
)
def test_fails_as_the_miners_constructor_fails(vm, fields, code):
    assert create(vm, **fields).code == code


@pytest.mark.parametrize(
    ("params", "code"),
    [(None, ExitCode.USR_ILLEGAL_ARGUMENT), (b"\x80", ExitCode.USR_SERIALIZATION)],
)
def test_params_must_decode(vm, params, code):
    assert vm.send(OWNER.id, POWER, CREATE_MINER, params).code == code


def test_each_miner_has_its_claim(vm):
    for _ in range(5):
        assert create(vm).code == ExitCode.OK
    assert claims_of(vm.one).keys() == set(range(FIRST_ID, FIRST_ID + 5))
    assert vm.one.state(POWER, State).miner_count == 5
