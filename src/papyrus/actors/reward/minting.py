"""How much FIL is minted: simple minting by time, baseline minting by growth (spec 2.6).

30% of the storage mining allocation is minted whatever happens, halving every six years. The rest
is minted as the network's power keeps up with a baseline that doubles every year: time in this
part passes by as much as cumulative power, capped by the baseline, has reached of the cumulative
baseline. That effective time, theta, is a fraction; it and the exponentials are in Q.128.
"""

from papyrus.actors.common.fixed_point import ONE, PRECISION, polynomial
from papyrus.actors.common.smoothing import quotient
from papyrus.primitives.amounts import TokenAmount

SIMPLE_TOTAL = TokenAmount(330_000_000 * 10**18)
"""What simple minting will have minted in the end, in attoFIL."""
BASELINE_TOTAL = TokenAmount(770_000_000 * 10**18)
"""What baseline minting will have minted in the end, in attoFIL."""

BASELINE_EXPONENT = 340_282_591_298_641_078_465_964_189_926_313_473_653
"""The growth of the baseline in an epoch, in Q.128: twofold in a year of 365 days."""
BASELINE_INITIAL_VALUE = 2_888_888_880_000_000_000
"""The baseline at the start in bytes, about 2.5 EiB."""
INITIAL_BASELINE_POWER = (BASELINE_INITIAL_VALUE << 2 * PRECISION) // BASELINE_EXPONENT >> PRECISION
"""The baseline one epoch before the start."""

_LAMBDA = 37_396_271_439_864_487_274_534_522_888_786
"""The rate of decay in an epoch, in Q.128: ln(2) / 6 years."""
_EXP_LAMBDA_MINUS_ONE = 37_396_273_494_747_879_394_193_016_954_629
"""e^lambda - 1 in Q.128."""

_EXP_NUMERATOR = (
    -648_770_010_757_830_093_818_553_637_600,
    67_469_480_939_593_786_226_847_644_286_976,
    -3_197_587_544_499_098_424_029_388_939_001_856,
    89_244_641_121_992_890_118_377_641_805_348_864,
    -1_579_656_163_641_440_567_800_982_336_819_953_664,
    17_685_496_037_279_256_458_459_817_590_917_169_152,
    -115_682_590_513_835_356_866_803_355_398_940_131_328,
    340_282_366_920_938_463_463_374_607_431_768_211_456,
)
_EXP_DENOMINATOR = (
    1_225_524_182_432_722_209_606_361,
    114_095_592_300_906_098_243_859_450,
    5_665_570_424_063_336_070_530_214_243,
    194_450_132_448_609_991_765_137_938_448,
    5_068_267_641_632_683_791_026_134_915_072,
    104_716_890_604_972_796_896_895_427_629_056,
    1_748_338_658_439_454_459_487_681_798_864_896,
    23_704_654_329_841_312_470_660_182_937_960_448,
    259_380_097_567_996_910_282_699_886_670_381_056,
    2_250_336_698_853_390_384_720_606_936_038_375_424,
    14_978_272_436_876_548_034_486_263_159_246_028_800,
    72_144_088_983_913_131_323_343_765_784_380_833_792,
    224_599_776_407_103_106_596_571_252_037_123_047_424,
    340_282_366_920_938_463_463_374_607_431_768_211_456,
)
"""A rational approximation of e^-x, in Q.128, good to 4.6e-15 for x from 0 to 5."""


def next_baseline_power(power: int) -> int:
    """Return the baseline in bytes of the epoch after one whose baseline is given."""
    return power * BASELINE_EXPONENT >> PRECISION


def effective_time(
    whole_epochs: int, baseline_power: int, cumulative_realized: int, cumulative_baseline: int
) -> int:
    """Return theta in Q.128: where the cumulative baseline equals cumulative realized power.

    `whole_epochs` is its ceiling; between epochs the cumulative baseline is taken for linear, with
    the slope `baseline_power`.
    """
    if whole_epochs == 0:
        return 0
    ahead = cumulative_baseline - cumulative_realized
    return (whole_epochs << PRECISION) - quotient(ahead << PRECISION, baseline_power)


def epoch_reward(
    epoch: int,
    previous_theta: int,
    theta: int,
    simple_total: TokenAmount,
    baseline_total: TokenAmount,
) -> TokenAmount:
    """Return the reward in attoFIL of all leaders that an epoch is expected to have."""
    decayed = _negative_exponential(_LAMBDA * epoch)
    simple = simple_total * _EXP_LAMBDA_MINUS_ONE * decayed >> PRECISION
    baseline = _baseline_supply(theta, baseline_total) - _baseline_supply(
        previous_theta, baseline_total
    )
    return TokenAmount(simple + baseline >> PRECISION)


def _baseline_supply(theta: int, baseline_total: int) -> int:
    """Return what baseline minting has minted at an effective time, in attoFIL and Q.128."""
    return (ONE - _negative_exponential(theta * _LAMBDA >> PRECISION)) * baseline_total


def _negative_exponential(x: int) -> int:
    """Return e^-x, both in Q.128."""
    return quotient(polynomial(_EXP_NUMERATOR, x) << PRECISION, polynomial(_EXP_DENOMINATOR, x))
