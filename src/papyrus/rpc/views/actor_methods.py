"""What every built-in actor's methods take and give, by the actor's name and the method's number.

For the actors written in Python their own tables say so, which are those of today's network. Those
that only run as Wasm, and the miner's retired methods, are added here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import NoneType
from typing import Any

from papyrus.actors.dispatch import frc42
from papyrus.actors.registry import ACTORS
from papyrus.ipld.cid import Cid
from papyrus.primitives.bitfield import BitField
from papyrus.rpc.views import contract_records as contracts
from papyrus.rpc.views import retired_params as retired
from papyrus.types.message import METHOD_CONSTRUCTOR, METHOD_SEND


@dataclass(frozen=True, slots=True)
class MethodTypes:
    """What a method takes and gives; NoneType where that is nothing."""

    params: Any
    returns: Any


_NOTHING = MethodTypes(NoneType, NoneType)

_ONLY_WASM: Mapping[str, Mapping[int, MethodTypes]] = {
    "evm": {
        METHOD_CONSTRUCTOR: MethodTypes(contracts.ContractConstructorParams, NoneType),
        2: MethodTypes(contracts.ContractConstructorParams, NoneType),
        3: MethodTypes(NoneType, Cid | None),
        4: MethodTypes(NoneType, bytes),
        5: MethodTypes(contracts.GetStorageAtParams, bytes),
        6: MethodTypes(contracts.DelegateCallParams, bytes),
        frc42("InvokeEVM"): MethodTypes(bytes, bytes),
    },
    "eam": {
        METHOD_CONSTRUCTOR: _NOTHING,
        2: MethodTypes(contracts.CreateParams, contracts.CreateReturn),
        3: MethodTypes(contracts.Create2Params, contracts.CreateReturn),
        4: MethodTypes(bytes, contracts.CreateReturn),
    },
}

_RETIRED: Mapping[str, Mapping[int, MethodTypes]] = {
    "storageminer": {
        6: MethodTypes(retired.PreCommitSectorParams, NoneType),
        7: MethodTypes(retired.ProveCommitSectorParams, NoneType),
        8: MethodTypes(retired.ExtendSectorExpirationParams, NoneType),
        25: MethodTypes(retired.PreCommitSectorBatchParams, NoneType),
        26: MethodTypes(retired.ProveCommitAggregateParams, NoneType),
        27: MethodTypes(retired.ProveReplicaUpdatesParams, BitField),
        29: MethodTypes(retired.ProveReplicaUpdates2Params, BitField),
    },
}

_STATES: Mapping[str, Any] = {"evm": contracts.ContractState}


def method_types(actor: str, method: int) -> MethodTypes | None:
    """Return what a method of an actor takes and gives; None where it has no such method."""
    return methods_of(actor).get(method)


@cache
def methods_of(actor: str) -> Mapping[int, MethodTypes]:
    """Return all methods of an actor by number, that of a bare transfer included."""
    known = ACTORS.get(actor)
    own = {} if known is None else known.table
    return {
        METHOD_SEND: _NOTHING,
        **_ONLY_WASM.get(actor, {}),
        **_RETIRED.get(actor, {}),
        **{number: MethodTypes(method.params, method.returns) for number, method in own.items()},
    }


def state_of(actor: str) -> Any | None:
    """Return the record of an actor's state; None where it has none."""
    known = ACTORS.get(actor)
    return _STATES.get(actor) if known is None else known.state
