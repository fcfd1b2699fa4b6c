"""Samples -> Summary: the measured part of a cell in numbers."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bench.model.plan import Stage
from bench.model.readings import Answers
from bench.model.record import Latency, RequestSummary, StageSummary, Summary, TimelineBin
from bench.model.samples import OK, Samples

_BINS = 24
_CURVE = (0, 10, 25, 50, 75, 90, 95, 98, 99, 99.5, 99.8, 99.9, 99.95, 99.99, 99.999)
_BEYOND = 10
"""A percentile is drawn when at least this many samples lie beyond it."""

_PERCENTILES = (50, 90, 95, 99, 99.9)
_SHARES = (0.5, 0.9, 0.95, 0.99, 0.999)
"""The same as shares; 99.9 / 100 would be a little more than 0.999."""

_FEWEST_FOR_P999 = 10_000
_STALL_TIMES_P99 = 10
_THIRDS = 3

_UNFINISHED = "unfinished"


def summarise(
    samples: Samples,
    bystander: Samples | None = None,
    stages: Sequence[Stage] = (),
    unchecked: Sequence[str] = (),
) -> Summary:
    """Sum up the measured part: latencies of the requests that belong to it, throughput of good answers in it."""
    mine = samples.rows(samples.during(samples.intended_ns))
    timed = mine if mine.timed is None else mine.rows(mine.timed)
    response_ms, service_ms, lag_ms = _times_ms(timed)
    service = latency(service_ms)
    stalls_ns = _stalls_ns(samples, service.p99 or 0.0)
    kinds = _errors_by_kind(mine)
    return Summary(
        requests=len(mine.done_ns),
        errors=int(np.count_nonzero(mine.outcome != OK)),
        shed=samples.shed,
        throughput_rps=len(_good(samples).done_ns) / samples.duration_s,
        response_ms=latency(response_ms),
        service_ms=service,
        lag_ms=latency(lag_ms),
        by_request=_by_request(mine, timed),
        timeline=_timeline(samples),
        curve_ms=_curve(response_ms),
        errors_by_kind=kinds,
        unfinished=kinds.get(_UNFINISHED, 0),
        mean_concurrency=_mean_concurrency(samples),
        victim=_bystander(bystander) if bystander is not None else None,
        lost=0 if samples.sent is None else samples.sent - len(samples.done_ns),
        resent=samples.resent,
        stages=_stages(samples, stages),
        answered=count_answered(samples),
        under_way=_under_way_at_edges(samples),
        connect_ms=latency(mine.connect_ns[mine.connect_ns > 0] / 1e6),
        time_weighted_ms=_time_weighted(samples),
        stalled_share=float(stalls_ns.sum()) / (samples.end_ns - samples.start_ns),
        longest_stall_ms=float(stalls_ns.max(initial=0)) / 1e6,
        unchecked=tuple(unchecked),
        measured_s=samples.duration_s,
    )


def count_answered(samples: Samples) -> int:
    """The number of requests that ended in the measured part, well or not."""
    return int(np.count_nonzero(samples.during(samples.done_ns)))


def _good(samples: Samples) -> Samples:
    """Right answers that arrived in the measured part."""
    return samples.rows((samples.outcome == OK) & samples.during(samples.done_ns))


def _errors_by_kind(mine: Samples) -> dict[str, int]:
    return {
        kind: count
        for number, kind in enumerate(mine.outcomes)
        if number != OK and (count := int(np.count_nonzero(mine.outcome == number)))
    }


def answers_by_worker(samples: Samples) -> dict[int, Answers]:
    """Good answers of the measured part by the pid that gave them; empty when the answers do not tell."""
    good = _good(samples)
    answers = {}
    for pid in np.unique(good.worker[good.worker > 0]).tolist():
        mine = good.rows(good.worker == pid)
        answers[pid] = Answers(mine.done_ns, latency(_times_ms(mine)[0]))
    return answers


def latency(times_ms: NDArray[np.float64]) -> Latency:
    """Mean, percentiles (linear between the two nearest samples) and maximum of times in milliseconds."""
    if not len(times_ms):
        return Latency()
    return _latency(float(times_ms.mean()), np.percentile(times_ms, _PERCENTILES).tolist(), times_ms)


def _latency(mean_ms: float, percentiles_ms: Sequence[float], times_ms: NDArray[np.float64]) -> Latency:
    p50, p90, p95, p99, p999 = percentiles_ms
    return Latency(
        mean=mean_ms,
        p50=p50,
        p90=p90,
        p95=p95,
        p99=p99,
        p999=p999 if len(times_ms) >= _FEWEST_FOR_P999 else None,
        max=float(times_ms.max()),
    )


def _time_weighted(samples: Samples) -> Latency:
    """The distribution of response times over the time that requests were under way in the measured part.

    Each request weighs as much as its response time within the measured part. A closed loop sends one request a user
    into a freeze: by count they are few, by time they are the freeze.
    """
    inside_ns = np.minimum(samples.done_ns, samples.end_ns) - np.maximum(
        samples.intended_ns, samples.start_ns
    )
    there = inside_ns > 0
    times_ms, weights = (samples.done_ns - samples.intended_ns)[there] / 1e6, inside_ns[there].astype(float)
    if not len(times_ms):
        return Latency()
    order = np.argsort(times_ms)
    times_ms, weights = times_ms[order], weights[order]
    upto = np.cumsum(weights) / weights.sum()
    places = np.minimum(np.searchsorted(upto, _SHARES), len(times_ms) - 1)
    mean_ms = float(np.average(times_ms, weights=weights))
    return _latency(mean_ms, times_ms[places].tolist(), times_ms)


def _stalls_ns(samples: Samples, service_p99_ms: float) -> NDArray[np.int64]:
    """Stretches of the measured part, longer than ten times p99, in which requests waited and no good answer came.

    A stretch begins with a good answer, or when the first request comes that finds nobody waiting. A request that is
    refused at once was not answered: a server that is gone stalls.
    """
    later = samples.done_ns >= samples.start_ns
    order = np.argsort(samples.done_ns[later], kind="stable")
    done_ns, intended_ns = samples.done_ns[later][order], samples.intended_ns[later][order]
    if not len(done_ns):
        return np.empty(0, np.int64)
    first_due_ns = np.minimum.accumulate(intended_ns[::-1])[::-1]  # of those that had not ended yet
    good_ns = done_ns[samples.outcome[later][order] == OK]
    before_ns = np.concatenate(([samples.start_ns - 1], good_ns))
    after_ns = np.concatenate((good_ns, [samples.end_ns]))
    place = np.searchsorted(done_ns, before_ns, side="right")
    waiting = place < len(done_ns)
    since_ns = first_due_ns[place[waiting]]
    begin_ns = np.maximum(np.maximum(since_ns, before_ns[waiting]), samples.start_ns)
    lengths_ns: NDArray[np.int64] = np.minimum(after_ns[waiting], samples.end_ns) - begin_ns
    return lengths_ns[lengths_ns > round(_STALL_TIMES_P99 * 1e6 * service_p99_ms)]


def _under_way_at_edges(samples: Samples) -> tuple[int, int]:
    return _under_way(samples, samples.start_ns), _under_way(samples, samples.end_ns)


def _under_way(samples: Samples, at_ns: int) -> int:
    """Requests that were due before a moment and had not ended by then."""
    return int(np.count_nonzero((samples.intended_ns < at_ns) & (samples.done_ns >= at_ns)))


def _times_ms(
    samples: Samples,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Response from the intended start, service from the moment of sending, and lag: what lies between the two, less
    the wait for a connection."""
    return (
        (samples.done_ns - samples.intended_ns) / 1e6,
        (samples.done_ns - samples.sent_ns) / 1e6,
        (samples.sent_ns - samples.intended_ns - samples.connect_ns) / 1e6,
    )


def _requests(samples: Samples) -> RequestSummary:
    mine = samples.rows(samples.during(samples.intended_ns))
    return RequestSummary(
        requests=len(mine.done_ns),
        errors=int(np.count_nonzero(mine.outcome != OK)),
        response_ms=latency(_times_ms(mine)[0]),
    )


def _bystander(samples: Samples) -> RequestSummary:
    edges_ns = np.linspace(samples.start_ns, samples.end_ns, _THIRDS + 1).astype(np.int64).tolist()
    thirds = [_mean_under_way(samples, *edge) for edge in itertools.pairwise(edges_ns)]
    return replace(
        _requests(samples), shed=samples.shed, under_way=tuple(round(third, 2) for third in thirds)
    )


def _stages(samples: Samples, stages: Sequence[Stage]) -> tuple[StageSummary, ...]:
    return tuple(_stage(samples, stage) for stage in stages) if len(stages) > 1 else ()


def _stage(samples: Samples, stage: Stage) -> StageSummary:
    start_ns = samples.start_ns + round(stage.t_s * 1e9)
    part = replace(samples, start_ns=start_ns, end_ns=start_ns + round(stage.duration_s * 1e9))
    mine = _requests(part)
    answered = samples.outcome[part.during(samples.done_ns)]
    return StageSummary(
        t_s=stage.t_s,
        duration_s=stage.duration_s,
        level=(stage.first + stage.last) / 2,
        requests=mine.requests,
        errors=mine.errors,
        throughput_rps=int(np.count_nonzero(answered == OK)) / stage.duration_s,
        response_ms=mine.response_ms,
    )


def _by_request(mine: Samples, timed: Samples) -> Mapping[str, RequestSummary]:
    found = {}
    response_ms = _times_ms(timed)[0]
    for number, label in enumerate(mine.labels):
        rows = mine.label == number
        found[label] = RequestSummary(
            requests=int(np.count_nonzero(rows)),
            errors=int(np.count_nonzero(mine.outcome[rows] != OK)),
            response_ms=latency(response_ms[timed.label == number]),
        )
    return found


def _curve(response_ms: NDArray[np.float64]) -> tuple[tuple[float, float], ...]:
    """(percentile, milliseconds) as far into the tail as the samples carry."""
    count = len(response_ms)
    shown = [p for p in _CURVE if round(count * (100 - p) / 100, 6) >= _BEYOND]
    if not shown:
        return ()
    return tuple(zip(map(float, shown), np.percentile(response_ms, shown).tolist(), strict=True))


def _timeline(samples: Samples) -> tuple[TimelineBin, ...]:
    """Equal bins of the measured part; requests are in the bin in which they were answered."""
    mine = samples.rows(samples.during(samples.done_ns))
    width_s = samples.duration_s / _BINS
    bins = ((mine.done_ns - samples.start_ns) * _BINS // (samples.end_ns - samples.start_ns)).astype(int)
    response_ms = _times_ms(mine)[0]
    slices = []
    for number in range(_BINS):
        rows = bins == number
        good = int(np.count_nonzero(mine.outcome[rows] == OK))
        times = latency(response_ms[rows])
        errors = int(np.count_nonzero(rows)) - good
        slices.append(
            TimelineBin(
                t_s=round(number * width_s, 4),
                throughput_rps=good / width_s,
                errors=errors,
                p50_ms=times.p50,
                p99_ms=times.p99,
            )
        )
    return tuple(slices)


def _mean_concurrency(samples: Samples) -> float | None:
    """Requests in the system, averaged over the measured part."""
    return _mean_under_way(samples, samples.start_ns, samples.end_ns) if len(samples.done_ns) else None


def _mean_under_way(samples: Samples, begin_ns: int, end_ns: int) -> float:
    """The time that requests spent in the system between two moments, over the time between these."""
    inside_ns = np.minimum(samples.done_ns, end_ns) - np.maximum(samples.intended_ns, begin_ns)
    return float(inside_ns[inside_ns > 0].sum()) / (end_ns - begin_ns)
