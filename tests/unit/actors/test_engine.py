import pytest
from actor_vm import BUNDLE, ActorVm, engine_of

from papyrus.actors.engine import NATIVE, WASM, EngineChoice
from papyrus.primitives.address import Address
from papyrus.primitives.errors import LocalFault
from papyrus.rules.versions import NV25

KEY = Address.secp256k1(b"\x04" + bytes(64))


def test_one_engine_may_run_everything():
    assert EngineChoice.parse("native").engine_for("account", 2) == NATIVE
    assert EngineChoice.parse("wasm").engine_for("account", 2) == WASM


def test_a_hybrid_names_actors_and_methods():
    choice = EngineChoice.parse("hybrid:evm=wasm,account.2=wasm")
    assert choice.engine_for("evm", 2) == WASM
    assert choice.engine_for("account", 2) == WASM
    assert choice.engine_for("account", 1) == NATIVE


def test_a_method_may_differ_from_the_rest_of_its_actor():
    choice = EngineChoice.parse("hybrid:account=wasm,account.2=native")
    assert [choice.engine_for("account", number) for number in (1, 2)] == [WASM, NATIVE]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "python",
        "native:account=wasm",
        "hybrid:account",
        "hybrid:account.x=wasm",
        "hybrid:baker=wasm",
        "hybrid:account=rust",
    ],
)
def test_what_is_no_choice_is_refused(text):
    with pytest.raises(ValueError, match=r"."):
        EngineChoice.parse(text)


@pytest.mark.parametrize(
    ("text", "needs", "meters"),
    [
        ("native", False, False),
        ("wasm", True, True),
        ("hybrid:evm=wasm", True, False),
        ("hybrid:", False, False),
    ],
)
def test_a_choice_tells_what_it_needs_and_what_it_measures(text, needs, meters):
    choice = EngineChoice.parse(text)
    assert (choice.needs_wasm, choice.meters_instructions) == (needs, meters)


@pytest.mark.bundle(f"v18/{BUNDLE}")
def test_a_method_chosen_as_wasm_runs_as_wasm():
    vm = ActorVm("hybrid:account.2=wasm")
    vm.ok(1, KEY, 0)
    gas = {}
    for engine in ("native", "hybrid:account.2=wasm"):
        vm.flush()
        vm.engine = engine_of(engine)
        gas[engine] = vm.send(1, KEY, 2)
    assert gas["native"].told == gas["hybrid:account.2=wasm"].told
    assert gas["native"].gas_used < gas["hybrid:account.2=wasm"].gas_used


def test_an_actor_without_python_says_how_to_get_its_code():
    vm = ActorVm("native")
    vm.put_actor(200, "evm")
    with pytest.raises(LocalFault, match="papyrus bundle fetch v18"):
        vm.send(1, 200, 2)


def test_older_actors_are_not_taken_for_todays():
    vm = ActorVm("native")
    vm.ok(1, KEY, 0)
    vm.change(rules=NV25)
    with pytest.raises(LocalFault, match="network version 25"):
        vm.send(1, KEY, 2)
