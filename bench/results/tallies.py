"""Counts and times of requests, added up part by part."""

from __future__ import annotations

import copy
import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from bench.model.gaps import Gaps
from bench.model.plan import Stage
from bench.model.record import Latency, RequestSummary, StageSummary, TimelineBin
from bench.model.samples import OK, Recording, Samples
from bench.stats.distribution import Distribution, Exact, Histogram

_BINS = 24
_PERCENTILES = (50, 90, 95, 99, 99.9)
_SHARES = (0.5, 0.9, 0.95, 0.99, 0.999)
"""The same as shares; 99.9 / 100 would be a little more than 0.999."""

_FEWEST_FOR_P999 = 10_000

Make = Callable[[], Distribution]


def distributions(recording: Recording) -> Make:
    """Makes the distributions for a recording: exact where its rows are at hand, histograms where they are many."""
    return Exact if isinstance(recording, Samples) else Histogram


def latency(times: Distribution) -> Latency:
    """Mean, percentiles (linear between the two nearest) and maximum of times in nanoseconds."""
    return _latency(times, times.percentiles(_PERCENTILES)) if times.count else Latency()


def latency_of(times_ns: NDArray[np.int64]) -> Latency:
    """The same of times that are at hand."""
    times = Exact()
    times.add(times_ns)
    return latency(times)


def weighted_latency(times: Distribution) -> Latency:
    """The same, by the weights of the times."""
    return _latency(times, times.weighted(_SHARES)) if times.count else Latency()


def _latency(times: Distribution, percentiles_ns: Sequence[float]) -> Latency:
    p50, p90, p95, p99, p999 = (percentile_ns / 1e6 for percentile_ns in percentiles_ns)
    return Latency(
        mean=times.mean() / 1e6,
        p50=p50,
        p90=p90,
        p95=p95,
        p99=p99,
        p999=p999 if times.count >= _FEWEST_FOR_P999 else None,
        max=times.largest() / 1e6,
    )


class FirstByteTally:
    """Times from the intended start to the first bytes of the answer.

    As long as every answer came in one piece they equal the response times, of which `response` has those so far.
    """

    def __init__(self, response: Distribution) -> None:
        self._response = response
        self._times: Distribution | None = None

    def add(self, first_ns: NDArray[np.int64], response_ns: NDArray[np.int64]) -> None:
        """Add the times of requests to the first byte and to the end, before the latter go to `response`."""
        if self._times is None and np.any(first_ns < response_ns):
            self._times = copy.deepcopy(self._response)
        if self._times is not None:
            self._times.add(first_ns)

    def latency(self) -> Latency | None:
        """Their distribution; None where every answer came in one piece."""
        return None if self._times is None else latency(self._times)


class GapTally:
    """Gaps between the pieces of answers; as most requests have none, it makes nothing before the first."""

    def __init__(self, make: Make) -> None:
        self._make = make
        self._times: Distribution | None = None

    @property
    def count(self) -> int:
        return 0 if self._times is None else self._times.count

    def add(self, gap_ns: NDArray[np.int64]) -> None:
        """Add gaps."""
        if self._times is None and len(gap_ns):
            self._times = self._make()
        if self._times is not None:
            self._times.add(gap_ns)

    def latency(self) -> Latency | None:
        """Their distribution; None where there is none."""
        return None if self._times is None else latency(self._times)


class RequestTally:
    """Requests, those among them that failed, and response times; `good` are right answers, counted when they came."""

    def __init__(self, make: Make) -> None:
        self.requests = self.good = 0
        self._failed: Counter[int] = Counter()
        self._response = make()
        self._first = FirstByteTally(self._response)
        self.gaps = GapTally(make)

    @property
    def errors(self) -> int:
        return self._failed.total()

    def add(
        self,
        outcome: NDArray[np.int64],
        response_ns: NDArray[np.int64],
        first_ns: NDArray[np.int64] | None = None,
    ) -> None:
        """Add requests by their outcomes, response times, and the times to the first byte, if these are wanted."""
        self.requests += len(outcome)
        numbers, counts = np.unique(outcome[outcome != OK], return_counts=True)
        self._failed.update(dict(zip(numbers.tolist(), counts.tolist(), strict=True)))
        if first_ns is not None:
            self._first.add(first_ns, response_ns)
        self._response.add(response_ns)

    def summary(self, recording: Recording | None = None) -> RequestSummary:
        """The sums; with the recording that the requests are of, errors by kind and throughput as well."""
        found = RequestSummary(
            requests=self.requests, errors=self.errors, response_ms=latency(self._response)
        )
        if recording is None:
            return found
        kinds = {recording.outcomes[number]: count for number, count in sorted(self._failed.items())}
        return replace(
            found,
            errors_by_kind=kinds,
            throughput_rps=self.good / recording.duration_s,
            first_byte_ms=self._first.latency(),
            gap_ms=self.gaps.latency(),
            gaps=self.gaps.count,
        )


class LabelTally:
    """Requests of a recording by label, of the measured part."""

    def __init__(self, make: Make, recording: Recording) -> None:
        self._recording = recording
        self._tallies = [RequestTally(make) for _ in recording.labels]

    def add(self, mine: Samples, good: Samples) -> None:
        """Add requests that were due in the measured part, and right answers that came in it."""
        response_ns, first_ns = mine.done_ns - mine.intended_ns, mine.first_ns - mine.intended_ns
        for label, rows in _groups(mine.label):
            timed = rows if mine.timed is None else rows[mine.timed[rows]]
            self._tallies[label].add(mine.outcome[rows], response_ns[timed], first_ns[timed])
        for label, rows in _groups(good.label):
            self._tallies[label].good += len(rows)

    def add_gaps(self, gaps: Gaps) -> None:
        """Add gaps that ended in the measured part."""
        for label, rows in _groups(gaps.label):
            self._tallies[label].gaps.add(gaps.gap_ns[rows])

    def summaries(self) -> dict[str, RequestSummary]:
        """Their sums, by label; they are given up with it, as many labels take much memory together."""
        tallies, self._tallies = self._tallies[::-1], []
        return {label: tallies.pop().summary(self._recording) for label in self._recording.labels}


class TimelineTally:
    """Equal bins of the measured part; requests are in the bin in which they were answered."""

    def __init__(self, make: Make, recording: Recording) -> None:
        self._start_ns = recording.start_ns
        self._span_ns = recording.end_ns - recording.start_ns
        self._bins = [RequestTally(make) for _ in range(_BINS)]

    def add(self, answered: Samples) -> None:
        response_ns = answered.done_ns - answered.intended_ns
        for number, rows in _groups((answered.done_ns - self._start_ns) * _BINS // self._span_ns):
            self._bins[number].add(answered.outcome[rows], response_ns[rows])

    def bins(self) -> tuple[TimelineBin, ...]:
        width_s = self._span_ns / 1e9 / _BINS
        return tuple(_bin(number * width_s, width_s, tally) for number, tally in enumerate(self._bins))


def _bin(t_s: float, width_s: float, tally: RequestTally) -> TimelineBin:
    found = tally.summary()
    return TimelineBin(
        t_s=round(t_s, 4),
        throughput_rps=(found.requests - found.errors) / width_s,
        errors=found.errors,
        p50_ms=found.response_ms.p50,
        p99_ms=found.response_ms.p99,
    )


class StageTally:
    """The requests of one stage of a load: those due in it, and the good answers that came in it."""

    def __init__(self, make: Make, recording: Recording, stage: Stage) -> None:
        self._stage = stage
        self._start_ns = recording.start_ns + round(stage.t_s * 1e9)
        self._end_ns = self._start_ns + round(stage.duration_s * 1e9)
        self._due = RequestTally(make)
        self._good = 0

    def add(self, part: Samples) -> None:
        due = part.rows(self._holds(part.intended_ns))
        self._due.add(due.outcome, due.done_ns - due.intended_ns)
        self._good += int(np.count_nonzero((part.outcome == OK) & self._holds(part.done_ns)))

    def summary(self) -> StageSummary:
        stage, due = self._stage, self._due.summary()
        return StageSummary(
            t_s=stage.t_s,
            duration_s=stage.duration_s,
            level=(stage.first + stage.last) / 2,
            requests=due.requests,
            errors=due.errors,
            throughput_rps=self._good / stage.duration_s,
            response_ms=due.response_ms,
        )

    def _holds(self, at_ns: NDArray[np.int64]) -> NDArray[np.bool_]:
        return (at_ns >= self._start_ns) & (at_ns < self._end_ns)


class UnderWayTally:
    """How many requests were in the system: at moments, and on average between each and the next."""

    def __init__(self, edges_ns: Sequence[int]) -> None:
        self._edges_ns = edges_ns
        self.at_edges = [0] * len(edges_ns)
        self._spent_ns = [0] * (len(edges_ns) - 1)

    def add(self, part: Samples) -> None:
        for place, at_ns in enumerate(self._edges_ns):
            self.at_edges[place] += int(
                np.count_nonzero((part.intended_ns < at_ns) & (part.done_ns >= at_ns))
            )
        for place, (begin_ns, end_ns) in enumerate(itertools.pairwise(self._edges_ns)):
            inside_ns = np.minimum(part.done_ns, end_ns) - np.maximum(part.intended_ns, begin_ns)
            self._spent_ns[place] += int(inside_ns[inside_ns > 0].sum())

    def means(self) -> list[float]:
        """The time that requests spent in the system between two moments, over the time between these."""
        lengths_ns = [end_ns - begin_ns for begin_ns, end_ns in itertools.pairwise(self._edges_ns)]
        return [spent_ns / length_ns for spent_ns, length_ns in zip(self._spent_ns, lengths_ns, strict=True)]


def _groups(keys: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Each key, and the places that have it."""
    order = np.argsort(keys, kind="stable")
    edges = np.flatnonzero(np.diff(keys[order])) + 1
    for rows in np.split(order, edges) if len(keys) else ():
        yield int(keys[rows[0]]), rows
