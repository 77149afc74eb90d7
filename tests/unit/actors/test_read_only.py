"""Contracts that own a miner, hold an allowance and have funds, in calls that may not write."""

import pytest
from actor_vm import TwinVm
from contracts import forward, put_contract
from markets import add_balance
from upkeep import CLIENT, OWNER, WINDOW_POST_2KIB, WORKER, give_datacap, world

from papyrus.actors.datacap import params as datacap
from papyrus.actors.datacap.params import BurnFromParams, IncreaseAllowanceParams
from papyrus.actors.dispatch import frc42
from papyrus.actors.market.params import WithdrawBalanceParams
from papyrus.actors.miner.params import numbers
from papyrus.actors.miner.params.control import ChangeWorkerAddressParams
from papyrus.actors.power.params import CREATE_MINER, CreateMinerParams, CreateMinerReturn
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.exit_codes import ExitCode

pytestmark = pytest.mark.bundle("v18/testing-fake-proofs")

CONTRACT, MARKET, POWER, TOKEN = 301, 5, 4, 7
BYTE = TokenAmount(10**18)


@pytest.fixture
def vm():
    """Return two machines with the contract."""
    machine = TwinVm("hybrid:eam=wasm,evm=wasm")
    machine.each(lambda one: put_contract(one, CONTRACT))
    return world(machine)


def outcomes(vm, to, method, params):
    """Return what comes of a call that may not write, and then of the same call that may."""
    code = forward(vm, OWNER.id, CONTRACT, to, method, params, read_only=True)
    return code, forward(vm, OWNER.id, CONTRACT, to, method, params)


def test_an_owner_changes_no_worker(vm):
    owner = Address.from_id(CONTRACT)
    params = CreateMinerParams(owner, WORKER.key, WINDOW_POST_2KIB, b"peer", ())
    answer = vm.ok(OWNER.id, POWER, CREATE_MINER, params, value=10**21)
    miner = CreateMinerReturn.from_cbor(answer).id_address.id
    change = ChangeWorkerAddressParams(WORKER.key, (OWNER.address,))
    method = numbers.CHANGE_WORKER_ADDRESS_EXPORTED
    assert outcomes(vm, miner, method, change) == (ExitCode.USR_READ_ONLY, ExitCode.OK)


def test_a_client_withdraws_nothing(vm):
    add_balance(vm, CONTRACT, 10**18)
    params = WithdrawBalanceParams(Address.from_id(CONTRACT), TokenAmount(5))
    method = frc42("WithdrawBalance")
    assert outcomes(vm, MARKET, method, params) == (ExitCode.USR_READ_ONLY, ExitCode.OK)


def test_an_operator_burns_nothing(vm):
    give_datacap(vm, 1 << 20)
    allowed = IncreaseAllowanceParams(Address.from_id(CONTRACT), BYTE)
    vm.ok(CLIENT.id, TOKEN, datacap.INCREASE_ALLOWANCE, allowed)
    params = BurnFromParams(CLIENT.address, BYTE)
    method = datacap.BURN_FROM
    assert outcomes(vm, TOKEN, method, params) == (ExitCode.USR_READ_ONLY, ExitCode.OK)
