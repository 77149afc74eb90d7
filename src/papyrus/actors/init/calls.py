"""How other actors call the init actor."""

from papyrus.actors.init.params import EXEC, ExecParams, ExecReturn
from papyrus.actors.singletons import INIT
from papyrus.ipld.cid import Cid
from papyrus.primitives.amounts import TokenAmount
from papyrus.vm.payloads import read_return
from papyrus.vm.runtime import Runtime


def create_actor(
    rt: Runtime, code: Cid, constructor_params: bytes, value: TokenAmount
) -> ExecReturn:
    """Create an actor with a value and return its addresses; abort as its constructor does."""
    answer = rt.send(INIT, EXEC, ExecParams(code, constructor_params), value)
    return read_return(ExecReturn, answer)
