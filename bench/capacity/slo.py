"""Service level objectives, such as `p99<50ms`: read from text, and checked against a measured summary."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from bench.errors import UsageError, unknown
from bench.model.record import Caveat, Record, Summary
from bench.results.caveats import CEILING
from bench.stats.format import three_digits

ERRORS = "errors"

# For each metric the share of the requests beyond it, where it is a percentile.
_METRICS = {
    "p50": 0.5,
    "p90": 0.1,
    "p95": 0.05,
    "p99": 0.01,
    "p999": 0.001,
    "max": None,
    "mean": None,
    ERRORS: None,
}
_IN_MS = {"us": 1e-3, "ms": 1.0, "s": 1e3}
_BEYOND = 10
_FORM = re.compile(r"\s*(\w+)\s*<\s*([0-9.]+(?:e[+-]?\d+)?)\s*(\S*)\s*", re.IGNORECASE)

SPOILING = ("shed", "rate-not-reached", "throttled", "one-cpu")
"""Caveats with which a rate does not hold, whatever the objectives say: such a record is invalid."""
SATURATED = frozenset({"generator-saturated", CEILING})
"""Caveats with which a trial says nothing of the server: the load could not be made."""


@dataclass(frozen=True, slots=True)
class Objective:
    """A metric that must stay below a limit: response time from the intended start in ms, or errors in percent.

    Where there are too few requests for p999, the largest response time stands for it.
    """

    metric: str
    limit: float
    text: str

    def figure(self, summary: Summary) -> float | None:
        """The measured figure, in the limit's unit; None without requests."""
        if not summary.requests:
            return None
        if self.metric == ERRORS:
            return 100 * summary.errors / summary.requests
        found: float | None = getattr(summary.response_ms, self.metric)
        if found is None and self.metric == "p999":
            return summary.response_ms.max  # too few requests for it: it is at most this
        return found

    def holds(self, summary: Summary) -> bool:
        """Whether the figure is below the limit; without requests no objective holds."""
        found = self.figure(summary)
        return found is not None and found < self.limit

    def describe(self, summary: Summary) -> str:
        """`p99 61.2 ms`, `errors 0.2 %`"""
        found, unit = self.figure(summary), "%" if self.metric == ERRORS else "ms"
        if found is None:
            return f"no {self.metric}"
        return f"{self.metric} {three_digits(found) if found else '0'} {unit}"

    @property
    def least_requests(self) -> int:
        """The requests with which ten lie beyond the percentile; for errors, those with which one may fail."""
        if self.metric == ERRORS:
            return math.ceil(round(100 / self.limit, 6))
        beyond = _METRICS[self.metric]
        return math.ceil(round(_BEYOND / beyond, 6)) if beyond else 1


def parse(text: str) -> Objective:
    """Read `p99<50ms`, `mean<0.2s` or `errors<0.1%`. Raises UsageError, which says what is wrong."""
    found = _FORM.fullmatch(text)
    if found is None:
        raise UsageError(
            f"objective '{text}': write METRIC<NUMBER UNIT, as in p99<50ms, mean<0.2s or errors<0.1%"
        )
    metric, number, unit = found[1].lower(), found[2], found[3].lower()
    if metric not in _METRICS:
        raise unknown("metric", metric, _METRICS)
    if metric == ERRORS and unit != "%":
        raise UsageError(f"objective '{text}': errors are a share of the requests, as in errors<0.1%")
    if metric != ERRORS and unit not in _IN_MS:
        raise UsageError(f"objective '{text}': a response time has a unit, ms, s or us, as in {metric}<50ms")
    try:
        limit = float(number) * _IN_MS.get(unit, 1.0)
    except ValueError:
        raise UsageError(f"objective '{text}': '{number}' is not a number") from None
    if limit <= 0 or not math.isfinite(limit):
        raise UsageError(f"objective '{text}': the limit must be above zero")
    if metric == ERRORS and limit > 100:
        raise UsageError(f"objective '{text}': more than 100 % cannot fail")
    return Objective(metric, limit, f"{metric}<{number}{unit}")


def parse_all(texts: Iterable[str]) -> tuple[Objective, ...]:
    """Read several, one a metric, and add errors<0.1% where none is about errors, for errors may be fast.

    Raises UsageError.
    """
    found = [parse(text) for text in texts]
    twice = [one.metric for place, one in enumerate(found) if one.metric in {o.metric for o in found[:place]}]
    if twice:
        raise UsageError(f"there are two objectives for {twice[0]}: give one")
    if ERRORS not in {one.metric for one in found}:
        found.append(parse("errors<0.1%"))
    return tuple(found)


def misses(record: Record, objectives: Sequence[Objective]) -> tuple[str, ...]:
    """The reasons why a trial does not hold, one phrase each; empty when it holds."""
    missed = [
        f"{one.describe(record.summary)} ({one.text})" for one in objectives if not one.holds(record.summary)
    ]
    spoilt = [caveat.code for caveat in record.caveats if caveat.code in (*SPOILING, *SATURATED)]
    return (*missed, *spoilt)


def doubts(summary: Summary, objectives: Iterable[Objective]) -> Iterator[Caveat]:
    """A caveat for each objective that rests on too few requests, p99 left out: its record has one already."""
    for one in objectives:
        if one.metric != "p99" and summary.requests < one.least_requests:
            yield Caveat(
                "few-samples",
                f"{one.text} rests on {summary.requests} requests; it wants {one.least_requests:,}",
            )
