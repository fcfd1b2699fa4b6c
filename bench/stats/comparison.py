"""The rule of difference: log ratios of two lanes, one a round, and Student's interval of their mean.

The unit of evidence is a round, in which both sides ran on fresh servers: two processes of the same program differ by
1 to 4 % for as long as they live, so requests and slices of one round share its luck. Ratios are drawn within
rotations, whose slices ran within a second of each other, so that drift of the machine cancels.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bench.stats.families import dunnett_critical, rounds_needed
from bench.stats.format import NO_EVIDENCE, times
from bench.stats.shrinkage import Family
from bench.stats.signed_rank import walsh_median

MARGIN = 0.02
"""The share up to which two figures count as the same."""
CONFIDENCE = 0.95

Better = Literal["higher", "lower"]
"""Which way of a metric is better."""

Direction = Literal["higher", "lower", "no evidence"]
"""Of a difference that the rounds show."""

RatioVerdict = Literal["better", "worse", "same", "unresolved"]
"""Of the head against the base: better or worse where the interval leaves out 1, same where it lies in the margin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How many times as large the head's figure is as the base's, with the interval of `rounds` rounds.

    `low` and `high` bound the ratio with 95 % confidence, simultaneously for the comparisons of its family; with a
    single round they are 0 and infinite.
    """

    ratio: float
    low: float
    high: float
    rounds: int

    @property
    def direction(self) -> Direction:
        if self.low > 1:
            return "higher"
        return "lower" if self.high < 1 else "no evidence"

    @property
    def shown(self) -> bool:
        """Whether the rounds show a difference."""
        return self.direction != "no evidence"

    @property
    def same(self) -> bool:
        """Whether the whole interval lies within the margin: a proof, not a lack of evidence."""
        return self.low >= 1 - MARGIN and self.high <= 1 + MARGIN

    @property
    def half_width(self) -> float:
        """Half of the interval, as a share of the base's figure; infinite with a single round."""
        return (self.high - self.low) / 2

    @property
    def text(self) -> str:
        """`1.31 ×`, or `~` where there is no evidence."""
        return times(self.ratio) if self.shown else NO_EVIDENCE

    @property
    def interval_text(self) -> str:
        """`3.10 × (2.90 to 3.31)`"""
        if math.isinf(self.high):
            return f"{times(self.ratio)} (no interval: a single round)"
        return f"{times(self.ratio)} ({times(self.low)[:-2]} to {times(self.high)[:-2]})"

    def verdict(self, better: Better) -> RatioVerdict:
        """A proof of sameness comes before a difference: 0.5 % is no reason to choose a setup."""
        if self.same:
            return "same"
        if not self.shown:
            return "unresolved"
        return "better" if self.direction == better else "worse"

    @property
    def rounds_needed(self) -> int | None:
        """About how many rounds would settle it, if ratio and noise stay as they are; None with a single round.

        So many that the interval leaves out 1 or lies within the margin.
        """
        if self.rounds < 2 or math.isinf(self.high) or self.low <= 0:
            return None
        middle, reach = math.log(self.ratio), math.log(self.high / self.low) / 2
        room = max(abs(middle), math.log1p(MARGIN) - abs(middle))
        return rounds_needed(self.rounds, reach, room)


def compare(log_ratios: Sequence[float], family: int | Family = 1) -> Comparison | None:
    """The comparison of two sides from one log ratio (head over base) a round; None without any.

    `family` is how many comparisons with the same base are made together: their intervals hold simultaneously
    (Dunnett 1955; critical values by simulation, see `families`). A `Family` also lends strength: with few rounds the
    variance of one comparison is known badly, and drawn towards the mean of all as far as they look alike.
    """
    family = family if isinstance(family, Family) else Family(family)
    rounds = len(log_ratios)
    if not rounds:
        return None
    middle = statistics.fmean(log_ratios)
    if rounds < 2:
        return Comparison(ratio=math.exp(middle), low=0.0, high=math.inf, rounds=rounds)
    reach = interval_reach(log_ratios, family)
    return Comparison(
        ratio=math.exp(middle), low=math.exp(middle - reach), high=math.exp(middle + reach), rounds=rounds
    )


def interval_reach(log_ratios: Sequence[float], family: Family) -> float:
    """How far the interval of their mean reaches either way, for at least two rounds.

    The own variance counts with its degrees of freedom, that of the family with what it is worth (Smyth 2004).
    """
    rounds, degree = len(log_ratios), len(log_ratios) - 1
    own = standard_error(log_ratios) ** 2 * rounds
    variance = (family.freedom * family.variance + degree * own) / (family.freedom + degree)
    return dunnett_critical(family.comparisons, rounds + family.freedom) * math.sqrt(variance / rounds)


def standard_error(log_ratios: Sequence[float]) -> float:
    """Of their mean; of at least two rounds."""
    rounds, middle = len(log_ratios), statistics.fmean(log_ratios)
    return math.sqrt(math.fsum((log - middle) ** 2 for log in log_ratios) / (rounds - 1) / rounds)


def robust_mean(values: Sequence[float]) -> float:
    """The middle of a round's log ratios: Hodges and Lehmann's estimate, the median of the means of all pairs.

    It keeps 95 % of the mean's precision under normal noise and bears 29 % of disturbed rotations (Hodges and Lehmann
    1963). Raises ValueError without values.
    """
    return walsh_median(values)
