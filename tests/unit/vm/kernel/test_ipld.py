"""System calls on blocks."""

import pytest

from papyrus.ipld.cid import CBOR, DAG_CBOR, RAW, Cid
from papyrus.ipld.dag_cbor import encode
from papyrus.primitives.errors import LocalFault
from papyrus.primitives.exit_codes import ErrorNumber as E
from papyrus.primitives.exit_codes import ExitCode
from papyrus.rules.gas_prices import BLAKE2B_256
from papyrus.vm import gas_charges as charges

ACTOR = 1000
PAGE = 65_536
MIB = 1 << 20
LEAF = b"\x43abc"


def tree(world):
    """Return two blocks of which the first links to the second."""
    leaf = world.put(LEAF)
    data = encode([7, leaf])
    return world.put(data), data, leaf


def opening(world, length, fields, cids):
    """Return what opening a block of so many bytes, fields and links is charged."""
    prices = world.prices
    scan = [charges.on_scan_links(prices, fields, cids)] if prices.tracks_links else []
    return [
        charges.on_block_open_base(prices),
        *scan,
        charges.on_block_open(prices, length, cids),
    ]


def test_open_gives_number_codec_and_length_and_lets_follow_links(world):
    root, data, leaf = tree(world)
    outcome = world.run(
        ("self.root", world.buffer(38)),
        ("ipld.block_open", world.at(root)),
        ("ipld.block_open", world.at(leaf)),
        ("ipld.block_read", world.got(1, 8), 0, world.buffer(len(data))),
        ("ipld.block_read", world.got(2, 8), 1, world.buffer(3)),
        head=root,
    )
    assert [step.errno for step in outcome.steps] == [0] * 5
    assert outcome.steps[1].unpack("QII") == (DAG_CBOR, 1, len(data))
    assert outcome.steps[2].unpack("QII") == (DAG_CBOR, 2, len(LEAF))
    assert outcome.steps[3].buffers == (data,)
    assert outcome.steps[4].buffers == (b"abc",)
    assert outcome.call.of_step(1) == opening(world, len(data), 3, 1)
    assert outcome.call.of_step(2) == opening(world, len(LEAF), 1, 0)
    assert outcome.trace.blocks_moved == [("Get", root, len(data)), ("Get", leaf, len(LEAF))]


def test_open_refuses_what_is_not_reachable(new_world):
    root, _, leaf = tree(new_world)
    outcome = new_world.run(
        ("ipld.block_open", new_world.at(root)),
        ("self.root", new_world.buffer(38)),
        ("ipld.block_open", new_world.at(leaf)),
        head=root,
    )
    assert [step.errno for step in outcome.steps] == [E.NOT_FOUND, 0, E.NOT_FOUND]
    assert outcome.steps[0].out == bytes(16)
    base = [charges.on_block_open_base(new_world.prices)]
    assert outcome.call.of_step(0) == outcome.call.of_step(2) == base
    assert outcome.trace.blocks_moved == []


def test_open_reached_anything_before_links_were_tracked(old_world):
    root, data, _ = tree(old_world)
    outcome = old_world.run(("ipld.block_open", old_world.at(root)))
    assert outcome.steps[0].unpack("QII") == (DAG_CBOR, 1, len(data))


def test_open_of_a_block_that_the_store_lost_is_this_machines_fault(world):
    lost = Cid.of(b"\x01")
    steps = [("self.root", world.buffer(38)), ("ipld.block_open", world.at(lost))]
    world.put_actor(ACTOR, world.program(*steps), head=lost)
    with pytest.raises(LocalFault, match=str(lost)):
        world.send()


@pytest.mark.parametrize("offset", [PAGE - 1, PAGE, PAGE + 1, 2**32 - 1])
def test_open_refuses_what_is_no_cid_in_memory(world, offset):
    outcome = world.run(("ipld.block_open", offset))
    assert outcome.steps[0].errno == E.ILLEGAL_ARGUMENT
    assert outcome.call.of_step(0) == []


def test_open_reads_a_cid_up_to_the_last_byte_of_memory(world):
    root, data, _ = tree(world)
    outcome = world.run(
        ("self.root", PAGE - len(root), len(root)),
        ("ipld.block_open", PAGE - len(root)),
        head=root,
    )
    assert [step.errno for step in outcome.steps] == [0, 0]
    assert outcome.steps[1].unpack("QII") == (DAG_CBOR, 1, len(data))


def test_create_numbers_blocks_after_the_parameters(world):
    outcome = world.run(
        ("ipld.block_create", DAG_CBOR, LEAF),
        ("ipld.block_create", CBOR, b""),
        ("ipld.block_stat", world.got(0)),
        ("ipld.block_stat", world.params),
        params=b"\x01\x02",
    )
    assert [step.number for step in outcome.steps[:2]] == [2, 3]
    assert outcome.steps[2].unpack("QI") == (DAG_CBOR, len(LEAF))
    assert outcome.steps[3].unpack("QI") == (CBOR, 2)
    prices = world.prices
    scans = [charges.on_scan_links(prices, 1, 0)] if prices.tracks_links else []
    assert outcome.call.of_step(0) == [*scans, charges.on_block_create(prices, len(LEAF), 0)]
    assert outcome.call.of_step(2) == [charges.on_block_stat()]


def test_a_block_may_have_a_mebibyte_and_no_more(world):
    outcome = world.run(
        ("ipld.block_create", RAW, 64, MIB),
        ("ipld.block_create", RAW, 64, MIB + 1),
        ("ipld.block_create", 0x70, 64, MIB + 1),
        pages=17,
    )
    assert [step.errno for step in outcome.steps] == [0, E.LIMIT_EXCEEDED, E.LIMIT_EXCEEDED]
    assert outcome.call.of_step(0)[-1] == charges.on_block_create(world.prices, MIB, 0)
    assert outcome.call.of_step(1) == []


def test_create_refuses_a_buffer_outside_of_memory(world):
    outcome = world.run(("ipld.block_create", RAW, PAGE, 1), ("ipld.block_create", RAW, PAGE, 0))
    assert [step.errno for step in outcome.steps] == [E.ILLEGAL_ARGUMENT, 0]


def test_create_takes_three_codecs_since_links_are_tracked(new_world):
    steps = [("ipld.block_create", codec, b"\x01") for codec in (RAW, CBOR, DAG_CBOR, 0x70, 0)]
    outcome = new_world.run(*steps)
    assert [step.errno for step in outcome.steps] == [0, 0, 0, E.ILLEGAL_CODEC, E.ILLEGAL_CODEC]
    assert outcome.call.of_step(3) == []


def test_create_took_any_bytes_before(old_world):
    _, _, leaf = tree(old_world)
    outcome = old_world.run(
        ("ipld.block_create", DAG_CBOR, b"\xff"),
        ("ipld.block_create", DAG_CBOR, encode(leaf)),
    )
    assert [step.errno for step in outcome.steps] == [0, 0]


def test_create_looked_at_the_codec_after_its_charge_before(old_world):
    outcome = old_world.run(("ipld.block_create", 0x70, b"\x01"), ("ipld.block_create", 0, b""))
    assert [step.errno for step in outcome.steps] == [E.ILLEGAL_CODEC] * 2
    prices = old_world.prices
    assert outcome.call.of_step(0) == [charges.on_block_create(prices, 1, 0)]


def test_open_of_another_codec_was_refused_after_its_charges_before(old_world):
    cid = old_world.put(b"\x01", codec=0x70)
    outcome = old_world.run(("ipld.block_open", old_world.at(cid)))
    assert outcome.steps[0].errno == E.ILLEGAL_CODEC
    assert outcome.call.of_step(0) == opening(old_world, 1, 0, 0)


def test_create_links_only_to_what_is_reachable(new_world):
    root, _, leaf = tree(new_world)
    data = encode([leaf])
    outcome = new_world.run(
        ("ipld.block_create", DAG_CBOR, data),
        ("self.root", new_world.buffer(38)),
        ("ipld.block_create", DAG_CBOR, encode(root)),
        ("ipld.block_create", DAG_CBOR, data),
        ("ipld.block_open", new_world.at(root)),
        ("ipld.block_create", DAG_CBOR, data),
        head=root,
    )
    assert [step.errno for step in outcome.steps] == [E.NOT_FOUND, 0, 0, E.NOT_FOUND, 0, 0]
    assert [outcome.steps[place].number for place in (2, 5)] == [1, 3]
    expected = [
        charges.on_scan_links(new_world.prices, 2, 1),
        charges.on_block_create(new_world.prices, len(data), 1),
    ]
    assert outcome.call.of_step(0) == outcome.call.of_step(5) == expected


@pytest.mark.parametrize(
    ("data", "errno", "fields", "cids"),
    [
        (b"\x82\x01\xff", E.SERIALIZATION, 3, 0),
        (b"\x01\x01", E.SERIALIZATION, 1, 0),
        (encode([1, Cid.of(b"", 0x70)]), E.NOT_FOUND, 3, 1),
    ],
)
def test_create_charges_for_what_it_scanned_before_refusing(new_world, data, errno, fields, cids):
    outcome = new_world.run(("ipld.block_create", DAG_CBOR, data))
    assert outcome.steps[0].errno == errno
    assert outcome.call.of_step(0) == [charges.on_scan_links(new_world.prices, fields, cids)]


def up_to_scan(outcome):
    """Return the milligas charged before links were looked for."""
    before = next(at for at, entry in enumerate(outcome.call.log) if entry[0] == "OnScanIpldLinks")
    spent = sum(sum(entry[1:]) for entry in outcome.call.log[:before])
    return spent + sum(outcome.everything.charges[0][1:])


def test_a_scan_that_runs_dry_takes_what_is_left(new_world):
    steps = [("ipld.block_create", DAG_CBOR, encode([0] * 1000))]
    spent = up_to_scan(new_world.run(*steps))
    limit = spent // 1000 + 2000
    outcome = new_world.run(*steps, gas_limit=limit)
    assert (outcome.code, outcome.receipt.gas_used) == (ExitCode.SYS_OUT_OF_GAS, limit)
    assert outcome.call.of_step(0) == [("OnScanIpldLinks", limit * 1000 - spent, 0)]
    assert outcome.everything.total == limit * 1000


def test_a_scan_that_takes_exactly_what_is_left_is_paid(new_world):
    data = encode([0] * 1000)
    # The first memory of five pages costs whole gas, so that nothing is left of a unit.
    options = {"pages": 5}
    spent = up_to_scan(new_world.run(("ipld.block_create", DAG_CBOR, data), **options))
    scan = charges.on_scan_links(new_world.prices, 1001, 0)
    limit = (spent + charges.total(scan)) // 1000
    options["gas_limit"] = limit
    outcome = new_world.run(("ipld.block_create", DAG_CBOR, data), **options)
    assert spent % 1000 == 0
    assert (outcome.code, outcome.receipt.gas_used) == (ExitCode.SYS_OUT_OF_GAS, limit)
    created = charges.on_block_create(new_world.prices, len(data), 0)
    assert outcome.call.of_step(0) == [scan, created]


def test_link_stores_a_block_and_makes_it_reachable(world):
    cid = Cid.of(LEAF, DAG_CBOR)
    outcome = world.run(
        ("ipld.block_create", DAG_CBOR, LEAF),
        ("ipld.block_link", world.got(0), 0xB220, 32, world.buffer(40)),
        ("ipld.block_open", world.at(cid)),
        ("self.set_root", world.at(cid)),
    )
    assert [step.errno for step in outcome.steps] == [0] * 4
    assert outcome.steps[1].number == len(cid)
    assert outcome.steps[1].buffers == (cid + bytes(2),)
    expected = [charges.on_block_link(world.prices, BLAKE2B_256, len(LEAF))]
    assert outcome.call.of_step(1) == expected
    assert outcome.trace.blocks_moved == [("Put", cid, 4), ("Get", cid, 4)]
    assert outcome.actor(ACTOR).head == cid
    assert world.store.get(cid) == LEAF


def test_a_linked_block_that_nothing_refers_to_is_not_kept(world):
    world.run(
        ("ipld.block_create", RAW, b"forgotten"),
        ("ipld.block_link", world.got(0), 0xB220, 32, world.buffer(40)),
    )
    assert world.store.get(Cid.of(b"forgotten", RAW)) is None


def test_link_checks_buffer_then_hash_then_handle(world):
    outcome = world.run(
        ("ipld.block_create", RAW, b"data"),
        ("ipld.block_link", 99, 0x12, 32, PAGE - 1, 2),
        ("ipld.block_link", 99, 0x12, 32, world.buffer(40)),
        ("ipld.block_link", world.got(0), 0xB220, 31, world.buffer(40)),
        ("ipld.block_link", world.got(0), 0xB220, 33, world.buffer(40)),
        ("ipld.block_link", 99, 0xB220, 32, world.buffer(40)),
        ("ipld.block_link", 0, 0xB220, 32, world.buffer(40)),
    )
    assert [step.errno for step in outcome.steps[1:]] == [
        E.ILLEGAL_ARGUMENT,
        E.ILLEGAL_CID,
        E.ILLEGAL_CID,
        E.ILLEGAL_CID,
        E.INVALID_HANDLE,
        E.INVALID_HANDLE,
    ]
    assert all(outcome.call.of_step(place) == [] for place in range(1, 7))


def test_link_into_a_buffer_too_small_has_linked_all_the_same(world):
    cid = Cid.of(b"data", RAW)
    outcome = world.run(
        ("ipld.block_create", RAW, b"data"),
        ("ipld.block_link", world.got(0), 0xB220, 32, world.buffer(len(cid) - 1)),
        ("ipld.block_open", world.at(cid)),
    )
    assert [step.errno for step in outcome.steps] == [0, E.BUFFER_TOO_SMALL, 0]
    assert outcome.steps[1].buffers == (bytes(len(cid) - 1),)
    assert [name for name, _, _ in outcome.call.of_step(1)] == ["OnBlockLink"]


@pytest.mark.parametrize(
    ("offset", "length", "read", "beyond"),
    [
        (0, 5, b"hello", 0),
        (0, 2, b"he", 3),
        (1, 2, b"el", 2),
        (3, 4, b"lo\0\0", -2),
        (5, 0, b"", 0),
        (9, 2, b"\0\0", -6),
        (2**31 - 1 - 3, 3, bytes(3), 5 - (2**31 - 1)),
    ],
)
def test_read_copies_what_there_is_and_tells_what_lies_beyond(world, offset, length, read, beyond):
    outcome = world.run(
        ("ipld.block_create", RAW, b"hello"),
        ("ipld.block_read", world.got(0), offset, world.buffer(length)),
    )
    assert outcome.steps[1].errno == 0
    assert outcome.steps[1].unpack("i") == (beyond,)
    assert outcome.steps[1].buffers == (read,)
    copied = max(min(5 - offset, length), 0)
    assert outcome.call.of_step(1) == [charges.on_block_read(world.prices, copied)]


def test_read_checks_buffer_then_end_then_handle(world):
    outcome = world.run(
        ("ipld.block_read", 99, 0, PAGE, 1),
        ("ipld.block_read", 99, 2**31 - 1, world.buffer(1)),
        ("ipld.block_read", 99, 2**31 - 2, world.buffer(1)),
        ("ipld.block_read", 0, 0, world.buffer(1)),
    )
    assert [step.errno for step in outcome.steps] == [
        E.ILLEGAL_ARGUMENT,
        E.ILLEGAL_ARGUMENT,
        E.INVALID_HANDLE,
        E.INVALID_HANDLE,
    ]
    assert all(outcome.call.of_step(place) == [] for place in range(4))


def test_stat_of_an_unknown_block_is_an_invalid_handle(world):
    outcome = world.run(("ipld.block_stat", 1), ("ipld.block_stat", 2**32 - 1))
    assert [step.errno for step in outcome.steps] == [E.INVALID_HANDLE, E.INVALID_HANDLE]
    assert outcome.call.of_step(0) == [charges.on_block_stat()]
