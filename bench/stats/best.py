"""Comparison with the best: how far each of several sides lies behind the best of them, which nobody knows for sure.

For the true best, whichever it is, Dunnett's intervals of all others against it hold together in 95 % of cases. In such
a case none is shown to be better than it, so it is among the sides of which none is: the candidates. The interval of a
side is therefore the union of its intervals against each candidate, and nobody is better than the best. The idea of
candidates is Hsu's (1981; Multiple Comparisons, 1996, chapter 4); two-sided bounds take the place of his one-sided
ones, as "at least 8 % behind" needs them.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bench.stats.comparison import MARGIN, Better, interval_reach
from bench.stats.shrinkage import family_of

StandingVerdict = Literal["best", "same", "worse", "unresolved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The place of one side: its ratio to the best, with an interval that holds for all sides together.

    A figure that is better when lower has ratios above 1. A verdict of "same" is a proof: all of the interval lies
    within the margin; the first is "best" where it alone may be, or where it is proved the same as whatever is best.
    """

    name: str
    ratio: float
    low: float
    high: float
    verdict: StandingVerdict
    rounds: int

    @property
    def half_width(self) -> float:
        return (self.high - self.low) / 2


def compare_with_best(
    log_ratios: Mapping[tuple[str, str], Sequence[float]], names: Sequence[str], better: Better
) -> tuple[Standing, ...]:
    """The standings of several sides, the best first.

    `log_ratios` has for each ordered pair (base, head) one log ratio a round. With fewer than two rounds nothing is
    resolved: the intervals reach from nothing to everything.
    """
    sign = 1.0 if better == "higher" else -1.0
    leads = {pair: [sign * value for value in values] for pair, values in log_ratios.items()}
    middle = {pair: statistics.fmean(values) for pair, values in leads.items()}
    reach = _reaches(leads, len(names) - 1)
    score = _scores(middle, names)
    candidates = {
        name
        for name in names
        if all(middle[other, name] + reach[other, name] >= 0 for other in names if other != name)
    }
    first = min(candidates or names, key=lambda name: (-score[name], name))
    ordered = sorted(names, key=lambda name: (name != first, -score[name], name))
    candidates |= {first}
    found = []
    for name in ordered:
        behind = [(candidate, name) for candidate in candidates if candidate != name]
        low = min(0.0, *(middle[pair] - reach[pair] for pair in behind), 0.0)
        tops = [middle[pair] + reach[pair] for pair in behind]
        high = 0.0 if name in candidates else min(0.0, max(tops))
        ratio = 0.0 if name == first else min(high, max(low, score[name] - score[first]))
        bounds = sorted(math.exp(sign * bound) for bound in (low, high))
        found.append(
            Standing(
                name=name,
                ratio=math.exp(sign * ratio),
                low=bounds[0],
                high=bounds[1],
                verdict=_verdict(low, is_first=name == first, is_candidate=name in candidates),
                rounds=min(map(len, leads.values())),
            )
        )
    return tuple(found)


def _scores(middle: Mapping[tuple[str, str], float], names: Sequence[str]) -> dict[str, float]:
    """The sides on one scale, whose differences are the least-squares fit to the ratios of all pairs.

    Robust means of pairs do not add up: that of a and c is not quite that of a and b plus that of b and c (Lehmann
    1963 adjusts them so). Each score is the mean of a side's leads over all sides, itself included.
    """
    return {name: sum(middle[other, name] for other in names if other != name) / len(names) for name in names}


def _reaches(
    leads: Mapping[tuple[str, str], Sequence[float]], comparisons: int
) -> dict[tuple[str, str], float]:
    """How far the interval of each pair reaches, either way.

    With few rounds a variance of one pair is known badly: it is drawn towards the mean of all pairs, as far as they
    look alike (`prior_freedom`), and its degrees of freedom grow by what that mean is worth. Of 8 setups whose
    processes differ by 1 to 4 %, over 6 rounds, that makes intervals a quarter narrower, and 95 to 96 % of families
    hold together; where one setup varies six times as much as all others, 94 % (93 % over 4 rounds; simulated).
    """
    if min(map(len, leads.values())) < 2:
        return dict.fromkeys(leads, math.inf)
    once = family_of([values for (base, head), values in leads.items() if base < head])
    family = replace(once, comparisons=comparisons)
    return {pair: interval_reach(values, family) for pair, values in leads.items()}


def _verdict(low: float, *, is_first: bool, is_candidate: bool) -> StandingVerdict:
    """From the lower bound of the logarithm of the ratio to the best: a side that is no candidate is not the best."""
    if low >= math.log1p(-MARGIN):
        return "best" if is_first else "same"
    return "unresolved" if is_candidate else "worse"
