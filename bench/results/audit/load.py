"""Caveats of the load: what the requests of a cell themselves put in doubt."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import median

from bench.model.plan import Cell, ClosedLoad, OpenLoad
from bench.model.record import Caveat, RequestSummary, Summary
from bench.model.samples import OUT_OF_FILES, OUT_OF_PORTS
from bench.results.caveats import (
    BYSTANDER_REQUESTS,
    BYSTANDER_REQUESTS_OF_LANE,
    LAG_FLOOR_MS,
    LAG_SHARE,
    SAMPLES_FOR_P99,
    STALLED_SHARE,
    VICTIM_GROWS,
)

RATE_REACHED_SHARE = 0.98
EDGE_SIGMAS = 3.0
LAG_REQUESTS = 5
"""So many late requests are no accident: of 80 requests, the p99 is the latest of all."""
DRIFT_SHARE = 0.10
DRIFT_PAIRS_SHARE = 0.85
SAMPLES_FOR_DRIFT = 300
GROWTH = 1.5
GROWN_BY = 5.0


def errors(summary: Summary) -> Iterator[Caveat]:
    if not summary.requests:
        yield Caveat("errors", "no request was answered in the measured part")
    elif not summary.throughput_rps:
        yield Caveat("errors", "no right answer arrived in the measured part")
    elif summary.errors:
        kinds = ", ".join(f"{count} {kind}" for kind, count in summary.errors_by_kind.items())
        yield Caveat("errors", f"{summary.errors} of {summary.requests} requests failed ({kinds})")


_WAYS_OUT = {
    OUT_OF_FILES: "the generator had no open file left for a connection: raise the limit (`ulimit -Hn`), or give fewer "
    "users or sessions at once",
    OUT_OF_PORTS: "the generator had no local port left for a connection: let the server keep connections alive, give "
    "a lower rate, or widen the range (`sysctl net.ipv4.ip_local_port_range`)",
}


def exhaustion(summary: Summary) -> Iterator[Caveat]:
    for code, way_out in _WAYS_OUT.items():
        if count := summary.errors_by_kind.get(code):
            yield Caveat(code, f"{count} requests could not be sent: {way_out}")


def missed_rate(cell: Cell, summary: Summary) -> Iterator[Caveat]:
    """Whether the answers kept up with the arrivals; a session may hold several requests, so intended ones count.

    What is under way at the start and at the end differs by chance even in a steady system, by about sqrt(2 L) with L
    under way on average (Poisson, as in M/G/inf): in a short run that alone is more than the 2 %.
    """
    if isinstance(cell.load, OpenLoad) and summary.requests:
        wanted_rps = summary.requests / (summary.measured_s or cell.load.duration_s)
        share = summary.throughput_rps / wanted_rps
        missing = summary.requests - summary.throughput_rps * (summary.measured_s or cell.load.duration_s)
        by_chance = EDGE_SIGMAS * math.sqrt(2 * (summary.mean_concurrency or 0.0))
        if share < RATE_REACHED_SHARE and missing > by_chance:
            yield Caveat(
                "rate-not-reached",
                f"{summary.throughput_rps:.0f} good answers/s of the {wanted_rps:.0f} requests/s that were due "
                f"({share:.0%})",
            )


def shed_sessions(summary: Summary) -> Iterator[Caveat]:
    if summary.shed:
        yield Caveat("shed", f"{summary.shed} sessions never started: all of max_sessions were under way")


def resent_requests(summary: Summary) -> Iterator[Caveat]:
    if summary.resent:
        yield Caveat(
            "resent",
            f"{summary.resent:,} requests met a connection that the server had just closed, and were sent again on a "
            "new one: workers that end, or a keep-alive time about as long as users pause",
        )


def stalls(summary: Summary) -> Iterator[Caveat]:
    if summary.stalled_share > STALLED_SHARE:
        weighted = summary.time_weighted_ms.p99
        beside = "" if weighted is None else f"; weighted by time, p99 is {weighted:.2f} ms"
        yield Caveat(
            "stalled",
            f"nothing was answered for {summary.stalled_share:.1%} of the time, in stretches of up to "
            f"{summary.longest_stall_ms:.0f} ms, though requests waited{beside}",
        )


def drift(cell: Cell, summary: Summary, is_steady: bool) -> Iterator[Caveat]:
    """Whether the last third of the timeline differs from the first by more than a tenth, and than its own noise.

    All lanes of a round share the drift of the machine between their slices, so it does not count against one of them,
    and neither does a load that was not steady.

    A closed load by its throughput, an open one by its median response, as its throughput is given. The noise: of all
    pairs of a slice of the first third and one of the last, 85 % must differ the same way (of 8 and 8 slices alike,
    that happens once in 70 cases; Mann and Whitney 1947).
    """
    if (
        not is_steady
        or cell.load.shape != "constant"
        or cell.in_slices
        or summary.requests < SAMPLES_FOR_DRIFT
    ):
        return
    closed = isinstance(cell.load, ClosedLoad)
    figures = [part.throughput_rps if closed else part.p50_ms for part in summary.timeline]
    third = len(figures) // 3
    first, last = (
        [figure for figure in some if figure is not None]
        for some in (figures[:third], figures[len(figures) - third :])
    )
    if not first or not last or not median(first):
        return
    change = median(last) / median(first)
    pairs = [(old, new) for old in first for new in last]
    higher = sum((new > old) + 0.5 * (new == old) for old, new in pairs) / len(pairs)
    if abs(change - 1) > DRIFT_SHARE and not 1 - DRIFT_PAIRS_SHARE < higher < DRIFT_PAIRS_SHARE:
        what = "answered" if closed else "had a median response time of"
        yield Caveat("drift", f"the last third of the time {what} {change:.2f} x that of the first")


def lag(summary: Summary) -> Iterator[Caveat]:
    """By the highest percentile that at least five requests lie beyond: p99 from 500 requests on."""
    late, service_ms = summary.lag_ms, summary.service_ms.p50
    carried = [
        (share, lag_ms)
        for share, lag_ms in ((0.01, late.p99), (0.05, late.p95), (0.10, late.p90), (0.50, late.p50))
        if lag_ms is not None and summary.requests * share >= LAG_REQUESTS
    ]
    if not carried or service_ms is None:
        return
    share, lag_ms = carried[0]
    if lag_ms > max(LAG_FLOOR_MS, LAG_SHARE * service_ms):
        yield Caveat(
            "lag",
            f"{share:.0%} of the requests left {lag_ms:.2f} ms late or more, "
            f"with a median service time of {service_ms:.2f} ms",
        )


def few_samples(summary: Summary) -> Iterator[Caveat]:
    if summary.requests < SAMPLES_FOR_P99:
        yield Caveat(
            "few-samples",
            f"p99 rests on {summary.requests} requests; {SAMPLES_FOR_P99:,} put ten of them beyond it",
        )


def bystanders(cell: Cell, victim: RequestSummary | None) -> Iterator[Caveat]:
    """What puts the figures of a bystander in doubt."""
    yield from bystander(cell, victim)
    yield from bystander_grows(cell, victim)


def bystander(cell: Cell, figures: RequestSummary | None) -> Iterator[Caveat]:
    """Bystander's requests that failed, never started or are few: below 100 its p99 rests on a single one.

    A lane has many rounds to make up for few, as each is one observation of many.
    """
    if figures is None:
        return
    doubts = []
    if figures.errors:
        doubts.append(f"{figures.errors} of {figures.requests} failed")
    if figures.shed:
        doubts.append(f"{figures.shed} never started")
    if figures.requests < (BYSTANDER_REQUESTS_OF_LANE if cell.in_slices else BYSTANDER_REQUESTS):
        doubts.append(f"only {figures.requests} were due in the measured part")
    if doubts:
        yield Caveat("victim", f"probes of the victim: {', '.join(doubts)}; its figures are in doubt")


def bystander_grows(cell: Cell, figures: RequestSummary | None) -> Iterator[Caveat]:
    """Whether a longer cell would show longer times: its requests pile up, or wait for half of the measured part.

    Between slices they have time to end, so there nothing grows.
    """
    if figures is None or not figures.under_way or cell.in_slices:
        return
    first, last, p99 = figures.under_way[0], figures.under_way[-1], figures.response_ms.p99 or 0.0
    grows = last > GROWTH * first and last > first + GROWN_BY
    if grows or p99 > cell.load.duration_s * 1e3 / 2:
        yield Caveat(
            VICTIM_GROWS,
            f"probes of the victim wait longer the longer the cell lasts (p99 {p99 / 1e3:.1f} s of "
            f"{cell.load.duration_s:g} s; {first:.0f} under way in the first third, {last:.0f} in the last)",
        )


def long_session(summary: Summary) -> Iterator[Caveat]:
    if summary.looked_at is not None:
        yield Caveat(
            "long-session",
            f"the check before the load looked at the first {summary.looked_at} requests of a session, "
            "which was not at its end by then",
        )


def unchecked_requests(summary: Summary) -> Iterator[Caveat]:
    if summary.unchecked:
        yield Caveat("unchecked", f"only the status was looked at: {', '.join(summary.unchecked)}")
