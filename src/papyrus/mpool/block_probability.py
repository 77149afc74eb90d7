"""How likely a producer's block is the first, second, ... of its tipset (`block_proba.go`).

Each epoch has five winners on average, distributed as Poisson's law says. They all choose from the
same messages, and where two blocks hold the same message only the earlier one is paid. A producer
knows how good its own ticket is, and so with what chance its block comes in which place. With a
poor ticket it does better to leave the best messages to others.
"""

import math

MOST_BLOCKS = 15
"""Places looked at; more winners than that are as good as impossible."""

_EXPECTED_WINNERS = 5


def winner_probabilities() -> tuple[float, ...]:
    """Return the chance of 0, 1, ... winners in an epoch."""
    return tuple(_poisson(count, _EXPECTED_WINNERS) for count in range(MOST_BLOCKS))


def other_winner_probabilities() -> tuple[float, ...]:
    """Return the chance of 0, 1, ... winners beside one that is certain."""
    at_least_one = math.log(math.exp(_EXPECTED_WINNERS) - 1)
    return tuple(_poisson(count + 1, at_least_one) for count in range(MOST_BLOCKS))


def block_probabilities(ticket_quality: float) -> tuple[float, ...]:
    """Return the chance of each place in its tipset for a block with a ticket so good.

    The quality is the share of tickets that are worse, from 0 to 1.
    """
    better = 1 - ticket_quality
    others = other_winner_probabilities()
    return tuple(
        sum(chance * _binomial(place, count, better) for count, chance in enumerate(others))
        for place in range(MOST_BLOCKS)
    )


def _poisson(count: int, log_norm: float) -> float:
    return math.exp(math.log(_EXPECTED_WINNERS) * count - math.lgamma(count + 1) - log_norm)


def _binomial(successes: int, trials: int, chance: float) -> float:
    if successes > trials:
        return 0.0
    return math.comb(trials, successes) * chance**successes * (1 - chance) ** (trials - successes)
