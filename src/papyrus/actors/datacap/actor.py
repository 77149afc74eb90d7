"""The DataCap actor: DataCap as a token, one whole token for a byte (FIP-0045).

A token of the standard FRC-0046 with two restrictions. Only its governor, the verified registry,
makes tokens, and may take them back from anyone. And tokens cannot be traded: every transfer is
from the governor or to it, which is how a client pays for allocations.

All methods but the constructor are exported and so have no internal numbers; those of actors before
v10 are not used again. Inside the released actor's transactions nothing can be sent, so that an
address without an actor is never given one here, though the standard's library would try.
"""

from dataclasses import replace

from papyrus.actors.common.receiver import RECEIVE, UniversalReceiverParams
from papyrus.actors.datacap.params import (
    ALLOWANCE,
    BALANCE,
    BURN,
    BURN_FROM,
    DECREASE_ALLOWANCE,
    DESTROY,
    FRC46_TOKEN_TYPE,
    GRANULARITY,
    INCREASE_ALLOWANCE,
    MINT,
    NAME,
    REVOKE_ALLOWANCE,
    SYMBOL,
    TOKEN_PRECISION,
    TOTAL_SUPPLY,
    TRANSFER,
    TRANSFER_FROM,
    BurnFromParams,
    BurnFromReturn,
    BurnParams,
    BurnReturn,
    DecreaseAllowanceParams,
    DestroyParams,
    GetAllowanceParams,
    IncreaseAllowanceParams,
    MintParams,
    MintReturn,
    RevokeAllowanceParams,
    TokensReceived,
    TransferFromParams,
    TransferFromReturn,
    TransferParams,
    TransferReturn,
)
from papyrus.actors.datacap.state import State, empty
from papyrus.actors.datacap.token import Token
from papyrus.actors.dispatch import ActorCode, method
from papyrus.actors.singletons import SYSTEM
from papyrus.ipld.schema import U64
from papyrus.primitives.address import Address
from papyrus.primitives.amounts import TokenAmount
from papyrus.primitives.errors import ActorError
from papyrus.types.message import METHOD_CONSTRUCTOR
from papyrus.vm.aborts import assertion_failed, forbidden, illegal_argument
from papyrus.vm.runtime import Runtime

TOKEN_GRANULARITY = TOKEN_PRECISION
"""There are no parts of a byte."""

INFINITE_ALLOWANCE = TokenAmount(TOKEN_PRECISION * 10**21)
"""More than 800 EiB, which no client has."""


@method(METHOD_CONSTRUCTOR)
def constructor(rt: Runtime, governor: Address) -> None:
    """Begin with no DataCap and this governor, who must exist."""
    rt.require_caller(SYSTEM)
    if rt.resolve(governor) is None:
        raise illegal_argument("failed to resolve governor address")
    # Quirk: the address is kept as it is given, and only an ID address ever equals a caller's.
    rt.create(empty(rt.store, governor))


@method(NAME)
def name(rt: Runtime, _: None) -> str:
    """Return the name of the token."""
    rt.accept_any_caller()
    return "DataCap"


@method(SYMBOL)
def symbol(rt: Runtime, _: None) -> str:
    """Return the symbol of the token."""
    rt.accept_any_caller()
    return "DCAP"


@method(GRANULARITY)
def granularity(rt: Runtime, _: None) -> U64:
    """Return the number that all balances are multiples of."""
    rt.accept_any_caller()
    return TOKEN_GRANULARITY


@method(TOTAL_SUPPLY)
def total_supply(rt: Runtime, _: None) -> TokenAmount:
    """Return how many tokens there are."""
    rt.accept_any_caller()
    return rt.load(State).token.supply


@method(BALANCE)
def balance(rt: Runtime, owner: Address) -> TokenAmount:
    """Return how many tokens someone has."""
    rt.accept_any_caller()
    return _token(rt, rt.load(State)).balance_of(rt.resolve(owner))


@method(ALLOWANCE)
def allowance(rt: Runtime, params: GetAllowanceParams) -> TokenAmount:
    """Return how many of an owner's tokens an operator may spend."""
    rt.accept_any_caller()
    token = _token(rt, rt.load(State))
    return token.allowance(rt.resolve(params.owner), rt.resolve(params.operator))


@method(MINT)
def mint(rt: Runtime, params: MintParams) -> MintReturn:
    """Make tokens for a verified client, and let operators spend all that the client ever has.

    For the governor. The client's hook is called even if it is new to DataCap.
    """
    state = rt.load(State)
    rt.require_caller(state.governor)
    owner = rt.resolve(params.to)
    token = _token(rt, state)
    _mint_with_operators(rt, token, owner, params)
    _save_before_hook(rt, replace(state, token=token.flush()))

    minted = TokensReceived(
        sender=rt.receiver_id,
        to=_there(owner),
        operator=rt.caller_id,
        amount=params.amount,
        operator_data=b"",
        token_data=b"",
    )
    answer = _call_hook(rt, params.to, minted)
    # Quirk: the balance and the supply returned are those before the hook, as in all transfers.
    return MintReturn(token.balance_of(owner), token.supply, answer)


@method(DESTROY)
def destroy(rt: Runtime, params: DestroyParams) -> BurnReturn:
    """Burn anyone's tokens, for the governor, who needs no allowance."""
    state = rt.load(State)
    rt.require_caller(state.governor)
    token = _token(rt, state)
    balance = token.burn(rt.resolve(params.owner), params.amount)
    rt.save(replace(state, token=token.flush()))
    return BurnReturn(balance)


@method(TRANSFER)
def transfer(rt: Runtime, params: TransferParams) -> TransferReturn:
    """Send the caller's tokens to the governor, or the governor's to anyone."""
    rt.accept_any_caller()
    to = rt.resolve(params.to)
    if to is None:
        raise illegal_argument("to must be ID address")
    state = rt.load(State)
    if state.governor not in (Address.from_id(to), rt.caller):
        raise _untransferable(rt.caller, to, state)
    token = _token(rt, state)
    token.transfer(rt.caller_id, to, params.amount)
    _save_before_hook(rt, replace(state, token=token.flush()))

    sent = TokensReceived(
        sender=rt.caller_id,
        to=to,
        operator=rt.caller_id,
        amount=params.amount,
        operator_data=params.operator_data,
        token_data=b"",
    )
    answer = _call_hook(rt, Address.from_id(to), sent)
    return TransferReturn(token.balance_of(rt.caller_id), token.balance_of(to), answer)


@method(TRANSFER_FROM)
def transfer_from(rt: Runtime, params: TransferFromParams) -> TransferFromReturn:
    """Send an owner's tokens to the governor, on the caller's allowance."""
    rt.accept_any_caller()
    to = rt.resolve(params.to)
    if to is None:
        raise illegal_argument("to must be an ID address")
    state = rt.load(State)
    if state.governor != Address.from_id(to):
        raise _untransferable(params.owner, to, state)
    owner = rt.resolve(params.owner)
    token = _token(rt, state)
    token.transfer_from(rt.caller_id, owner, to, params.amount)
    _save_before_hook(rt, replace(state, token=token.flush()))

    sent = TokensReceived(
        sender=_there(owner),
        to=to,
        operator=rt.caller_id,
        amount=params.amount,
        operator_data=params.operator_data,
        token_data=b"",
    )
    answer = _call_hook(rt, Address.from_id(to), sent)
    return TransferFromReturn(
        token.balance_of(owner),
        token.balance_of(to),
        token.allowance(owner, rt.caller_id),
        answer,
    )


@method(INCREASE_ALLOWANCE)
def increase_allowance(rt: Runtime, params: IncreaseAllowanceParams) -> TokenAmount:
    """Let an operator spend more of the caller's tokens, and return how many now."""
    rt.accept_any_caller()
    state = rt.load(State)
    token = _token(rt, state)
    operator = rt.resolve(params.operator)
    allowance = token.increase_allowance(rt.caller_id, operator, params.increase)
    rt.save(replace(state, token=token.flush()))
    return allowance


@method(DECREASE_ALLOWANCE)
def decrease_allowance(rt: Runtime, params: DecreaseAllowanceParams) -> TokenAmount:
    """Let an operator spend fewer of the caller's tokens, and return how many still."""
    rt.accept_any_caller()
    state = rt.load(State)
    token = _token(rt, state)
    operator = rt.resolve(params.operator)
    allowance = token.decrease_allowance(rt.caller_id, operator, params.decrease)
    rt.save(replace(state, token=token.flush()))
    return allowance


@method(REVOKE_ALLOWANCE)
def revoke_allowance(rt: Runtime, params: RevokeAllowanceParams) -> TokenAmount:
    """Let an operator spend none of the caller's tokens, and return how many it might have."""
    rt.accept_any_caller()
    state = rt.load(State)
    token = _token(rt, state)
    allowance = token.revoke_allowance(rt.caller_id, rt.resolve(params.operator))
    rt.save(replace(state, token=token.flush()))
    return allowance


@method(BURN)
def burn(rt: Runtime, params: BurnParams) -> BurnReturn:
    """Burn tokens of the caller."""
    rt.accept_any_caller()
    state = rt.load(State)
    token = _token(rt, state)
    balance = token.burn(rt.caller_id, params.amount)
    rt.save(replace(state, token=token.flush()))
    return BurnReturn(balance)


@method(BURN_FROM)
def burn_from(rt: Runtime, params: BurnFromParams) -> BurnFromReturn:
    """Burn an owner's tokens, on the caller's allowance."""
    rt.accept_any_caller()
    state = rt.load(State)
    token = _token(rt, state)
    owner = rt.resolve(params.owner)
    balance = token.burn_from(rt.caller_id, owner, params.amount)
    rt.save(replace(state, token=token.flush()))
    return BurnFromReturn(balance, token.allowance(owner, rt.caller_id))


DATACAP_ACTOR = ActorCode(
    name="datacap",
    state=State,
    methods=(
        constructor,
        mint,
        destroy,
        name,
        symbol,
        granularity,
        total_supply,
        balance,
        transfer,
        transfer_from,
        increase_allowance,
        decrease_allowance,
        revoke_allowance,
        burn,
        burn_from,
        allowance,
    ),
)


def _token(rt: Runtime, state: State) -> Token:
    return Token(rt.store, state.token, TOKEN_GRANULARITY)


def _there(account: int | None) -> int:
    """Return an account that the token has already found to be there."""
    if account is None:
        raise assertion_failed("tokens moved for an account that is not there")
    return account


def _untransferable(owner: Address, to: int, state: State) -> ActorError:
    return forbidden(f"transfer not allowed from {owner} to f0{to} (governor is {state.governor})")


def _mint_with_operators(rt: Runtime, token: Token, owner: int | None, params: MintParams) -> None:
    refusal = None
    try:
        token.mint(owner, params.amount)
    except ActorError as error:
        refusal = error
    try:
        for operator in params.operators:
            token.set_allowance(owner, rt.resolve(operator), INFINITE_ALLOWANCE)
    except ActorError as error:
        # Quirk: tokens that cannot be minted are found out after an operator that cannot be
        # resolved; and where they can, the hook that was due is dropped, which is a panic.
        if refusal is None:
            raise _dropped_hook() from error
        raise
    if refusal is not None:
        raise refusal


def _save_before_hook(rt: Runtime, state: State) -> None:
    """Save what the receiver's hook is to be told of.

    Quirk: where that fails, in a read-only call or for a supply beyond 128 bytes, the released
    actor drops the hook that was due, which is a panic.
    """
    try:
        rt.save(state)
    except ActorError as error:
        raise _dropped_hook() from error


def _dropped_hook() -> ActorError:
    return assertion_failed("dropped before receiver hook was called")


def _call_hook(rt: Runtime, to: Address, received: TokensReceived) -> bytes:
    """Tell a receiver of tokens and return its answer; abort with its exit code if it refuses."""
    params = UniversalReceiverParams(FRC46_TOKEN_TYPE, received.to_cbor())
    try:
        answer = rt.send(to, RECEIVE, params)
    except ActorError as error:
        # What the receiver has to say of its refusal does not reach the sender of the tokens.
        raise ActorError(
            error.exit_code, f"receiver hook error from {to}: exit_code={error.exit_code}"
        ) from error
    return b"" if answer is None else answer.data
