"""The quantities a report shows of a record: where each is found, which way is better, how it is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bench.model.record import Record
from bench.stats.comparison import Better
from bench.stats.estimate import Estimate
from bench.stats.format import NOTHING, three_digits, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One quantity of a record; `of` gives None where it was not measured."""

    name: str
    unit: str
    of: Callable[[Record], float | None]
    better: Better
    write: Callable[[float], str]

    @property
    def key(self) -> str:
        """The name as a key: on the command line, in verdicts, in a history."""
        return self.name.lower()

    def show(self, estimate: Estimate | None) -> str:
        """The median, without its unit."""
        return NOTHING if estimate is None else self.write(estimate.median)

    def show_range(self, estimate: Estimate) -> str:
        """The median, and the range of the repeats where there are several: `12,340 (12,100 to 12,900)`."""
        shown = self.write(estimate.median)
        if estimate.n < 2:
            return shown
        return f"{shown} ({self.write(estimate.low)} to {self.write(estimate.high)})"


def _victim_p99(record: Record) -> float | None:
    return record.summary.victim.response_ms.p99 if record.summary.victim else None


def _megabytes(record: Record) -> float | None:
    rss_bytes = record.resources.rss_peak_bytes
    return rss_bytes / 1e6 if rss_bytes else None


THROUGHPUT = Metric(
    name="throughput",
    unit="req/s",
    of=lambda record: record.summary.throughput_rps,
    better="higher",
    write=whole,
)
P50 = Metric(
    name="p50",
    unit="ms",
    of=lambda record: record.summary.response_ms.p50,
    better="lower",
    write=three_digits,
)
P99 = Metric(
    name="p99",
    unit="ms",
    of=lambda record: record.summary.response_ms.p99,
    better="lower",
    write=three_digits,
)
P99_BY_TIME = Metric(
    name="p99 by time",
    unit="ms",
    of=lambda record: record.summary.time_weighted_ms.p99,
    better="lower",
    write=three_digits,
)
CPU = Metric(
    name="CPU",
    unit="µs/req",
    of=lambda record: record.resources.cpu_us_per_request,
    better="lower",
    write=whole,
)
MEMORY = Metric(name="memory", unit="MB", of=_megabytes, better="lower", write=whole)
VICTIM_P99 = Metric(name="victim p99", unit="ms", of=_victim_p99, better="lower", write=three_digits)

JUDGED: Mapping[str, Metric] = {metric.key: metric for metric in (THROUGHPUT, P50, P99, CPU, MEMORY)}
"""Those that runs are compared by, exported with and kept in a history with, by their keys."""
