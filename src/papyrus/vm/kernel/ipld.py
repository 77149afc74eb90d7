"""System calls on blocks: open, create, link, read, stat (FIP-0030, FIP-0071)."""

from papyrus.ipld.cid import BLAKE2B_256, Cid
from papyrus.ipld.links import ALLOWED_CODECS, LinkError, scan
from papyrus.primitives.errors import LocalFault, OutOfGas, SyscallError
from papyrus.primitives.exit_codes import ErrorNumber
from papyrus.vm import gas_charges as charges
from papyrus.vm.blocks import Block
from papyrus.vm.kernel.kernel import Kernel

_DIGEST_LENGTH = 32
_I32_MAX = 2**31 - 1


def block_open(kernel: Kernel, cid: Cid) -> tuple[int, int, int]:
    """Load a block of the state and return its number, codec and length."""
    calls = kernel.calls
    prices = calls.prices
    kernel.charge(*charges.on_block_open_base(prices))
    if prices.tracks_links and not kernel.blocks.is_reachable(cid):
        raise SyscallError(ErrorNumber.NOT_FOUND, f"block not reachable: {cid}")
    data = calls.machine.store.get(cid)
    if data is None:
        raise LocalFault(f"the state is missing block {cid}")
    codec = cid.codec
    if calls.observer is not None:
        calls.observer.block_moved("Get", cid, len(data))
    links = _scan_links(kernel, codec, data) if prices.tracks_links else ()
    kernel.charge(*charges.on_block_open(prices, len(data), len(links)))
    return kernel.blocks.put_reachable(Block(codec, data, links)), codec, len(data)


def block_create(kernel: Kernel, codec: int, data: bytes) -> int:
    """Take a new block from the actor and return its number; it is not yet part of the state."""
    calls = kernel.calls
    prices = calls.prices
    if len(data) > calls.rules.max_block_size:
        raise SyscallError(
            ErrorNumber.LIMIT_EXCEEDED,
            f"a block of {len(data)} bytes is larger than {calls.rules.max_block_size}",
        )
    if prices.tracks_links:
        if codec not in ALLOWED_CODECS:
            raise SyscallError(ErrorNumber.ILLEGAL_CODEC, f"codec {codec:#x} not allowed")
        links = _scan_links(kernel, codec, data)
    else:
        links = ()
    kernel.charge(*charges.on_block_create(prices, len(data), len(links)))
    return kernel.blocks.put_checked(Block(codec, data, links))


def block_link(kernel: Kernel, block_id: int, hash_code: int, digest_length: int) -> Cid:
    """Write an open block to the store and return its CID, reachable from here on."""
    if hash_code != BLAKE2B_256 or digest_length != _DIGEST_LENGTH:
        raise SyscallError(ErrorNumber.ILLEGAL_CID, "cids must be 32-byte blake2b")
    calls = kernel.calls
    block = kernel.blocks.get(block_id)
    kernel.charge(*charges.on_block_link(calls.prices, hash_code, len(block.data)))
    cid = Cid.of(block.data, block.codec)
    calls.machine.store.put(cid, block.data)
    kernel.blocks.mark_reachable(cid)
    if calls.observer is not None:
        calls.observer.block_moved("Put", cid, len(block.data))
    return cid


def block_read(kernel: Kernel, block_id: int, offset: int, length: int) -> tuple[bytes, int]:
    """Return up to `length` bytes from `offset`, and how far the block's end lies past them.

    The second number is negative where the block ends before `offset + length`.
    """
    end = offset + length
    if end > _I32_MAX:
        raise SyscallError(
            ErrorNumber.ILLEGAL_ARGUMENT, "offset plus buffer length did not fit into an i32"
        )
    data = kernel.blocks.get(block_id).data
    part = data[offset:end]
    kernel.charge(*charges.on_block_read(kernel.calls.prices, len(part)))
    return part, len(data) - end


def block_stat(kernel: Kernel, block_id: int) -> tuple[int, int]:
    """Return the codec and the length of an open block."""
    kernel.charge(*charges.on_block_stat())
    block = kernel.blocks.get(block_id)
    return block.codec, len(block.data)


def _scan_links(kernel: Kernel, codec: int, data: bytes) -> tuple[Cid, ...]:
    """Return the links of a block, charging for each field and link looked at."""
    try:
        result = scan(codec, data)
    except LinkError as refused:
        _charge_scan(kernel, refused.fields, refused.cids)
        raise
    _charge_scan(kernel, result.fields, result.cids)
    return result.links


def _charge_scan(kernel: Kernel, fields: int, cids: int) -> None:
    calls = kernel.calls
    charge = charges.on_scan_links(calls.prices, fields, cids)
    available = calls.gas.available
    if charges.total(charge) > available:
        # Quirk: a scan that runs dry takes what is left, whatever the block holds further on.
        kernel.charge(charge[0], available)
        raise OutOfGas(charge[0])
    kernel.charge(*charge)
