"""DataCap as tokens: the registry counts whole bytes, the DataCap actor a token for each."""

from papyrus.actors.common.integers import truncated_quotient
from papyrus.actors.datacap.params import TOKEN_PRECISION
from papyrus.primitives.amounts import TokenAmount


def to_tokens(datacap: int) -> TokenAmount:
    """Return bytes of DataCap as an amount of tokens."""
    return TokenAmount(datacap * TOKEN_PRECISION)


def to_datacap(tokens: TokenAmount) -> int:
    """Return an amount of tokens as whole bytes of DataCap."""
    return truncated_quotient(tokens, TOKEN_PRECISION)
