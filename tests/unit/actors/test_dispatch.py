import pytest

from papyrus.actors.dispatch import ActorCode, frc42, method
from papyrus.actors.registry import ACTORS, full_name
from papyrus.ipld.schema import U64
from papyrus.vm.runtime import Runtime

NAMED = {
    "AuthenticateMessage": 2643134072,
    "CreateMiner": 1173380165,
    "WithdrawBalance": 2280458852,
    "Receive": 3726118371,
    "InvokeEVM": 3844450837,
    "Constructor": 1,
}


@pytest.mark.parametrize(("name", "number"), NAMED.items())
def test_a_name_has_the_number_of_its_hash(name, number):
    assert frc42(name) == number


@method(2, 3)
def double(_rt: Runtime, number: U64) -> U64:
    """Return twice the number."""
    return 2 * number


@method(3)
def other(_rt: Runtime, _: None) -> None:
    """Do nothing."""


def test_a_method_may_have_several_numbers():
    actor = ActorCode(name="calculator", state=None, methods=(double,))
    assert sorted(actor.table) == [2, 3]
    assert actor.table[2].name == "double"


def test_two_methods_cannot_share_a_number():
    with pytest.raises(TypeError, match="number 3"):
        ActorCode(name="calculator", state=None, methods=(double, other))


def test_a_method_takes_only_what_has_a_wire_form():
    def vague(_rt: Runtime, _number: int) -> None:
        """Take a number of no width."""

    with pytest.raises(TypeError, match="no width"):
        method(1)(vague)


def test_actors_go_by_short_names_too():
    assert full_name("miner") == "storageminer"
    assert full_name("evm") == "evm"
    with pytest.raises(ValueError, match="no built-in actor"):
        full_name("baker")


def test_every_actor_is_listed_under_its_own_name():
    assert all(name == actor.name for name, actor in ACTORS.items())
