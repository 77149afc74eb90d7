"""Fixtures of machines to test actors on: native, released, and both side by side."""

import pytest
from actor_vm import ActorVm, TwinVm

RELEASED = pytest.mark.bundle("v18/testing-fake-proofs")


@pytest.fixture(params=["native", pytest.param("twin", marks=RELEASED)])
def make_vm(request):
    """Return what makes machines: native ones, or twins of which one runs the released actors."""

    def make(**options):
        return TwinVm(**options) if request.param == "twin" else ActorVm("native", **options)

    return make
