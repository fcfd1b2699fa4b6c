"""Conditions such as `p99<50ms`: one grammar for objectives that must hold, and for limits that fail a run."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from bench.errors import UsageError, unknown
from bench.model.record import Latency, RequestSummary, Summary
from bench.stats.format import three_digits

ERRORS, RPS, LAG = "errors", "rps", "lag"
GAP = "gap"

_TIMES: Mapping[str, float | None] = {
    "p50": 0.5,
    "p90": 0.1,
    "p95": 0.05,
    "p99": 0.01,
    "p999": 0.001,
    "max": None,
    "mean": None,
}
"""For each response time the share of the requests beyond it, where it is a percentile."""
TIMES = tuple(_TIMES)
METRICS = (*TIMES, ERRORS, RPS, LAG)

_UNITS = {ERRORS: "%", RPS: "req/s"}
_IN_MS = {"us": 1e-3, "ms": 1.0, "s": 1e3}
_OF_RPS = frozenset({"", "/s", "rps", "req/s"})
_BEYOND = 10
_LIMIT_FORM = (
    "METRIC>NUMBER UNIT, as in p99>50ms, errors>0.1%, rps<500, 'first-byte p99>50ms', 'gap max>1s' or "
    "'SCENARIO/REQUEST: p95>0.2s'"
)
_FORM = re.compile(
    r"\s*(?:(?P<scope>.*\S)\s*:\s*)?(?:(?P<span>first-byte|gap)\s+)?(?P<metric>[a-z]\w*(?:\.\d+)?)\s*(?P<sign>[<>])\s*"
    r"(?P<number>[0-9.]+(?:e[+-]?\d+)?)\s*(?P<unit>\S*)\s*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A metric above or below a limit: response time or lag in ms, errors in percent, or right answers per second.

    Response times run from the intended start; `lag` is the p99 of lag. With a `span`, the metric is of the time to
    the first byte (`first-byte`), or between pieces of a stream (`gap`). `scope` is empty, a scenario, or a scenario
    and one of its requests (`shopping/GET /items`). `text` reads the same condition again.
    """

    metric: str
    sign: Literal["<", ">"]
    limit: float
    text: str
    scope: str = ""
    span: str = ""

    @property
    def unit(self) -> str:
        return _UNITS.get(self.metric, "ms")

    @property
    def name(self) -> str:
        """`p99`, `first-byte p99`"""
        return f"{self.span} {self.metric}".lstrip()

    def figure(self, summary: Summary | RequestSummary) -> float | None:
        """The measured figure, in the limit's unit; None without requests.

        Where there are too few requests for p999, the largest response time stands for it.
        """
        if not summary.requests:
            return None
        if self.metric == ERRORS:
            return 100 * summary.errors / summary.requests
        if self.metric == RPS:
            return summary.throughput_rps
        if self.metric == LAG:
            return summary.lag_ms.p99 if isinstance(summary, Summary) else None
        times = self.times(summary)
        return None if times is None else _time(times, self.metric)

    def times(self, summary: Summary | RequestSummary) -> Latency | None:
        """The times that the metric is of; None where no answer had a gap.

        The first byte of answers in one piece comes with their end.
        """
        if self.span == GAP:
            return summary.gap_ms
        return (summary.first_byte_ms if self.span else None) or summary.response_ms

    def holds(self, summary: Summary | RequestSummary) -> bool:
        """Whether the figure lies on the side of the limit; without requests no condition holds."""
        found = self.figure(summary)
        return found is not None and self.is_met(found)

    def is_met(self, figure: float) -> bool:
        """Whether a figure lies on the side of the limit; at the limit it does not."""
        return figure < self.limit if self.sign == "<" else figure > self.limit

    def describe(self, summary: Summary | RequestSummary) -> str:
        """`p99 61.2 ms`, `errors 0.2 %`"""
        return self.describe_figure(self.figure(summary))

    def describe_figure(self, figure: float | None) -> str:
        """The same of a figure in the limit's unit."""
        if figure is None:
            return f"no {self.name}"
        return f"{self.name} {three_digits(figure) if figure else '0'} {self.unit}"

    @property
    def least_requests(self) -> int:
        """The requests with which ten lie beyond the percentile; for errors, those with which one may fail."""
        if self.metric == ERRORS:
            return math.ceil(round(100 / self.limit, 6)) if self.limit else 1
        beyond = _TIMES.get(self.metric)
        return math.ceil(round(_BEYOND / beyond, 6)) if beyond else 1


def parse(text: str, what: str, form: str) -> Condition:
    """Read `p99<50ms`, `errors>0.1%`, `rps<500` or `shopping/GET /items: p95>0.2s`.

    Messages call it `what` and show `form` where it cannot be read. Raises UsageError.
    """
    found = _FORM.fullmatch(text)
    if found is None:
        raise UsageError(f"{what} '{text}': write {form}")
    metric, number, unit = found["metric"].lower().replace(".", ""), found["number"], found["unit"].lower()
    if metric not in METRICS:
        raise unknown("metric", metric, METRICS)
    where = f"{what} '{text}'"
    span = (found["span"] or "").lower()
    if span and metric not in TIMES:
        raise UsageError(f"{where}: {span} goes with one of {', '.join(TIMES)}, as in {span} p99")
    limit = _limit(where, metric, number, unit)
    sign: Literal["<", ">"] = "<" if found["sign"] == "<" else ">"
    if limit < 0 or not math.isfinite(limit) or (limit == 0 and (metric, sign) != (ERRORS, ">")):
        raise UsageError(f"{where}: the limit must be above zero")
    if metric == ERRORS and limit > 100:
        raise UsageError(f"{where}: more than 100 % cannot fail")
    scope = found["scope"] or ""
    said = f"{span} {metric}{sign}{number}{unit}".lstrip()
    return Condition(
        metric=metric,
        sign=sign,
        limit=limit,
        text=f"{scope}: {said}" if scope else said,
        scope=scope,
        span=span,
    )


def parse_threshold(text: str, what: str = "--fail-if") -> Condition:
    """Read `p99>50ms`, `rps<500`, `shopping: errors>0.1%`, `shopping/GET /items: p95>0.2s`. Raises UsageError."""
    found = parse(text, what, _LIMIT_FORM)
    good = "<" if found.metric == RPS else ">"
    if found.sign != good:
        raise UsageError(
            f"{what} '{text}' would fail a run that is good: it says what must not be; write {found.metric}{good}..."
        )
    if found.metric == LAG and "/" in found.scope:
        raise UsageError(f"{what} '{text}': lag is measured for a whole scenario: leave the request out")
    return found


def split_scope(scope: str, scenarios: Collection[str]) -> tuple[str, str | None]:
    """The scenario that a scope names, and the request where it names one. Raises UsageError for another scenario."""
    for name in sorted(scenarios, key=len, reverse=True):
        rest = scope[len(name) :].strip() if scope.startswith(name) else None
        if rest == "":
            return name, None
        if rest is not None and rest.startswith("/") and rest[1:].strip():
            return name, rest[1:].strip()
    raise unknown("scenario", scope.partition("/")[0].strip(), scenarios)


def _limit(where: str, metric: str, number: str, unit: str) -> float:
    """The limit in the metric's unit. Raises UsageError for a unit of something else, and for what is no number."""
    try:
        figure = float(number)
    except ValueError:
        raise UsageError(f"{where}: '{number}' is not a number") from None
    if metric == ERRORS:
        if unit != "%" and (unit or figure):
            raise UsageError(f"{where}: errors are a share of the requests, as in errors 0.1%")
        return figure
    if metric == RPS:
        if unit not in _OF_RPS:
            raise UsageError(f"{where}: rps are right answers per second and have no unit, as in rps 500")
        return figure
    if unit not in _IN_MS:
        kind = "lag" if metric == LAG else "a response time"
        raise UsageError(f"{where}: {kind} has a unit, ms, s or us, as in {metric} 50ms")
    return figure * _IN_MS[unit]


def _time(times: Latency, metric: str) -> float | None:
    found: float | None = getattr(times, metric)
    return times.max if found is None and metric == "p999" else found
