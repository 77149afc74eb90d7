"""The system call that calls another actor (FIP-0030)."""

from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import SyscallError
from papyrus.primitives.exit_codes import ErrorNumber
from papyrus.vm.blocks import NO_DATA
from papyrus.vm.kernel.kernel import Kernel

READ_ONLY_FLAG = 1
"""The only flag a call may carry: the receiver may change nothing."""


def send(
    kernel: Kernel,
    to: Address,
    method: int,
    params_id: int,
    value: TokenAmount,
    *,
    gas_limit: int | None,
    read_only: bool,
) -> tuple[int, int, int, int]:
    """Call an actor; return its exit code and its return block's number, codec and length.

    The gas limit is in milligas, None for all that is left. A call without return data gives the
    block number, codec and length 0.
    """
    read_only = read_only or kernel.read_only
    if read_only and value != 0:
        raise SyscallError(ErrorNumber.READ_ONLY, "cannot transfer value when read-only")
    blocks = kernel.blocks
    params = None if params_id == NO_DATA else blocks.get(params_id)
    if blocks.is_full:
        raise SyscallError(ErrorNumber.LIMIT_EXCEEDED, "cannot store return block")
    answer = kernel.calls.call(
        kernel.actor_id, to, method, params, value, gas_limit=gas_limit, read_only=read_only
    )
    returned = answer.value
    if returned is None:
        return answer.exit_code, NO_DATA, 0, 0
    return_id = blocks.put_reachable(returned)
    return answer.exit_code, return_id, returned.codec, len(returned.data)
