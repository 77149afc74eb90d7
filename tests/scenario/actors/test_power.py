"""The power actor makes miners, and wakes each when its time has come."""

from calls import last_call
from people import people
from upkeep import OWNER, WINDOW_POST_2KIB, announce, go_to, miner_state, new_miner, window

from papyrus.actors.init.params import EXEC, ExecParams
from papyrus.actors.miner.params.control import MinerConstructorParams
from papyrus.actors.miner.params.numbers import ON_DEFERRED_CRON_EVENT
from papyrus.actors.power.params import (
    CREATE_MINER,
    ON_EPOCH_TICK_END,
    CreateMinerParams,
    CreateMinerReturn,
)
from papyrus.actors.reward.params import THIS_EPOCH_REWARD, UPDATE_NETWORK_KPI
from papyrus.actors.singletons import INIT, REWARD, STORAGE_POWER
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode
from papyrus.vm.payloads import cbor_block

CRON = 3
FUNDS = 10**20


def test_a_miner_is_made_by_the_init_actor(network):
    vm = network
    newcomer = people(10)[9]
    vm.ok(OWNER.id, newcomer.key, 0, value=FUNDS)
    owner = vm.one.resolve(newcomer.key)
    params = CreateMinerParams(
        newcomer.key, newcomer.key, WINDOW_POST_2KIB, b"miner", (b"multiaddr",)
    )
    outcome = vm.send(newcomer.key, STORAGE_POWER, CREATE_MINER, params, value=FUNDS)
    assert outcome.code == ExitCode.OK, outcome.failure
    made = CreateMinerReturn.from_cbor(outcome.value)
    assert made.id_address == Address.from_id(owner + 1)
    assert vm.one.resolve(made.robust_address) == made.id_address.id
    assert vm.one.balance(owner) == 0
    assert vm.one.balance(made.id_address.id) == FUNDS

    create = last_call(vm)
    assert create.told == [(INIT, EXEC)]
    (execute,) = create.calls
    inner = MinerConstructorParams(
        newcomer.key, newcomer.key, (), WINDOW_POST_2KIB, b"miner", (b"multiaddr",)
    )
    code = vm.one.codes["storageminer"]
    assert execute.params == cbor_block(ExecParams(code, inner.to_cbor()))
    assert execute.value == FUNDS
    (construct,) = execute.calls
    assert (construct.to, construct.method) == (made.id_address, 1)
    assert construct.params == cbor_block(inner)
    assert construct.value == FUNDS


def test_a_miner_is_woken_at_the_end_of_its_deadline_and_no_sooner(network):
    vm = network
    miner = new_miner(vm)
    assert announce(vm, miner, {100: ()}).code == ExitCode.OK
    index, last = window(vm, miner).index, window(vm, miner).last

    go_to(vm, last - 1)
    vm.ok(CRON, STORAGE_POWER, ON_EPOCH_TICK_END)
    asked, told = (REWARD, THIS_EPOCH_REWARD), (REWARD, UPDATE_NETWORK_KPI)
    assert last_call(vm).told == [asked, told]

    go_to(vm, last)
    vm.ok(CRON, STORAGE_POWER, ON_EPOCH_TICK_END)
    tick = last_call(vm)
    woken = Address.from_id(miner), ON_DEFERRED_CRON_EVENT
    assert tick.told == [asked, woken, told]
    assert (tick.calls[1].sender, tick.calls[1].value) == (STORAGE_POWER.id, 0)
    assert tick.calls[1].code == ExitCode.OK
    assert miner_state(vm, miner).current_deadline == (index + 1) % 48
