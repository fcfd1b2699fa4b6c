"""Pairs -> verdicts: what a metric did, how sure that is, and what it would take to be surer."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from bench.gates.paired.observation import METRICS, Observation
from bench.model.change import HIGHER_IS_WORSE, Change, Verdict
from bench.stats import sign_test
from bench.stats.multiple_comparisons import holm
from bench.stats.signed_rank import attained, hodges_lehmann, p_above, p_value

LOOKS = 3
ALPHA_LOOK = 0.0221
"""Two-sided level of each of three looks, so that they come to 5 % together (Pocock 1977: |z| > 2.289).

One per cent at once would need pairs that a CI job has no time for. It need not: what is found is confirmed by fresh
processes at `ALPHA_CONFIRM`, one-sided, so that a metric of two equal versions is called worse in 0.025 x 0.05 of all
cases, once in 800.
"""
ALPHA_CONFIRM = 0.05
ALPHA_CONTROL = 0.0041
"""Three looks at this level come to 1 % together (Pocock: |z| > 2.873)."""
POWER = 0.95
_NORMAL = NormalDist()

ERRORS = "errors"
PRIMARY = ("cpu", "throughput")
"""The metrics that a comparison is measured for; the others can be red, but are not waited for."""

MARGINS = {"cpu": 1.0, "throughput": 1.0, "p50": 2.5, "p99": 5.0, "memory": 0.5}
"""How many times the margin each metric may move and count as unchanged."""
_UNITS = {"cpu": "µs/req", "throughput": "req/s", "p50": "ms", "p99": "ms", "memory": "MB"}

Pairs = Mapping[str, Sequence[Observation]]
"""Observations by scenario."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One metric over all pairs: how far the head of each lies above its base, and the figures of either side.

    Differences are logarithms of head / base; those of errors are the head's share of failed requests less the base's.
    """

    name: str
    metric: str
    differences: tuple[float, ...]
    base: float | None
    head: float | None

    @property
    def sd(self) -> float | None:
        """The standard deviation of a pair; None of a single one."""
        return statistics.stdev(self.differences) if len(self.differences) > 1 else None

    @property
    def fails_always(self) -> bool:
        """Whether requests failed in the head of every pair, and in no base."""
        return self.metric == ERRORS and not self.base and all(value > 0 for value in self.differences)


def evidence(pairs: Pairs) -> list[Evidence]:
    """Every metric of every scenario; errors, where there were any, come first."""
    found = []
    for name, seen in pairs.items():
        found += _error_evidence(name, seen)
        for metric in METRICS:
            logs = tuple(log for one in seen if (log := one.log_ratio(metric)) is not None)
            if logs:
                base, head = (_middle(seen, metric, side) for side in ("base", "head"))
                found.append(Evidence(name, metric, logs, base, head))
    return found


def _error_evidence(name: str, seen: Sequence[Observation]) -> list[Evidence]:
    base, head = (sum(getattr(one, side).errors for one in seen) for side in ("base", "head"))
    if not base and not head:
        return []
    return [
        Evidence(name, ERRORS, tuple(one.head.error_share - one.base.error_share for one in seen), base, head)
    ]


def memory_evidence(name: str, pools: Sequence[tuple[int, int]]) -> Evidence:
    """Bytes of base and head, a pair of servers each."""
    logs = tuple(math.log(head / base) for base, head in pools)
    base, head = (statistics.median(pair[side] for pair in pools) / 1e6 for side in (0, 1))
    return Evidence(name, "memory", logs, base, head)


def judge(found: Sequence[Evidence], margin: float, tests: int = 0) -> list[Change]:
    """A change a metric; with several scenarios, p-values are adjusted for their number (Holm), metric by metric.

    Errors can only be worse, never "no change": by a sign test over pairs, at the level that is left for one side, or
    because requests failed in the head of every pair and in no base. `tests` is the number of scenarios where there are
    more than these; `margin` is the share up to which CPU and throughput count as unchanged; the other metrics have
    multiples of it.
    """
    changes = []
    for metric in dict.fromkeys(one.metric for one in found):
        members = [one for one in found if one.metric == metric]
        adjusted = holm([_p(one) for one in members], tests)
        changes += [_change(one, p, margin) for one, p in zip(members, adjusted, strict=True)]
    order = {(one.name, one.metric): place for place, one in enumerate(found)}
    return sorted(changes, key=lambda change: order[change.name, change.metric])


def confirmed(change: Change, fresh: Evidence) -> bool:
    """Whether fresh pairs show that a change goes the way it seemed to."""
    if change.metric == ERRORS:
        return sign_test.p_above(fresh.differences) <= ALPHA_CONFIRM
    assert change.ratio is not None
    logs = fresh.differences if change.ratio > 1 else [-log for log in fresh.differences]
    return p_above(logs) <= ALPHA_CONFIRM


def shift(control: Evidence) -> float:
    """By how much what no change can touch has moved, as the logarithm of a ratio; 0 without evidence at 1 %."""
    interval = hodges_lehmann(control.differences, ALPHA_CONTROL)
    return interval.estimate if interval.low > 0 or interval.high < 0 else 0.0


def power(change: float, sd: float, pairs: int, fresh: int) -> float:
    """How often a change, a share, is found by so many pairs and confirmed by so many fresh ones.

    By the normal approximation, with the levels that the tests attain; 3 / pi is how many of its pairs the signed-rank
    test puts to use where differences are normal (Hodges and Lehmann 1956), and one pair more goes into not knowing
    their spread. A second try at a confirmation is not counted.
    """
    size = math.log1p(change) / sd
    return _power(size, pairs, ALPHA_LOOK / 2) * _power(size, fresh, ALPHA_CONFIRM)


def _power(size: float, pairs: int, alpha: float) -> float:
    level = attained(pairs, alpha)
    used = 3 / math.pi * max(0, pairs - 1)
    return _NORMAL.cdf(size * math.sqrt(used) - _NORMAL.inv_cdf(1 - level)) if level else 0.0


def mde(sd: float, pairs: int, fresh: int) -> float:
    """The smallest change, as a share, whose `power` is 95 %; by halving, infinite where there are too few pairs."""
    low, high = 0.0, 10.0
    if power(high, sd, pairs, fresh) < POWER:
        return math.inf
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if power(middle, sd, pairs, fresh) < POWER else (low, middle)
    return high


def pairs_to_decide(one: Evidence, margin: float) -> int | None:
    """How many pairs the interval would need to leave out zero, or what is outside the margin, if things stay so.

    None where no interval is drawn: of a single pair, and of errors.
    """
    if one.sd is None or one.metric == ERRORS:
        return None
    middle = abs(statistics.median(one.differences))
    limit = math.log1p(margin * MARGINS[one.metric])
    room = max(middle, limit - middle)
    return math.ceil((_NORMAL.inv_cdf(1 - ALPHA_LOOK / 2) * one.sd / room) ** 2)


def _p(one: Evidence) -> float:
    return sign_test.p_above(one.differences) if one.metric == ERRORS else p_value(one.differences)


def _change(one: Evidence, p: float, margin: float) -> Change:
    if one.metric == ERRORS:
        worse = p <= ALPHA_LOOK / 2 or one.fails_always
        return Change(one.name, ERRORS, "regressed" if worse else "inconclusive", one.base, one.head)
    interval = hodges_lehmann(one.differences, ALPHA_LOOK)
    limit = math.log1p(margin * MARGINS[one.metric])
    verdict = _verdict(one.metric, interval.estimate, interval.low, interval.high, p, limit)
    if p > ALPHA_LOOK and not interval.low <= 0 <= interval.high:
        # One scenario of many: by the level that is left for it nothing is shown, and its interval must say so, too.
        interval = hodges_lehmann(one.differences, ALPHA_LOOK * _p(one) / p)
    return Change(
        one.name,
        one.metric,
        verdict,
        one.base,
        one.head,
        math.exp(interval.estimate),
        math.exp(interval.low) if math.isfinite(interval.low) else None,
        math.exp(interval.high) if math.isfinite(interval.high) else None,
        _mde(one),
        unit=_UNITS[one.metric],
        beside=one.metric not in PRIMARY,
        margin=margin * MARGINS[one.metric],
    )


def _mde(one: Evidence) -> float | None:
    """With a confirmation of as many pairs as a look has; None where nothing could be found."""
    found = mde(one.sd, len(one.differences), max(1, len(one.differences) // LOOKS)) if one.sd else math.inf
    return found if math.isfinite(found) else None


def _verdict(metric: str, middle: float, low: float, high: float, p: float, limit: float) -> Verdict:
    """No change is a proof, too: the whole interval must lie within the margin."""
    if -limit < low and high < limit:
        return "no change"
    if p > ALPHA_LOOK or low <= 0 <= high:
        return "inconclusive"
    return "regressed" if (middle > 0) == HIGHER_IS_WORSE[metric] else "improved"


def _middle(seen: Sequence[Observation], metric: str, side: str) -> float | None:
    levels = [level for one in seen if (level := one.level(metric, side)) is not None]
    return statistics.median(levels) if levels else None
