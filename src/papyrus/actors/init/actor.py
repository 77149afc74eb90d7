"""The init actor: creates the other actors and hands out their IDs (spec 2.3).

Anyone may create a multisig or a payment channel; miners come into being through the power actor
only, and what lives at delegated addresses through the Ethereum address manager.
"""

from papyrus.actors.dispatch import ActorCode, method
from papyrus.actors.init import state
from papyrus.actors.init.params import (
    EXEC,
    EXEC4,
    ConstructorParams,
    Exec4Params,
    ExecParams,
    ExecReturn,
)
from papyrus.actors.singletons import EAM, SYSTEM
from papyrus.ipld.cid import CBOR, Cid
from papyrus.primitives.address import Address
from papyrus.primitives.errors import DecodeError
from papyrus.types.message import METHOD_CONSTRUCTOR
from papyrus.vm.aborts import forbidden, illegal_argument, illegal_state
from papyrus.vm.blocks import Block
from papyrus.vm.runtime import Runtime


@method(METHOD_CONSTRUCTOR)
def constructor(rt: Runtime, params: ConstructorParams) -> None:
    """Begin without addresses, on a network of this name."""
    rt.require_caller(SYSTEM)
    rt.create(state.empty(rt.store, params.network_name))


@method(EXEC)
def exec_(rt: Runtime, params: ExecParams) -> ExecReturn:
    """Create an actor of a kind that the caller may create, with the value that came along."""
    rt.accept_any_caller()
    caller_code = rt.code_of(rt.caller_id)
    if caller_code is None:
        raise illegal_state(f"no code for caller as {rt.caller}")
    if not _may_exec(rt, caller_code, params.code):
        raise forbidden(f"called type {caller_code} cannot exec actor type {params.code}")

    robust = rt.next_actor_address()
    updated, actor_id, _ = state.map_to_id(rt.store, rt.load(state.State), robust)
    rt.save(updated)
    rt.create_actor(params.code, actor_id, None)
    return _constructed(rt, actor_id, robust, params.constructor_params)


@method(EXEC4)
def exec4(rt: Runtime, params: Exec4Params) -> ExecReturn:
    """Create an actor at a delegated address, where nothing or a placeholder may be (FIP-0048)."""
    rt.require_caller(EAM)
    try:
        delegated = Address.delegated(rt.caller_id, params.subaddress)
    except DecodeError as error:
        raise illegal_argument(f"invalid delegated address: {error}") from error

    robust = rt.next_actor_address()
    updated, actor_id, existing = state.map_to_id(rt.store, rt.load(state.State), robust, delegated)
    rt.save(updated)
    if existing:
        code = rt.code_of(actor_id)
        if code is None:
            raise forbidden("cannot redeploy a deleted actor")
        if code != rt.code_for("placeholder"):
            raise forbidden(f"cannot replace an existing non-placeholder actor with code: {code}")

    rt.create_actor(params.code, actor_id, delegated)
    return _constructed(rt, actor_id, robust, params.constructor_params)


def _may_exec(rt: Runtime, caller: Cid, code: Cid) -> bool:
    kind = rt.type_of_code(code)
    if kind in ("multisig", "paymentchannel"):
        return True
    return kind == "storageminer" and rt.type_of_code(caller) == "storagepower"


def _constructed(rt: Runtime, actor_id: int, robust: Address, params: bytes) -> ExecReturn:
    """Run the constructor of a new actor and return the actor's addresses."""
    address = Address.from_id(actor_id)
    block = Block(CBOR, params) if params else None
    rt.send(address, METHOD_CONSTRUCTOR, block, rt.value)
    return ExecReturn(address, robust)


INIT_ACTOR = ActorCode(name="init", state=state.State, methods=(constructor, exec_, exec4))
