"""Response times in buckets 0.1 % wide, and what counts in them say: the histograms of Locust, made exact.

The buckets are those of bench.stats.distribution, for floating-point milliseconds: 1,024 between a number and its
double, so that the middle of one is within 0.05 % of all that it holds. Equal times have equal buckets in every
process, so that counts of several workers add up.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from itertools import accumulate
from math import frexp, ldexp

_BITS = 10
_HALVES = 1 << (_BITS + 1)
_DIGITS = 5


def bucket_ms(time_ms: float) -> float:
    """The middle of a time's bucket; 0 of no time."""
    if time_ms <= 0:
        return 0.0
    mantissa, exponent = frexp(time_ms)
    return ldexp(int(mantissa * _HALVES) + 0.5, exponent - _BITS - 1)


class Ranked:
    """Counts in buckets, sorted once for several percentiles."""

    def __init__(self, counts: Mapping[float, int]) -> None:
        self._times_ms = sorted(counts)
        self._reached = list(accumulate(counts[time_ms] for time_ms in self._times_ms))

    def percentile_ms(self, share: float) -> float:
        """A percentile, linear between the two nearest as in bench.stats.distribution, with five digits.

        `share` is 0.99 of p99. Of nothing all percentiles are 0.
        """
        if not self._reached:
            return 0.0
        place = share * (self._reached[-1] - 1)
        below = math.floor(place)
        part = place - below
        low = self._times_ms[bisect_right(self._reached, below)]
        high = self._times_ms[bisect_right(self._reached, below + 1)] if part else low
        return short_ms(low + part * (high - low))


def percentile_ms(counts: Mapping[float, int], share: float) -> float:
    """A percentile of counts in buckets, as `Ranked` has it."""
    return Ranked(counts).percentile_ms(share)


def added_since(counts: Mapping[float, int], before: Mapping[float, int]) -> dict[float, int]:
    """What was counted since earlier counts."""
    return {
        time_ms: count - before.get(time_ms, 0)
        for time_ms, count in counts.items()
        if count > before.get(time_ms, 0)
    }


def short_ms(time_ms: float) -> float:
    """A time with five digits, for people."""
    if not time_ms:
        return 0.0
    return round(time_ms, _DIGITS - 1 - math.floor(math.log10(abs(time_ms))))
