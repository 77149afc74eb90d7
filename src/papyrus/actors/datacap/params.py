"""What the methods of the DataCap actor take and return, most of them those of any FRC-46 token.

Amounts are in attoDCAP: 10^18 of them are one DCAP, which is one byte of DataCap. What the hook of
a receiver is told of tokens is here too (FRC-0046).
"""

from papyrus.actors.dispatch import frc42
from papyrus.ipld.schema import ActorID
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount

MINT = frc42("Mint")
DESTROY = frc42("Destroy")
NAME = frc42("Name")
SYMBOL = frc42("Symbol")
GRANULARITY = frc42("Granularity")
TOTAL_SUPPLY = frc42("TotalSupply")
BALANCE = frc42("Balance")
TRANSFER = frc42("Transfer")
TRANSFER_FROM = frc42("TransferFrom")
INCREASE_ALLOWANCE = frc42("IncreaseAllowance")
DECREASE_ALLOWANCE = frc42("DecreaseAllowance")
REVOKE_ALLOWANCE = frc42("RevokeAllowance")
BURN = frc42("Burn")
BURN_FROM = frc42("BurnFrom")
ALLOWANCE = frc42("Allowance")

FRC46_TOKEN_TYPE = frc42("FRC46")
"""Says to a receiver that what it received are tokens of this standard."""

TOKEN_PRECISION = 10**18
"""The smallest parts of one token."""


@cbor_tuple
class MintParams(Record):
    """Tokens to make for a verified client."""

    to: Address
    amount: TokenAmount
    operators: tuple[Address, ...]
    """Who may spend as much as they like of the client's tokens."""


@cbor_tuple
class MintReturn(Record):
    """What there is after minting."""

    balance: TokenAmount
    supply: TokenAmount
    recipient_data: bytes
    """What the receiver's hook answered."""


@cbor_tuple
class DestroyParams(Record):
    """Tokens to take from their owner and out of the world."""

    owner: Address
    amount: TokenAmount


@cbor_tuple
class TransferParams(Record):
    """The caller's tokens, to send to another."""

    to: Address
    amount: TokenAmount
    operator_data: bytes
    """Passed on to the receiver's hook."""


@cbor_tuple
class TransferReturn(Record):
    """What both have after a transfer."""

    from_balance: TokenAmount
    to_balance: TokenAmount
    recipient_data: bytes
    """What the receiver's hook answered."""


@cbor_tuple
class TransferFromParams(Record):
    """Another's tokens, to send to a third."""

    owner: Address
    """`from` in the standard."""
    to: Address
    amount: TokenAmount
    operator_data: bytes
    """Passed on to the receiver's hook."""


@cbor_tuple
class TransferFromReturn(Record):
    """What both have after a transfer, and the caller's remaining allowance."""

    from_balance: TokenAmount
    to_balance: TokenAmount
    allowance: TokenAmount
    recipient_data: bytes
    """What the receiver's hook answered."""


@cbor_tuple
class IncreaseAllowanceParams(Record):
    """How much more of the caller's tokens an operator may spend."""

    operator: Address
    increase: TokenAmount


@cbor_tuple
class DecreaseAllowanceParams(Record):
    """How much less of the caller's tokens an operator may spend."""

    operator: Address
    decrease: TokenAmount


@cbor_tuple
class RevokeAllowanceParams(Record):
    """An operator who may spend nothing of the caller's tokens any more."""

    operator: Address


@cbor_tuple
class GetAllowanceParams(Record):
    """Whose allowance of whose tokens is asked for."""

    owner: Address
    operator: Address


@cbor_tuple
class BurnParams(Record):
    """The caller's tokens, to burn."""

    amount: TokenAmount


@cbor_tuple
class BurnReturn(Record):
    """What the owner has after burning."""

    balance: TokenAmount


@cbor_tuple
class BurnFromParams(Record):
    """Another's tokens, to burn."""

    owner: Address
    amount: TokenAmount


@cbor_tuple
class BurnFromReturn(Record):
    """What the owner has after burning, and the caller's remaining allowance."""

    balance: TokenAmount
    allowance: TokenAmount


@cbor_tuple
class TokensReceived(Record):
    """Tokens that an actor has received (`FRC46TokenReceived`)."""

    sender: ActorID
    """Whose they were; the token actor itself where they are new. `from` in the standard."""
    to: ActorID
    """The receiver."""
    operator: ActorID
    """Who moved them."""
    amount: TokenAmount
    operator_data: bytes
    """What the operator has to say to the receiver."""
    token_data: bytes
    """What the token has to say to the receiver."""
