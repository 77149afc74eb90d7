"""The lottery by which block producers are chosen (spec 4.20 expected consensus, node.md 3.6).

Each epoch every miner draws a number from its election proof, and wins as often as that number says
under a Poisson distribution whose mean is the miner's share of the network's power times the five
blocks an epoch shall have. So most miners win nothing, and a large one may win several times over.

The count is consensus, so all of it is arithmetic on integers: fixed-point numbers with 256 binary
digits after the point ("Q.256"), rounded down at every step. The exponential is a rational
function fitted to e^-x, good to 3e-30 for a miner with a third of the power.
"""

from collections.abc import Iterator, Sequence

from papyrus.crypto import vrf

BLOCKS_PER_EPOCH = 5
"""Wins expected of the whole network in an epoch."""

MAX_WIN_COUNT = 3 * BLOCKS_PER_EPOCH
"""Wins beyond which none are counted."""

_PRECISION = 256
_COEFFICIENT_SHIFT = _PRECISION - 128
"""The coefficients are given as multiples of 2^-128."""

_NUMERATOR = tuple(
    coefficient << _COEFFICIENT_SHIFT
    for coefficient in (
        -648770010757830093818553637600,
        67469480939593786226847644286976,
        -3197587544499098424029388939001856,
        89244641121992890118377641805348864,
        -1579656163641440567800982336819953664,
        17685496037279256458459817590917169152,
        -115682590513835356866803355398940131328,
        340282366920938463463374607431768211456,
    )
)
_DENOMINATOR = tuple(
    coefficient << _COEFFICIENT_SHIFT
    for coefficient in (
        1225524182432722209606361,
        114095592300906098243859450,
        5665570424063336070530214243,
        194450132448609991765137938448,
        5068267641632683791026134915072,
        104716890604972796896895427629056,
        1748338658439454459487681798864896,
        23704654329841312470660182937960448,
        259380097567996910282699886670381056,
        2250336698853390384720606936038375424,
        14978272436876548034486263159246028800,
        72144088983913131323343765784380833792,
        224599776407103106596571252037123047424,
        340282366920938463463374607431768211456,
    )
)
"""Both with the highest power first."""


def win_count(vrf_proof: bytes, miner_power: int, total_power: int) -> int:
    """Return how often an election proof wins, from 0 to 15.

    Power is quality-adjusted, in bytes, and the network's is positive.
    """
    drawn = int.from_bytes(vrf.output(vrf_proof), "big")
    wins = 0
    for chance in chances_of_more(expected_wins(miner_power, total_power)):
        if drawn >= chance or wins == MAX_WIN_COUNT:
            break
        wins += 1
    return wins


def expected_wins(miner_power: int, total_power: int) -> int:
    """Return a miner's share of the blocks of an epoch, in Q.256."""
    return (miner_power * BLOCKS_PER_EPOCH << _PRECISION) // total_power


def chances_of_more(mean: int) -> Iterator[int]:
    """Yield the probabilities of more than 0, 1, 2, ... wins where so many are expected, in Q.256.

    It never ends; far out the rounding shows, and a probability may be slightly negative.
    """
    exactly = negative_exponential(mean)
    more = (1 << _PRECISION) - exactly
    wins = 0
    while True:
        yield more
        wins += 1
        exactly = (exactly // wins) * mean >> _PRECISION
        more -= exactly


def negative_exponential(exponent: int) -> int:
    """Return e to the power of a number's negative, both in Q.256, for numbers up to 5."""
    numerator = _polynomial(_NUMERATOR, exponent)
    return (numerator << _PRECISION) // _polynomial(_DENOMINATOR, exponent)


def _polynomial(coefficients: Sequence[int], at: int) -> int:
    value, *others = coefficients
    for coefficient in others:
        value = (value * at >> _PRECISION) + coefficient
    return value
