"""The placeholder: what stands at an Ethereum address until something is created there (FIP-0055).

It holds funds and nothing else. Whatever method is called, it answers with nothing.
"""

from papyrus.actors.dispatch import ActorCode
from papyrus.vm.blocks import NO_DATA
from papyrus.vm.runtime import Runtime


class _Placeholder(ActorCode):
    """An actor without methods, whose code does not even look at what was called."""

    def invoke(self, _rt: Runtime, _params_id: int) -> int:
        """Answer with nothing."""
        return NO_DATA


PLACEHOLDER = _Placeholder(name="placeholder", state=None, methods=())
