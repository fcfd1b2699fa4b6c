"""Charts of a run about limits, as data: latency and answers over the offered load, throughput over the workers."""

from __future__ import annotations

import numpy as np

from bench.capacity.growth import Growth
from bench.capacity.results import Capacity, by_rate, rates_of
from bench.report.charts.palette import INK, QUIET, SETUPS
from bench.report.charts.panels import Chart, Mark, PlanePanel, Trace
from bench.stats.conditions import ERRORS
from bench.stats.format import whole

_P99, _P50, _LIMIT, _KNEE, _CAPACITY = "misuse", "async", "sync", "offload", INK
_CURVE_POINTS = 60


def capacity_chart(found: Capacity) -> Chart:
    """Latency and answers over the offered load, with the objectives, the knee and the capacity."""
    return Chart(
        name="capacity",
        title="Latency against offered load",
        reading=(
            "Lower is better: how long requests took, from when they were due, at each rate at which sessions were "
            "made to arrive; the median of the longest trials of each. Hollow dots are rates that missed an "
            "objective in most of them. Left of the knee more load costs little time; at the capacity half of the "
            "long trials hold."
        ),
        panels=(_latency(found), _answers(found)) if found.trials else (),
    )


def _latency(found: Capacity) -> PlanePanel:
    rates = rates_of(found.trials)
    missed = {one.rate_per_s for one in rates if not one.holds}
    traces = []
    for name, colour in (("p99", _P99), ("p50", _P50)):
        points = by_rate(rates, name)
        hollow = tuple(point for point in points if point[0] in missed)
        traces.append(Trace(label=f"{name} response time", colour=colour, points=points, hollow=hollow))
    levels = tuple(
        Mark(one.limit, f"objective {one.text}", _LIMIT) for one in found.objectives if one.metric != ERRORS
    )
    return PlanePanel(
        title=f"Latency · {found.setup} · {found.scenario}",
        across="offered load, arrivals/s",
        up="response time, ms (logarithmic)",
        traces=tuple(traces),
        uprights=_uprights(found),
        levels=levels,
        log=True,
    )


def _answers(found: Capacity) -> PlanePanel:
    typical = [(one.rate_per_s, one.typical) for one in rates_of(found.trials)]
    due = tuple((rate, one.due_rps) for rate, one in typical)
    answered = tuple((rate, one.record.summary.throughput_rps) for rate, one in typical)
    hollow = tuple((rate, one.record.summary.throughput_rps) for rate, one in typical if one.missed)
    return PlanePanel(
        title=f"Answers · {found.setup} · {found.scenario}",
        across="offered load, arrivals/s",
        up="requests/s",
        traces=(
            Trace(label="answered well", colour=_P50, points=answered, hollow=hollow),
            Trace(label="due", colour=QUIET, points=due, style="dashes"),
        ),
        uprights=_uprights(found),
    )


def _uprights(found: Capacity) -> tuple[Mark, ...]:
    marks = []
    if found.knee_per_s is not None:
        marks.append(Mark(found.knee_per_s, f"knee, {whole(found.knee_per_s)} arrivals/s", _KNEE))
    if found.rate_per_s is not None:
        least = "" if found.limit == "service" else "at least "
        marks.append(
            Mark(found.rate_per_s, f"capacity, {least}{whole(found.rate_per_s)} arrivals/s", _CAPACITY)
        )
    return tuple(marks)


def scaling_chart(found: Growth) -> Chart:
    """Throughput over the number of workers, with the law through the points."""
    peak, most = found.law.peak_workers, max(found.points)
    uprights = (
        [Mark(peak, f"peak of the law, {peak:.1f} workers", _KNEE)] if peak and 1 <= peak <= most else []
    )
    if 0 < found.cpus < most:
        uprights.append(Mark(float(found.cpus), f"CPUs of the server, {found.cpus}", _LIMIT))
    panel = PlanePanel(
        title=f"{found.setup} · {found.scenario}",
        across="workers",
        up="requests/s",
        traces=_growth(found),
        uprights=tuple(uprights),
        whole=True,
    )
    return Chart(
        name="scaling",
        title="Throughput by the number of workers",
        reading=(
            "Higher is better. Where the law bends away from the straight line, workers wait for each other "
            "(contention) or pay to agree (coherence); beyond the CPUs of the server they merely share those."
        ),
        panels=(panel,),
    )


def _growth(found: Growth) -> tuple[Trace, ...]:
    """The law, the straight line that it bends away from, and what was measured."""
    law = found.law
    numbers = np.linspace(1, max(found.points), _CURVE_POINTS).tolist()
    measured = tuple((float(n), figure.median) for n, figure in found.points.items())
    return (
        Trace(
            label=f"law, σ {law.sigma:.2g}, κ {law.kappa:.2g}",
            colour=SETUPS[0],
            points=tuple((n, law.throughput_rps(n)) for n in numbers),
            style="line",
        ),
        Trace(
            label="linear: nothing holds it back",
            colour=QUIET,
            points=tuple((n, law.rate_rps * n) for n in numbers),
            style="dashes",
        ),
        Trace(label="measured, the median of the repeats", colour=_P50, points=measured, style="dots"),
    )
