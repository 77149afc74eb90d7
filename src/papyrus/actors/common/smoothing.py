"""Estimates that follow a noisy series: the alpha-beta filter of rewards and power.

The reward and power actors smooth what they report, so that what a sector costs does not jump with
one epoch's luck. An estimate is a position and a velocity per epoch, both in Q.128; the miner actor
extrapolates two of them to the reward that a unit of power will earn over some epochs
(builtin-actors `builtin/reward/smooth`).
"""

from papyrus.actors.common.fixed_point import PRECISION, polynomial
from papyrus.ipld.schema import BigInt
from papyrus.ipld.tuples import Record, cbor_tuple
from papyrus.vm.aborts import assertion_failed

ALPHA = 314_760_000_000_000_000_000_000_000_000_000_000
"""How far an observation moves the position, in Q.128: about 0.000925."""
BETA = 96_640_100_000_000_000_000_000_000_000_000
"""How far it moves the velocity, in Q.128: about 2.84e-7."""

_LEAST_SQUARED_VELOCITY = 302_231_454_903_657_293_676_544
"""Below this, in Q.128, a series is taken for constant."""

_LN_2 = 235_865_763_225_513_294_137_944_142_764_154_484_399

_LN_NUMERATOR = (
    261_417_938_209_272_870_992_496_419_296_200_268_025,
    7_266_615_505_142_943_436_908_456_158_054_846_846_897,
    32_458_783_941_900_493_142_649_393_804_518_050_491_988,
    17_078_670_566_130_897_220_338_060_387_082_146_864_806,
    -35_150_353_308_172_866_634_071_793_531_642_638_290_419,
    -20_351_202_052_858_059_355_702_509_232_125_230_498_980,
    -1_563_932_590_352_680_681_114_104_005_183_375_350_999,
)
_LN_DENOMINATOR = (
    49_928_077_726_659_937_662_124_949_977_867_279_384,
    2_508_163_877_009_111_928_787_629_628_566_491_583_994,
    21_757_751_789_594_546_643_737_445_330_202_599_887_121,
    53_400_635_271_583_923_415_775_576_342_898_617_051_826,
    41_248_834_748_603_606_604_000_911_015_235_164_348_839,
    9_015_227_820_322_455_780_436_733_526_367_238_305_537,
    340_282_366_920_938_463_463_374_607_431_768_211_456,
)
"""A rational approximation of the logarithm between one and two, in Q.128."""


@cbor_tuple
class FilterEstimate(Record):
    """Where a series is, and how fast it moves."""

    position: BigInt
    """In Q.128."""
    velocity: BigInt
    """In Q.128, per epoch."""

    @classmethod
    def of(cls, position: int, velocity: int) -> "FilterEstimate":
        """Return the estimate of a position and a velocity that are whole numbers."""
        return cls(position << PRECISION, velocity << PRECISION)

    @property
    def estimate(self) -> int:
        """The position as a whole number, rounded down."""
        return self.position >> PRECISION

    def next_estimate(self, observation: int, epochs: int) -> "FilterEstimate":
        """Return the estimate after a whole number was observed, some epochs later.

        ActorError where no epoch lies between.
        """
        predicted = self.position + epochs * self.velocity
        residual = (observation << PRECISION) - predicted
        position = predicted + (ALPHA * residual >> PRECISION)
        velocity = self.velocity + quotient(residual * BETA, epochs << PRECISION)
        return FilterEstimate(position, velocity)


def extrapolated_cumulative_sum_of_ratio(
    epochs: int, start: int, numerator: FilterEstimate, denominator: FilterEstimate
) -> int:
    """Return the sum of one series over another in Q.128, over epochs from a start on.

    `start` counts from the epoch of the estimates. ActorError where the denominator is zero.
    """
    duration = epochs << PRECISION
    squared_velocity = denominator.velocity * denominator.velocity >> PRECISION
    if squared_velocity > _LEAST_SQUARED_VELOCITY:
        first = denominator.position + denominator.velocity * start
        last = first + denominator.velocity * epochs
        growth = natural_logarithm(last) - natural_logarithm(first)
        by_position = growth * numerator.position * denominator.velocity >> PRECISION
        by_velocity = (
            (denominator.velocity * duration - growth * denominator.position) * numerator.velocity
        ) >> PRECISION
        return quotient(by_position + by_velocity, squared_velocity)

    middle = (start << PRECISION) + (duration >> 1)
    position = (numerator.velocity * middle >> PRECISION) + numerator.position
    return quotient(position * duration, denominator.position)


def natural_logarithm(x: int) -> int:
    """Return the natural logarithm of a number in Q.128, in Q.128.

    Quirk: zero and negative numbers have none, and get what the approximation gives for them.
    """
    shift = x.bit_length() - 1 - PRECISION
    # Shifting a negative number right rounds down, in Rust's BigInt as here.
    between_one_and_two = x >> shift if shift > 0 else x << -shift
    numerator = polynomial(_LN_NUMERATOR, between_one_and_two) << PRECISION
    denominator = polynomial(_LN_DENOMINATOR, between_one_and_two)
    return shift * _LN_2 + quotient(numerator, denominator)


def quotient(dividend: int, divisor: int) -> int:
    """Return the quotient rounded down; ActorError where the divisor is zero, a panic there."""
    if divisor == 0:
        raise assertion_failed("attempt to divide by zero")
    return dividend // divisor
