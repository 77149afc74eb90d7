"""Finding the tipset of a height far back without walking all the way (Lotus keeps the same list).

From a tipset near each twentieth height a remembered step leads to one near the twentieth before
it. A lookup walks to the nearest such height, jumps, and walks the rest. What is remembered holds
for every fork, since it goes from a key to an ancestor's.
"""

from collections import OrderedDict

from papyrus.consensus.chain import TipsetSource, tipset_at
from papyrus.primitives.epochs import ChainEpoch
from papyrus.types.tipset import Tipset, TipsetKey

_STRIDE = 20
_MOST_STEPS = 1 << 16
"""Steps kept: 1.3 million epochs of one chain."""


class SkipList:
    """The steps found so far, and who finds tipsets."""

    def __init__(self, source: TipsetSource, *, most_steps: int = _MOST_STEPS) -> None:
        """Begin without any step."""
        self._source = source
        self._most_steps = most_steps
        self._steps: OrderedDict[TipsetKey, tuple[ChainEpoch, TipsetKey]] = OrderedDict()

    def tipset_at(self, base: Tipset, height: ChainEpoch, *, before_null: bool) -> Tipset:
        """Return the tipset at a height on the chain that ends in `base`.

        Where the epoch has none, the last one before it or the first one after it. LookupError for
        a height above the base or below zero.
        """
        if base.height - height <= _STRIDE or height < 0:
            return tipset_at(self._source, base, height, before_null=before_null)
        key = self._walk(base, _floor(base.height)).key
        while (step := self._step(key))[0] > height:
            key = step[1]
        nearest = self._source.tipset(step[1] if step[0] == height else key)
        return tipset_at(self._source, nearest, height, before_null=before_null)

    def _step(self, key: TipsetKey) -> tuple[ChainEpoch, TipsetKey]:
        """Return the height and key of the ancestor that a step from a tipset leads to."""
        found = self._steps.get(key)
        if found is not None:
            self._steps.move_to_end(key)
            return found
        tipset = self._source.tipset(key)
        if tipset.height == 0:
            return 0, key
        parent = self._source.tipset(tipset.parents)
        floor = max(_floor(tipset.height) - _STRIDE, 0)
        target = parent if parent.height < floor else self._walk(parent, floor)
        self._steps[key] = step = (target.height, target.key)
        if len(self._steps) > self._most_steps:
            self._steps.popitem(last=False)
        return step

    def _walk(self, base: Tipset, height: ChainEpoch) -> Tipset:
        return tipset_at(self._source, base, height, before_null=False)


def _floor(height: ChainEpoch) -> ChainEpoch:
    return height // _STRIDE * _STRIDE
