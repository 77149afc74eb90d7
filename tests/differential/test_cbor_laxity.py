"""Parameters that are not canonical: every method takes and refuses what the released one does.

The released actors' decoder is more lenient than DAG-CBOR (reference/actors.md 5.4). Here each
method of each actor is sent, on both engines, its parameters in every odd form at every place.
"""

import pytest
from actor_vm import TwinVm
from lax_cbor import variants

from papyrus.actors.dispatch import Method
from papyrus.actors.registry import ACTORS
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError
from papyrus.primitives.exit_codes import ExitCode
from papyrus.vm.blocks import Block
from papyrus.vm.payloads import read_block

RECEIVER, SENDER = 500, 100
KEY = Address.secp256k1(b"\x04" + bytes(64))
UNDECODED = (type(None), Block | None)

METHODS = sorted(
    (
        (actor.name, entry)
        for actor in ACTORS.values()
        for entry in {entry.name: entry for entry in actor.table.values()}.values()
        if entry.params not in UNDECODED
    ),
    key=lambda pair: (pair[0], pair[1].numbers),
)

ACCEPTED = (
    "canonical",
    "number in 1 bytes",
    "length of array in 8 bytes",
    "length of bytes in 8 bytes",
    "number header for bytes",
    "bytes in a piece",
    "long tag",
    "long length of link",
    "long length of text",
)
REFUSED = (
    "trailing byte",
    "truncated",
    "array without an end",
    "float",
    "tag",
    "undefined",
    "bool for number",
    "number for bool",
    "text for bytes",
    "link without a tag",
    "link as text",
    "link cut short",
)


def reads(kind, data: bytes) -> bool:
    """Tell whether a value of a kind is read from data."""
    try:
        read_block(kind, Block(0x51, data))
    except DecodeError:
        return False
    return True


@pytest.mark.parametrize(
    "entry",
    [entry for _, entry in METHODS],
    ids=[f"{name}-{entry.name}" for name, entry in METHODS],
)
def test_what_is_lax_is_taken_and_what_is_wrong_refused(entry: Method):
    for oddity, data in variants(entry.params):
        if oddity in ACCEPTED:
            assert reads(entry.params, data), (oddity, data.hex())
        if oddity in REFUSED:
            assert not reads(entry.params, data), (oddity, data.hex())


@pytest.mark.bundle("v18/testing-fake-proofs")
@pytest.mark.parametrize("name", sorted({name for name, _ in METHODS}))
def test_every_odd_form_is_met_as_the_released_actor_meets_it(name: str):
    twin = TwinVm()

    def fill(one):
        one.put_account(SENDER, KEY, 10**24)
        one.put_addresses({KEY: SENDER})
        one.put_actor(RECEIVER, name)

    twin.each(fill)
    met = set()
    for owner, entry in METHODS:
        if owner != name:
            continue
        for oddity, data in variants(entry.params):
            codes = [vm.send(SENDER, RECEIVER, entry.numbers[0], data).code for vm in twin.vms]
            assert codes[0] == codes[1], (entry.name, oddity, data.hex(), codes)
            met.add(codes[0] == ExitCode.USR_SERIALIZATION)
    assert met == {False, True}
