"""What the methods of a payment channel take, their numbers, and the voucher that is signed."""

from dataclasses import replace

from papyrus.actors.common.signatures import GivenSignature
from papyrus.ipld.schema import U64, ChainEpoch, MethodNumber
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount

UPDATE_CHANNEL_STATE = 2
SETTLE = 3
COLLECT = 4


@cbor_tuple
class ConstructorParams(Record):
    """The two parties."""

    payer: Address
    """Who funds the channel (builtin-actors `from`)."""
    payee: Address
    """Who is paid from it (builtin-actors `to`)."""


@cbor_tuple
class Extra(Record):
    """A message that the channel must be able to send before a voucher counts."""

    to: Address
    method: MethodNumber
    params: bytes


@cbor_tuple
class Merge(Record):
    """A lane whose redeemed amount a voucher takes over, and the lane's nonce from then on."""

    lane: U64
    nonce: U64


@cbor_tuple
class SignedVoucher(Record):
    """A promise by one party that a lane of the channel has paid an amount, in all."""

    channel: Address
    time_lock_min: ChainEpoch
    """The first epoch in which it may be redeemed."""
    time_lock_max: ChainEpoch
    """The last one, or 0 for no end."""
    secret_hash: bytes
    """The blake2b-256 hash of what must be told to redeem it (builtin-actors
    `secret_pre_image`), or empty."""
    extra: Extra | None
    lane: U64
    nonce: U64
    """Greater than that of any voucher redeemed on the lane."""
    amount: TokenAmount
    """What the lane has paid with this voucher and all before it, merged lanes included."""
    min_settle_height: ChainEpoch
    """The epoch before which the channel must not settle, or 0."""
    merges: tuple[Merge, ...]
    signature: GivenSignature | None

    def signing_bytes(self) -> bytes:
        """Return what the signature is of: the voucher without one."""
        return replace(self, signature=None).to_cbor()


@cbor_tuple
class UpdateChannelStateParams(Record):
    """A voucher to redeem, with the secret that it asks for."""

    voucher: SignedVoucher
    secret: bytes
