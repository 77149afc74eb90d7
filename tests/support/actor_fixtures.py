"""Fixtures of machines to test actors on: native, released, and both side by side."""

import pytest
from actor_vm import BUNDLE, ActorVm, TwinVm

EVERY_OTHER = "hybrid:init=wasm,reward=wasm,miner=wasm,multisig=wasm,verifreg=wasm,eam=wasm"
"""About half of the actors released, so that most calls between actors cross from one engine to
the other, in both directions."""


def machines(choice="native", bundle=BUNDLE, hybrid=None):
    """Return a fixture of what makes machines on a choice of engines, and twins.

    One of the twins runs the released actors of a bundle, whose policy all machines have. Where the
    choice needs some of them too, there are only twins. A hybrid adds a twin of that hybrid.
    """
    mark = pytest.mark.bundle(f"v18/{bundle}")
    kinds = [pytest.param("twin", marks=mark)]
    if choice == "native":
        kinds.insert(0, "native")
    if hybrid is not None:
        kinds.append(pytest.param("hybrid", marks=mark))

    @pytest.fixture(name="make_vm", params=kinds)
    def make_vm(request):
        """Return what makes machines."""

        def make(**options):
            kind = ActorVm if request.param == "native" else TwinVm
            engine = hybrid if request.param == "hybrid" else choice
            return kind(engine, **{"bundle": bundle, **options})

        return make

    return make_vm


make_vm = machines()
