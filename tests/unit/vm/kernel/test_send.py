"""The system call that calls another actor."""

import pytest

from papyrus.ipld.cid import CBOR, DAG_CBOR, RAW, Cid
from papyrus.ipld.dag_cbor import encode
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ErrorNumber as E
from papyrus.primitives.exit_codes import ExitCode
from papyrus.vm import blocks
from papyrus.vm import gas_charges as charges

FIL = 10**18
SENDER, ACTOR, OTHER = 100, 1000, 1001
FIRST_NEW = 2000
PAGE = 65_536
ALL = 2**64 - 1
READ_ONLY = 1
TO = bytes(Address.from_id(OTHER))
KEY = Address.secp256k1(b"\x04" + bytes(63) + b"\x07")
F410 = Address.from_ethereum(b"\x11" * 20)


def call(to=TO, method=2, params=0, value=0, gas_limit=ALL, flags=0):
    """Return the system call."""
    return ("send.send", to, method, params, value >> 64, value & ALL, gas_limit, flags)


def errnos(outcome):
    return [step.errno for step in outcome.steps]


def answer(step):
    """Return exit code, block number, codec and length of a call's answer."""
    return step.unpack("IIQI")


def test_a_call_returns_a_block_that_the_caller_may_read(world):
    world.put_actor(OTHER, world.program(("vm.message_context",)))
    outcome = world.run(
        call(method=7),
        ("ipld.block_read", world.got(0, 4), 4, world.buffer(80)),
        ("ipld.block_stat", world.got(0, 4)),
    )
    assert errnos(outcome) == [0, 0, 0]
    assert answer(outcome.steps[0]) == (0, 1, RAW, 84)
    assert outcome.steps[2].unpack("QI") == (RAW, 84)
    context = outcome.steps[1].buffers[0]
    numbers = [int.from_bytes(context[at : at + 8], "little") for at in range(0, 40, 8)]
    assert numbers == [SENDER, 0, ACTOR, OTHER, 7]
    names = outcome.call.calls[0].names
    assert names[:2] == ["OnActorLookup", "OnMethodInvocation"]
    assert ("OnReturnValue" in names) == world.prices.tracks_links
    assert "OnChainReturnValue" not in names


def test_a_call_without_answer_gives_zeros(world):
    world.put_actor(OTHER, "tester")
    outcome = world.run(call())
    assert answer(outcome.steps[0]) == (0, 0, 0, 0)


def test_parameters_are_passed_as_a_block_with_its_links(world):
    leaf = world.put(b"\x01")
    data = encode([leaf])
    head = world.put(data)
    world.put_actor(
        OTHER,
        world.program(
            ("ipld.block_stat", world.params),
            ("ipld.block_open", world.at(leaf)),
            ("ipld.block_create", DAG_CBOR, data),
        ),
    )
    outcome = world.run(
        ("self.root", world.buffer(38)),
        ("ipld.block_open", world.at(head)),
        call(params=world.got(1, 8)),
        ("ipld.block_read", world.got(2, 4), 0, world.buffer(16)),
        head=head,
    )
    assert errnos(outcome) == [0] * 4
    (errno, codec, size) = (
        int.from_bytes(outcome.steps[3].buffers[0][a:b], "little")
        for a, b in ((0, 4), (4, 12), (12, 16))
    )
    assert (errno, codec, size) == (0, DAG_CBOR, len(data))
    sub = outcome.call.calls[0]
    links = 1 if world.prices.tracks_links else 0
    assert charges.on_method_invocation(world.prices, links) in sub.charges
    made = world.program(
        ("ipld.block_stat", world.params),
        ("ipld.block_open", world.at(leaf)),
        ("ipld.block_create", DAG_CBOR, data),
    )
    returned = outcome.trace.subcalls[0].returned.data
    assert [step.errno for step in made.read(returned)] == [0, 0, 0]


def test_what_a_call_returns_makes_its_links_reachable(new_world):
    leaf = new_world.put(b"\x01")
    head = new_world.put(encode([leaf]))
    body = f"""(drop (call $self.root (i32.const 100) (i32.const 200) (i32.const 38)))
    (drop (call $ipld.block_open (i32.const 112) (i32.const 200))) (i32.const 1)
    (; {leaf} ;)"""
    giver = new_world.raw(body, "self.root", "ipld.block_open")
    new_world.put_actor(OTHER, giver, head=head)
    outcome = new_world.run(
        ("ipld.block_open", new_world.at(leaf)), call(), ("ipld.block_open", new_world.at(leaf))
    )
    assert errnos(outcome) == [E.NOT_FOUND, 0, 0]
    sub = outcome.call.calls[0]
    assert sub.charges[-1] == charges.on_return_value(new_world.prices, 1)


def test_value_moves_and_is_told(world):
    world.put_actor(OTHER, world.program(("self.current_balance",), ("vm.message_context",)))
    value = 2**64 + 5
    outcome = world.run(call(value=value), ("self.current_balance",), balance=3 * 2**64)
    assert errnos(outcome) == [0, 0]
    assert outcome.steps[1].number == 2 * 2**64 - 5
    assert outcome.balance(OTHER) == value
    sub = outcome.call.calls[0]
    assert sub.names[:4] == ["OnActorLookup", "OnValueTransfer", "OnActorUpdate", "OnActorUpdate"]
    data = outcome.trace.subcalls[0].returned.data
    assert int.from_bytes(data[4:20], "little") == value
    assert int.from_bytes(data[64:80], "little") == value


@pytest.mark.parametrize(
    ("to", "errno"),
    [
        (bytes(Address.from_id(5555)), E.NOT_FOUND),
        (bytes(Address.actor(b"nobody")), E.NOT_FOUND),
        (bytes(Address.delegated(11, b"x")), E.NOT_FOUND),
        (bytes(Address.bls(b"\xc0" + bytes(47))), E.ILLEGAL_ARGUMENT),
        (b"\x09", E.ILLEGAL_ARGUMENT),
    ],
)
def test_a_call_needs_a_receiver(world, to, errno):
    outcome = world.run(call(to), call(to, method=0), ("gas.available",))
    assert errnos(outcome) == [errno, errno, 0]


@pytest.mark.parametrize("method", [0, 2])
def test_a_call_cannot_bring_more_than_the_caller_has(world, method):
    world.put_actor(OTHER, "tester")
    outcome = world.run(call(method=method, value=11), call(method=method, value=10), balance=10)
    assert errnos(outcome) == [E.INSUFFICIENT_FUNDS, 0]
    assert outcome.balance(OTHER) == 10


def test_a_deleted_caller_has_nothing_to_send(new_world):
    new_world.put_actor(OTHER, "tester")
    outcome = new_world.run(("self.self_destruct", 1), call(value=1), call(), balance=10)
    assert errnos(outcome) == [0, E.INSUFFICIENT_FUNDS, 0]


def test_sending_to_oneself_moves_nothing(world):
    outcome = world.run(
        call(bytes(Address.from_id(ACTOR)), method=0, value=10),
        call(bytes(Address.from_id(ACTOR)), method=0, value=11),
        balance=10,
    )
    assert errnos(outcome) == [0, E.INSUFFICIENT_FUNDS]
    assert outcome.balance(ACTOR) == 10
    assert outcome.call.calls[0].names == ["OnValueTransfer"]


def test_the_arguments_are_checked_in_order(world):
    nobody = Address.actor(b"nobody")
    outcome = world.run(
        ("send.send", PAGE, 1, 2, 99, 0, 0, ALL, 2),
        call(bytes(nobody), params=99, flags=2),
        call(bytes(nobody), params=99, flags=1 << 63),
        call(bytes(nobody), params=99, value=1, flags=READ_ONLY),
        call(bytes(nobody), params=99, flags=READ_ONLY),
        call(bytes(nobody), flags=READ_ONLY),
    )
    assert errnos(outcome) == [
        E.ILLEGAL_ARGUMENT,
        E.ILLEGAL_ARGUMENT,
        E.ILLEGAL_ARGUMENT,
        E.READ_ONLY,
        E.INVALID_HANDLE,
        E.NOT_FOUND,
    ]
    assert [len(outcome.call.of_step(place)) for place in range(6)] == [0] * 6
    assert len(outcome.call.calls) == 1


def test_a_read_only_call_changes_nothing_and_neither_do_its_own(world):
    head = world.put(b"\x05")
    fvm4 = world.prices.tracks_links
    reader = world.program(
        ("self.root", world.buffer(38)),
        ("self.set_root", world.at(head)),
        ("self.self_destruct", 1) if fvm4 else ("self.self_destruct", TO),
        ("event.emit_event", 0, 0, 0, 0, 0, 0) if fvm4 else ("event.emit_event", b"\x80"),
        call(bytes(Address.from_id(SENDER)), method=0, value=1),
        call(bytes(KEY), method=0),
        call(bytes(F410), method=0),
        ("actor.create_actor", 3000, world.at(world.codes["tester"]), b""),
        ("vm.message_context",),
    )
    # As the init actor it gets past the question of who may create actors.
    world.put_actor(1, reader, balance=5, head=head)
    outcome = world.run(call(bytes(Address.from_id(1)), flags=READ_ONLY))
    assert errnos(outcome) == [0]
    steps = reader.read(outcome.trace.subcalls[0].returned.data)
    assert [step.errno for step in steps] == [0] + [E.READ_ONLY] * 7 + [0]
    assert steps[-1].unpack("10Q")[-1] == 1
    assert outcome.actor(FIRST_NEW) is None
    sub = outcome.call.calls[0]
    get_root = [charges.on_get_root(world.prices)] if fvm4 else []
    assert sub.of_step(0) == get_root
    assert [sub.of_step(place) for place in (1, 2, 3, 4, 7)] == [[]] * 5


def test_read_only_is_passed_on_without_being_asked_for(world):
    inner = world.program(("vm.message_context",))
    world.put_actor(OTHER + 1, inner)
    middle = world.program(call(bytes(Address.from_id(OTHER + 1))))
    world.put_actor(OTHER, middle)
    outcome = world.run(call(flags=READ_ONLY))
    innermost = outcome.trace.subcalls[0].subcalls[0]
    assert innermost.request.read_only
    (step,) = inner.read(innermost.returned.data)
    assert step.unpack("10Q")[-1] == 1


def test_a_key_address_gets_an_account_by_being_sent_to(world):
    outcome = world.run(call(bytes(KEY), method=0, value=4), balance=10)
    assert errnos(outcome) == [0]
    account = outcome.actor(FIRST_NEW)
    assert (account.code, account.balance) == (world.codes["account"], 4)
    assert account.head == Cid.of(encode(bytes(KEY)), CBOR)
    assert outcome.tree.resolve(KEY) == FIRST_NEW
    prices = world.prices
    names = outcome.call.calls[0].names
    assert outcome.call.calls[0].charges[:4] == [
        charges.on_resolve_address(),
        charges.on_create_actor(prices, new_address=True),
        charges.on_actor_lookup(prices),
        charges.on_actor_update(prices),
    ]
    assert names[4] == "OnMethodInvocation"
    assert names[-2:] == ["OnValueTransfer", "OnActorUpdate"]


def test_an_ethereum_address_gets_a_placeholder_by_being_sent_to(world):
    outcome = world.run(call(bytes(F410), method=0, value=4), balance=10)
    assert errnos(outcome) == [0]
    placeholder = outcome.actor(FIRST_NEW)
    assert placeholder.code == world.codes["placeholder"]
    assert (placeholder.balance, placeholder.delegated_address) == (4, F410)
    assert "OnMethodInvocation" not in outcome.call.calls[0].names
    assert outcome.tree.resolve(F410) == FIRST_NEW


def test_a_limited_call_that_runs_dry_answers_so_and_the_caller_goes_on(world):
    world.put_actor(OTHER, world.raw("(loop $again (br $again)) (i32.const 0)"))
    limit = 2_000_000
    outcome = world.run(("gas.available",), call(gas_limit=limit), ("gas.available",))
    assert errnos(outcome) == [0, 0, 0]
    assert answer(outcome.steps[1]) == (ExitCode.SYS_OUT_OF_GAS, 0, 0, 0)
    before, after = outcome.steps[0].number, outcome.steps[2].number
    assert before - after == limit + 2 * 14_000
    assert outcome.trace.subcalls[0].gas_limit == limit
    assert outcome.trace.subcalls[0].exit_code == ExitCode.SYS_OUT_OF_GAS


def test_an_unlimited_call_that_runs_dry_ends_the_message(world):
    world.put_actor(OTHER, world.raw("(loop $again (br $again)) (i32.const 0)"))
    limit = 20_000_000
    outcome = world.run(call(), gas_limit=limit)
    assert (outcome.code, outcome.receipt.gas_used) == (ExitCode.SYS_OUT_OF_GAS, limit)
    assert outcome.receipt.return_data == b""


@pytest.mark.parametrize("asked", [ALL - 1, 10**15])
def test_a_limit_beyond_what_is_left_is_what_is_left(world, asked):
    world.put_actor(OTHER, world.raw("(loop $again (br $again)) (i32.const 0)"))
    limit = 20_000_000
    outcome = world.run(call(gas_limit=asked), gas_limit=limit)
    assert (outcome.code, outcome.receipt.gas_used) == (ExitCode.SYS_OUT_OF_GAS, limit)


def test_what_is_available_inside_a_limited_call_is_the_limit(world):
    inner = world.program(("gas.available",))
    world.put_actor(OTHER, inner)
    outcome = world.run(call(gas_limit=10_000_000))
    sub = outcome.call.calls[0]
    place = sub.log.index(("OnSyscall", 14_000_000, 0))
    spent = sum(sum(entry[1:]) for entry in sub.log[: place + 1])
    (step,) = inner.read(outcome.trace.subcalls[0].returned.data)
    assert step.number == (10_000_000_000 - spent) // 1000


def test_a_call_without_gas_answers_out_of_gas(world):
    world.put_actor(OTHER, "tester")
    outcome = world.run(call(gas_limit=0), call(gas_limit=0, method=0))
    assert errnos(outcome) == [0, 0]
    assert answer(outcome.steps[0])[0] == ExitCode.SYS_OUT_OF_GAS
    # The first call was undone, so the second looks the receiver up anew.
    assert answer(outcome.steps[1])[0] == ExitCode.SYS_OUT_OF_GAS


@pytest.mark.parametrize("code", [16, 33, 2**32 - 1])
def test_a_failed_call_answers_with_its_code_and_data(world, code):
    ending = f"""i32.const 200
    i64.const 0x51
    i32.const 0
    i32.const 2
    call $ipld.block_create
    drop
    i32.const {code}
    i32.const 200
    i32.load
    i32.const 0
    i32.const 0
    call $vm.exit
    unreachable"""
    world.put_actor(OTHER, world.program(ending=ending))
    outcome = world.run(call(value=5), ("ipld.block_stat", world.got(0, 4)), balance=10)
    assert answer(outcome.steps[0]) == (code, 1, CBOR, 2)
    assert outcome.steps[1].unpack("QI") == (CBOR, 2)
    assert (outcome.balance(ACTOR), outcome.balance(OTHER)) == (10, 0)
    assert outcome.result.failure is None


def test_a_call_needs_room_for_its_answer(world, monkeypatch):
    monkeypatch.setattr(blocks, "_MAX_BLOCKS", 1)
    world.put_actor(OTHER, "tester")
    body = """(drop (call $ipld.block_create (i32.const 100) (i64.const 0x55) (i32.const 0)
        (i32.const 0)))
        (drop (call $vm.exit (i32.add (i32.const 16) (call $send.send (i32.const 8) (i32.const 0)
        (i32.const 3) (i64.const 2) (i32.const 0) (i64.const 0) (i64.const 0) (i64.const -1)
        (i64.const 0))) (i32.const 0) (i32.const 0) (i32.const 0))) unreachable"""
    outcome = world.run_raw(body, "ipld.block_create", "send.send", "vm.exit", options={"data": TO})
    assert outcome.code == 16 + E.LIMIT_EXCEEDED
    assert outcome.call.calls == []


def test_a_caller_does_not_outlive_gas_that_was_all_its_own(world):
    # Nothing it does after the call costs more: its instructions are paid for ahead.
    world.put_actor(OTHER, world.raw("(loop $again (br $again)) (i32.const 0)"))
    body = """(drop (call $send.send (i32.const 8) (i32.const 0) (i32.const 3) (i64.const 2)
        (i32.const 0) (i64.const 0) (i64.const 0) (i64.const 20000000) (i64.const 0)))
        (i32.const 0)"""
    outcome = world.run_raw(body, "send.send", options={"data": TO}, gas_limit=20_000_000)
    assert outcome.code == ExitCode.SYS_OUT_OF_GAS


def test_a_new_address_counts_as_resolved(world):
    outcome = world.run(call(bytes(KEY), method=0), ("actor.resolve_address", bytes(KEY)))
    assert outcome.steps[1].number == FIRST_NEW
    assert outcome.call.of_step(1) == [charges.on_resolve_address()]
