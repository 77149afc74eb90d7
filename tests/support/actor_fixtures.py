"""Fixtures of machines to test actors on: native, released, and both side by side."""

import pytest
from actor_vm import BUNDLE, ActorVm, TwinVm


def machines(choice="native", bundle=BUNDLE):
    """Return a fixture of what makes machines on a choice of engines, and twins.

    One of the twins runs the released actors of a bundle, whose policy all machines have. Where the
    choice needs some of them too, there are only twins.
    """
    twin = pytest.param("twin", marks=pytest.mark.bundle(f"v18/{bundle}"))

    @pytest.fixture(name="make_vm", params=["native", twin] if choice == "native" else [twin])
    def make_vm(request):
        """Return what makes machines."""

        def make(**options):
            kind = TwinVm if request.param == "twin" else ActorVm
            return kind(choice, **{"bundle": bundle, **options})

        return make

    return make_vm


make_vm = machines()
