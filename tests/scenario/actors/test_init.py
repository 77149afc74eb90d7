"""An actor is deployed where funds have come before it."""

from papyrus.actors.init.params import EXEC4, Exec4Params, ExecReturn
from papyrus.actors.multisig.params import ConstructorParams
from papyrus.actors.multisig.state import State
from papyrus.actors.singletons import EAM, INIT
from papyrus.primitives.address import Address
from papyrus.primitives.exit_codes import ExitCode
from papyrus.types.actor import EMPTY_STATE

NAME = b"foobar"


def test_a_multisig_is_deployed_over_a_placeholder(vm):
    place = Address.delegated(EAM.id, NAME)
    vm.ok(100, place, 0, value=42)
    actor_id = vm.one.resolve(place)
    placeholder = vm.one.actor(actor_id)
    assert placeholder.code == vm.one.codes["placeholder"]
    assert (placeholder.head, placeholder.balance) == (EMPTY_STATE, 42)
    assert placeholder.delegated_address == place

    constructor = ConstructorParams((EAM,), 1, unlock_duration=0, start_epoch=0).to_cbor()
    deploy = Exec4Params(vm.one.codes["multisig"], constructor, NAME)
    made = ExecReturn.from_cbor(vm.ok(EAM, INIT, EXEC4, deploy))
    assert made.id_address == Address.from_id(actor_id)
    assert vm.one.resolve(made.robust_address) == actor_id
    assert vm.one.state(actor_id, State).signers == (EAM,)
    assert vm.one.balance(actor_id) == 42
    assert vm.one.actor(actor_id).delegated_address == place

    assert vm.send(EAM, INIT, EXEC4, deploy).code == ExitCode.USR_FORBIDDEN
