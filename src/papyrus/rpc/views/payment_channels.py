"""Payment channels and vouchers in the shapes of Lotus' Paych methods."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from papyrus.actors.paych.params import Extra, SignedVoucher
from papyrus.ipld.cid import Cid
from papyrus.paychan.records import Direction
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.epochs import ChainEpoch
from papyrus.primitives.errors import DecodeError
from papyrus.rpc.json_codecs import Named
from papyrus.rpc.json_values import Codec, Definitions, MaybeAddress, Schema, or_null
from papyrus.rpc.views.record_forms import form_of


def _writable(voucher: SignedVoucher) -> SignedVoucher:
    """Return a voucher that has a form in CBOR; DecodeError for one that has none."""
    try:
        voucher.to_cbor()
    except (OverflowError, TypeError, ValueError) as error:
        raise DecodeError(f"a voucher that cannot be written: {error}") from error
    return voucher


def _schema(title: str) -> Callable[[Definitions], Schema]:
    def schema(definitions: Definitions) -> Schema:
        definitions.setdefault(title, {"type": "object"})
        return {"$ref": f"#/components/schemas/{title}"}

    return schema


def _maybe(codec: Codec) -> Codec:
    return Codec(
        lambda value, network: None if value is None else codec.write(value, network),
        lambda value: None if value is None else codec.read(value),
        lambda definitions: or_null(codec.schema(definitions)),
    )


_VOUCHER = Codec(
    form_of(SignedVoucher).write,
    lambda value: _writable(form_of(SignedVoucher).read(value)),
    _schema("SignedVoucher"),
)
_EXTRA = Codec(form_of(Extra).write, form_of(Extra).read, _schema("ModVerifyParams"))

Voucher = Annotated[SignedVoucher, _VOUCHER]
"""A voucher, in Lotus' form."""
MaybeVoucher = Annotated[SignedVoucher | None, _maybe(_VOUCHER)]
MaybeExtra = Annotated[Extra | None, _maybe(_EXTRA)]


@dataclass(frozen=True, slots=True)
class PaychGetOpts:
    """How a channel may be got."""

    off_chain: bool = False
    """Whether no message may be sent for it."""


@dataclass(frozen=True, slots=True)
class ChannelInfo:
    """A channel, and what to wait for."""

    channel: MaybeAddress
    """Undefined until it is made."""
    wait_sentinel: Cid | None
    """The message that brings the funds, to be given to PaychGetWaitReady; null for none."""


@dataclass(frozen=True, slots=True)
class ChannelAvailableFunds:
    """What a channel holds, and what is on its way there."""

    channel: Address | None
    sender: Annotated[Address, Named("From")]
    to: Address
    confirmed_amt: TokenAmount
    pending_amt: TokenAmount
    non_reserved_amt: TokenAmount
    pending_available_amt: TokenAmount
    pending_wait_sentinel: Cid | None
    queued_amt: TokenAmount
    """Wished for, and not sent yet."""
    voucher_reedeemed_amt: TokenAmount
    """What the payee gets by all vouchers, handed in or not."""


@dataclass(frozen=True, slots=True)
class PaychStatus:
    """Which end of a channel is here."""

    control_addr: Address
    direction: Direction


@dataclass(frozen=True, slots=True)
class VoucherSpec:
    """The terms of a voucher."""

    amount: TokenAmount
    time_lock_min: ChainEpoch = 0
    time_lock_max: ChainEpoch = 0
    min_settle: ChainEpoch = 0
    extra: MaybeExtra = None


@dataclass(frozen=True, slots=True)
class PaymentInfo:
    """Vouchers on a lane of their own."""

    channel: Address
    wait_sentinel: Cid | None
    vouchers: list[Voucher]


@dataclass(frozen=True, slots=True)
class VoucherCreateResult:
    """A voucher, or how much the channel lacks for it."""

    voucher: MaybeVoucher
    shortfall: TokenAmount


def terms(channel: Address, lane: int, spec: VoucherSpec) -> SignedVoucher:
    """Return a voucher of some terms, whose nonce and signature are still to come.

    DecodeError where a number has no place in one.
    """
    return _writable(
        SignedVoucher(
            channel=channel,
            time_lock_min=spec.time_lock_min,
            time_lock_max=spec.time_lock_max,
            secret_hash=b"",
            extra=spec.extra,
            lane=lane,
            nonce=0,
            amount=spec.amount,
            min_settle_height=spec.min_settle,
            merges=(),
            signature=None,
        )
    )
