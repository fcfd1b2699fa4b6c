"""Samples -> Summary: the measured part of a cell in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from bench.model.plan import Stage
from bench.model.readings import Answers
from bench.model.record import RequestSummary, Summary
from bench.model.samples import OK, Recording, Samples
from bench.results.stalls import stalls_ns
from bench.results.tallies import (
    FirstByteTally,
    GapTally,
    LabelTally,
    RequestTally,
    StageTally,
    TimelineTally,
    UnderWayTally,
    distributions,
    latency,
    weighted_latency,
)
from bench.stats.distribution import Distribution

_CURVE = (0, 10, 25, 50, 75, 90, 95, 98, 99, 99.5, 99.8, 99.9, 99.95, 99.99, 99.999)
_BEYOND = 10
"""A percentile is drawn when at least this many samples lie beyond it."""

_THIRDS = 3
_ANSWER_BINS = 4096

_UNFINISHED = "unfinished"


def summarise(
    samples: Recording,
    bystander: Recording | None = None,
    stages: Sequence[Stage] = (),
    unchecked: Sequence[str] = (),
) -> Summary:
    """Sum up the measured part: latencies of the requests that belong to it, throughput of good answers in it."""
    whole = _Whole(samples, stages if len(stages) > 1 else ())
    service = latency(whole.service)
    stalled_ns = stalls_ns(samples, service.p99 or 0.0)
    kinds = {kind: count for kind, count in zip(samples.outcomes[1:], whole.kinds[1:], strict=True) if count}
    return Summary(
        requests=sum(whole.kinds),
        errors=sum(kinds.values()),
        shed=samples.shed,
        throughput_rps=whole.good / samples.duration_s,
        response_ms=latency(whole.response),
        service_ms=service,
        lag_ms=latency(whole.lag),
        by_request=whole.labels.summaries(),
        timeline=whole.timeline.bins(),
        curve_ms=_curve(whole.response),
        errors_by_kind=kinds,
        unfinished=kinds.get(_UNFINISHED, 0),
        mean_concurrency=whole.under_way.means()[0] if whole.rows else None,
        victim=_bystander(bystander) if bystander is not None else None,
        lost=0 if samples.sent is None else samples.sent - whole.rows,
        resent=samples.resent,
        stages=tuple(stage.summary() for stage in whole.stages),
        answered=whole.answered,
        under_way=(whole.under_way.at_edges[0], whole.under_way.at_edges[1]),
        connect_ms=latency(whole.connect),
        time_weighted_ms=weighted_latency(whole.weighted),
        stalled_share=float(stalled_ns.sum()) / (samples.end_ns - samples.start_ns),
        longest_stall_ms=float(stalled_ns.max(initial=0)) / 1e6,
        unchecked=tuple(unchecked),
        measured_s=samples.duration_s,
        first_byte_ms=whole.first.latency(),
        gap_ms=whole.gaps.latency(),
    )


class _Whole:
    """The parts of a summary, added up; `rows` counts requests outside of the measured part, too."""

    def __init__(self, samples: Recording, stages: Sequence[Stage]) -> None:
        make = distributions(samples)
        self.response, self.service, self.lag, self.connect = make(), make(), make(), make()
        self.first, self.gaps = FirstByteTally(self.response), GapTally(make)
        self.weighted = make()
        self.labels = LabelTally(make, samples)
        self.timeline = TimelineTally(make, samples)
        self.stages = [StageTally(make, samples, stage) for stage in stages]
        self.under_way = UnderWayTally((samples.start_ns, samples.end_ns))
        self.kinds = [0] * len(samples.outcomes)
        self.rows = self.good = self.answered = 0
        for part in samples.parts():
            self._add(part)

    def _add(self, part: Samples) -> None:
        mine = part.rows(part.during(part.intended_ns))
        answered = part.rows(part.during(part.done_ns))
        self.rows += len(part.done_ns)
        self.answered += len(answered.done_ns)
        good = answered.rows(answered.outcome == OK)
        self.good += len(good.done_ns)
        counts = np.bincount(mine.outcome, minlength=len(self.kinds)).tolist()
        self.kinds = [old + new for old, new in zip(self.kinds, counts, strict=True)]
        self.connect.add(mine.connect_ns[mine.connect_ns > 0])
        self.labels.add(mine, good)
        gaps = part.gaps.rows(part.during(part.gaps.at_ns))
        self.labels.add_gaps(gaps)
        self.gaps.add(gaps.gap_ns)
        self.timeline.add(answered)
        self.under_way.add(part)
        self._add_times(mine if mine.timed is None else mine.rows(mine.timed))
        self._add_weighted(part)
        for stage in self.stages:
            stage.add(part)

    def _add_times(self, timed: Samples) -> None:
        """Response from the intended start, service from the moment of sending, and lag: what lies between the two,
        less the wait for a connection."""
        response_ns = timed.done_ns - timed.intended_ns
        self.first.add(timed.first_ns - timed.intended_ns, response_ns)
        self.response.add(response_ns)
        self.service.add(timed.done_ns - timed.sent_ns)
        self.lag.add(timed.sent_ns - timed.intended_ns - timed.connect_ns)

    def _add_weighted(self, part: Samples) -> None:
        """The distribution of response times over the time that requests were under way in the measured part.

        Each request weighs as much as its response time within the measured part. A closed loop sends one request a
        user into a freeze: by count they are few, by time they are the freeze.
        """
        inside_ns = np.minimum(part.done_ns, part.end_ns) - np.maximum(part.intended_ns, part.start_ns)
        there = inside_ns > 0
        self.weighted.add((part.done_ns - part.intended_ns)[there], inside_ns[there].astype(float))


def count_answered(samples: Recording) -> int:
    """The number of requests that ended in the measured part, well or not."""
    return sum(int(np.count_nonzero(part.during(part.done_ns))) for part in samples.parts())


def answers_by_worker(samples: Recording) -> dict[int, Answers]:
    """Good answers of the measured part by the pid that gave them; empty when the answers do not tell."""
    tallies: dict[int, _WorkerTally] = {}
    for part in samples.parts():
        good = part.rows((part.outcome == OK) & part.during(part.done_ns) & (part.worker > 0))
        for pid in np.unique(good.worker).tolist():
            tallies.setdefault(pid, _WorkerTally(samples)).add(good.rows(good.worker == pid))
    return {pid: tallies[pid].answers() for pid in sorted(tallies)}


class _WorkerTally:
    """Answers of one worker in bins that are far shorter than the slices of a timeline."""

    def __init__(self, samples: Recording) -> None:
        self._edges_ns = np.linspace(samples.start_ns, samples.end_ns, _ANSWER_BINS + 1)
        self._counts = np.zeros(_ANSWER_BINS, np.int64)
        self._response = distributions(samples)()

    def add(self, good: Samples) -> None:
        self._counts += np.histogram(good.done_ns, self._edges_ns)[0]
        self._response.add(good.done_ns - good.intended_ns)

    def answers(self) -> Answers:
        there = self._counts > 0
        middles_ns = ((self._edges_ns[:-1] + self._edges_ns[1:]) / 2).astype(np.int64)
        return Answers(middles_ns[there], self._counts[there], latency(self._response))


def _bystander(samples: Recording) -> RequestSummary:
    edges_ns = np.linspace(samples.start_ns, samples.end_ns, _THIRDS + 1).astype(np.int64).tolist()
    due, under_way = RequestTally(distributions(samples)), UnderWayTally(edges_ns)
    for part in samples.parts():
        mine = part.rows(part.during(part.intended_ns))
        due.add(mine.outcome, mine.done_ns - mine.intended_ns, mine.first_ns - mine.intended_ns)
        due.gaps.add(part.gaps.gap_ns[part.during(part.gaps.at_ns)])
        due.good += int(np.count_nonzero((part.outcome == OK) & part.during(part.done_ns)))
        under_way.add(part)
    thirds = tuple(round(third, 2) for third in under_way.means())
    return replace(due.summary(samples), shed=samples.shed, under_way=thirds)


def _curve(response: Distribution) -> tuple[tuple[float, float], ...]:
    """(percentile, milliseconds) as far into the tail as the samples carry."""
    shown = [p for p in _CURVE if round(response.count * (100 - p) / 100, 6) >= _BEYOND]
    if not shown:
        return ()
    times_ms = [time_ns / 1e6 for time_ns in response.percentiles(shown)]
    return tuple(zip(map(float, shown), times_ms, strict=True))
