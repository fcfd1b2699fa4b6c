"""The quantities a report shows of a record: where each is found, which way is better, how it is written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bench.model.record import Record
from bench.stats.estimate import Estimate

NOTHING = "–"

Better = Literal["higher", "lower"]
"""Which way of a metric is better."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One quantity of a record; `of` gives None where it was not measured."""

    name: str
    unit: str
    of: Callable[[Record], float | None]
    better: Better
    write: Callable[[float], str]

    def show(self, estimate: Estimate | None) -> str:
        """The median, without its unit."""
        return NOTHING if estimate is None else self.write(estimate.median)

    def show_range(self, estimate: Estimate) -> str:
        """The median, and the range of the repeats where there are several: `12,340 (12,100 to 12,900)`."""
        shown = self.write(estimate.median)
        if estimate.n < 2:
            return shown
        return f"{shown} ({self.write(estimate.low)} to {self.write(estimate.high)})"


def whole(figure: float) -> str:
    """`12,340`, and one decimal below a hundred."""
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.1f}"


def three_digits(figure: float) -> str:
    """Three digits without an exponent: `0.043`, `1.27`, `12.7`, `1,270`."""
    for limit, digits in ((0.0995, 3), (9.995, 2), (99.95, 1)):
        if figure < limit:
            return f"{figure:.{digits}f}"
    return f"{figure:,.0f}"


def spread(found: Estimate | None) -> str:
    """The range of the repeats as a percentage of their median."""
    return share(found.spread if found else None)


def share(figure: float | None) -> str:
    """A share as a percentage, without its sign: `4.2`."""
    if figure is None:
        return NOTHING
    return f"{100 * figure:.1f}" if figure < 0.0995 else f"{100 * figure:.0f}"


def _victim_p99(record: Record) -> float | None:
    return record.summary.victim.response_ms.p99 if record.summary.victim else None


def _megabytes(record: Record) -> float | None:
    return record.resources.rss_peak_bytes / 1e6 or None


THROUGHPUT = Metric("throughput", "req/s", lambda record: record.summary.throughput_rps, "higher", whole)
P50 = Metric("p50", "ms", lambda record: record.summary.response_ms.p50, "lower", three_digits)
P99 = Metric("p99", "ms", lambda record: record.summary.response_ms.p99, "lower", three_digits)
P99_BY_TIME = Metric(
    "p99 by time", "ms", lambda record: record.summary.time_weighted_ms.p99, "lower", three_digits
)
CPU = Metric("CPU", "µs/req", lambda record: record.resources.cpu_us_per_request, "lower", whole)
MEMORY = Metric("memory", "MB", _megabytes, "lower", whole)
VICTIM_P99 = Metric("victim p99", "ms", _victim_p99, "lower", three_digits)
