"""Caveats of consistency: figures of one cell that must agree, and do not."""

from __future__ import annotations

from collections.abc import Iterator

from bench.model.plan import Cell, ClosedLoad
from bench.model.record import Caveat, Latency, Summary
from bench.results.caveats import SAMPLES_FOR_P99

LITTLES_LAW_SHARE = 0.05
TIMES_ALIKE_MS = 1e-6


def littles_law(cell: Cell, summary: Summary, pauses: int, is_steady: bool) -> Iterator[Caveat]:
    """Concurrency = throughput x mean response; known beforehand in a closed loop, measured in an open one.

    It is measured, too, where users came, went, or paused in their sessions, so that the load was not steady, and where
    requests failed: a user whose connection was dropped may pause. Slices of a lane begin and end at rest, and the
    times of the requests that begin one do not count.
    """
    if cell.in_slices:
        return
    users = _busy_users(cell) if is_steady and not (pauses or summary.errors) else None
    concurrency = summary.mean_concurrency if users is None else float(users)
    mean_ms = summary.response_ms.mean
    if not concurrency or mean_ms is None or summary.requests < SAMPLES_FOR_P99 // 10:
        return
    rate_rps = summary.requests / (summary.measured_s or cell.load.duration_s)
    expected = rate_rps * mean_ms / 1e3
    if abs(expected - concurrency) > LITTLES_LAW_SHARE * concurrency:
        known = "requests under way on average" if users is None else "users"
        yield Caveat(
            "littles-law",
            f"{rate_rps:.0f} requests/s x {mean_ms:.2f} ms make {expected:.2f} under way, "
            f"against {concurrency:.2f} {known}",
        )


def _busy_users(cell: Cell) -> int | None:
    """The users that always have a request under way; None where their number varies."""
    load = cell.load
    steady = isinstance(load, ClosedLoad) and load.shape == "constant" and not load.think_s
    return load.users if isinstance(load, ClosedLoad) and steady else None


def unreconciled_counts(summary: Summary) -> Iterator[Caveat]:
    """Sent = good + failed, by kind and by label; sent + under way at the start = answered + under way at the end.

    The latter is one set of rows counted in two ways; only `lost` is counted apart, by the engine (not by Locust).
    """
    by_label = sum(part.requests for part in summary.by_request.values())
    by_kind = sum(summary.errors_by_kind.values())
    if by_label != summary.requests or by_kind != summary.errors:
        yield Caveat(
            "counts-do-not-reconcile",
            f"{summary.requests} requests and {summary.errors} errors, but {by_label} by label and {by_kind} by kind",
        )
    if summary.lost:
        yield Caveat(
            "counts-do-not-reconcile", f"the engine sent {summary.lost} requests more than it has samples of"
        )
    if summary.answered is None or summary.under_way is None:
        return
    at_start, at_end = summary.under_way
    if at_start + summary.requests != summary.answered + at_end:
        yield Caveat(
            "counts-do-not-reconcile",
            f"{at_start} requests under way and {summary.requests} due do not make {summary.answered} answered and "
            f"{at_end} under way at the end",
        )


def unfit_times(summary: Summary) -> Iterator[Caveat]:
    """Percentiles only rise, and no response is shorter than its service, which is a part of it."""
    whole, part = _rising(summary.response_ms), _rising(summary.service_ms)
    named = {"response": whole, "service": part, "lag": _rising(summary.lag_ms)}
    named |= {label: _rising(found.response_ms) for label, found in summary.by_request.items()}
    falling = [name for name, times in named.items() if times != sorted(times)]
    if falling:
        yield Caveat("times-do-not-fit", f"the percentiles do not rise: {', '.join(falling)}")
    curve = [ms for _, ms in summary.curve_ms]
    if curve != sorted(curve):
        yield Caveat("times-do-not-fit", "the latency curve falls")
    if len(whole) == len(part) and any(
        response < service - TIMES_ALIKE_MS for response, service in zip(whole, part, strict=True)
    ):
        yield Caveat("times-do-not-fit", "responses are shorter than the service that is a part of them")


def _rising(times: Latency) -> list[float]:
    figures = (times.p50, times.p90, times.p95, times.p99, times.p999, times.max)
    return [figure for figure in figures if figure is not None]
