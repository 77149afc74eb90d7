"""Opening a machine and writing what it did."""

import pytest

from papyrus.ipld.cid import Cid
from papyrus.primitives.errors import LocalFault
from papyrus.types.actor import EMPTY_STATE


def test_a_machine_needs_a_system_actor(new_world):
    del new_world.states[0]
    with pytest.raises(LocalFault, match="no system actor"):
        new_world.machine()


def test_a_machine_needs_a_manifest(new_world):
    new_world.put_actor(0, "system", head=Cid.of(b"\x80lost"))
    with pytest.raises(LocalFault):
        new_world.machine()


def test_a_flush_writes_the_state_and_not_what_is_left_behind(new_world):
    machine = new_world.machine()
    lost = machine.store.put(Cid.of(b"\x18\x63"), b"\x18\x63")
    assert lost is None
    assert machine.flush() == new_world.root
    assert new_world.store.get(Cid.of(b"\x18\x63")) is None


def test_the_empty_state_is_always_there(new_world):
    machine = new_world.machine()
    assert machine.store.get(EMPTY_STATE) == b"\x80"
