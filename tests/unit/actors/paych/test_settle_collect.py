import pytest
from channels import put_channel, redeem, voucher

from papyrus.actors.paych.actor import SETTLE_DELAY
from papyrus.actors.paych.params import COLLECT, SETTLE
from papyrus.actors.paych.state import State
from papyrus.primitives.exit_codes import ExitCode


def at(vm, epoch):
    vm.each(lambda one: one.change(epoch=epoch))


@pytest.mark.parametrize("party", [100, 101])
def test_either_party_starts_the_delay(vm, party):
    assert vm.ok(party, 200, SETTLE) == b""
    assert vm.one.state(200, State).settling_at == 1000 + SETTLE_DELAY == 1000 + 1440


def test_the_delay_starts_once(vm):
    vm.ok(100, 200, SETTLE)
    assert vm.send(101, 200, SETTLE).code == ExitCode.USR_ILLEGAL_STATE


@pytest.mark.parametrize("method", [SETTLE, COLLECT])
def test_are_for_the_parties_alone(vm, method):
    assert vm.send(102, 200, method).code == ExitCode.USR_FORBIDDEN
    assert vm.send(102, 202, method).code == ExitCode.USR_FORBIDDEN


@pytest.mark.parametrize("method", [SETTLE, COLLECT])
def test_take_no_parameters(vm, method):
    assert vm.send(100, 200, method, b"\x80").code == ExitCode.USR_ILLEGAL_ARGUMENT


@pytest.mark.parametrize(
    ("height", "settling_at"), [(2439, 2440), (2440, 2440), (2441, 2441), (2**63 - 1,) * 2]
)
def test_settling_waits_for_the_height_that_vouchers_ask_for(vm, payer, payee, height, settling_at):
    redeem(vm, payee.id, 200, voucher(200, payer, min_settle_height=height))
    vm.ok(payer.id, 200, SETTLE)
    assert vm.one.state(200, State).settling_at == settling_at


def test_an_epoch_beyond_64_bits_is_an_overflow(vm):
    at(vm, 2**63 - 1 - 1439)
    assert vm.send(100, 200, SETTLE).code == ExitCode.USR_ASSERTION_FAILED
    at(vm, 2**63 - 1 - 1440)
    assert vm.send(100, 200, SETTLE).code == ExitCode.OK


@pytest.mark.parametrize("channel", [200, 202])
def test_nothing_is_collected_before_its_time(vm, channel):
    at(vm, 1999)
    assert vm.send(100, channel, COLLECT).code == ExitCode.USR_FORBIDDEN


@pytest.mark.parametrize("party", [100, 101])
def test_collect_pays_both_and_deletes_the_channel(vm, party):
    at(vm, 2000)
    before = vm.one.balance(100), vm.one.balance(101)
    assert vm.ok(party, 202, COLLECT) == b""
    assert (vm.one.balance(100), vm.one.balance(101)) == (before[0] + 990, before[1] + 10)
    assert vm.one.actor(202) is None
    assert vm.send(party, 202, COLLECT).code == ExitCode.SYS_INVALID_RECEIVER


def test_what_comes_with_the_call_goes_back_to_the_payer(vm):
    at(vm, 2000)
    before = vm.one.balance(100)
    vm.ok(101, 202, COLLECT, value=5)
    assert vm.one.balance(100) == before + 995


def test_collect_fails_where_a_party_is_gone(vm):
    def fill(one):
        put_channel(one, 204, 202, 101, balance=5, settling_at=1)
        put_channel(one, 205, 100, 202, balance=5, settling_at=1)

    vm.each(fill)
    at(vm, 2000)
    vm.ok(100, 202, COLLECT)
    assert vm.send(101, 204, COLLECT).code == ExitCode.USR_UNSPECIFIED
    assert vm.send(100, 205, COLLECT).code == ExitCode.USR_UNSPECIFIED


def test_collect_fails_where_funds_are_missing(vm):
    vm.each(lambda one: put_channel(one, 204, 100, 101, balance=5, settling_at=1, to_send=6))
    assert vm.send(100, 204, COLLECT).code == ExitCode.USR_INSUFFICIENT_FUNDS


def test_a_channel_that_pays_itself_cannot_be_deleted(vm):
    vm.each(lambda one: put_channel(one, 204, 204, 101, balance=5, settling_at=1, to_send=1))
    assert vm.send(101, 204, COLLECT).code == ExitCode.USR_ILLEGAL_ARGUMENT


def test_has_no_other_methods(vm):
    for number in (5, (1 << 24) - 1, 1 << 24, 2**64 - 1):
        assert vm.send(100, 200, number).code == ExitCode.USR_UNHANDLED_MESSAGE
