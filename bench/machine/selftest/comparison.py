"""Compares an engine's record with the truth server's log, figure by figure. Pure.

The server's figures come from its log, joined with the engine's rows only for the moment at which each request was
due: the k-th request to arrive is the k-th that was sent. Two that were sent within microseconds may be taken for each
other.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from bench.machine.selftest import theory
from bench.machine.selftest.behaviours import Freezing, Queue
from bench.machine.selftest.cases import OF_THE_MACHINE, Case
from bench.machine.selftest.log import Log
from bench.model.plan import ClosedLoad, OpenLoad
from bench.model.record import Latency, Record
from bench.model.samples import Samples
from bench.results.audit.load import DRIFT_SHARE

_RATE_SHARE = 0.01
_FEWEST = 2
_EARLY_MS = 0.1
_BEYOND_THEORY_MS = 1.0
"""Timers and the way between two processes, which theory leaves out."""
_STALLED = 0.03
_NEARLY = 0.8
_SAMPLES_FOR_P99 = 1000
_QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}


@dataclass(frozen=True, kw_only=True, slots=True)
class FigureCheck:
    """One figure as the server (or theory) and the engine have it.

    A count is `exact`: it is right at once or never. `disturbed` marks a figure that a busy machine alone can spoil.
    """

    what: str
    server: str
    engine: str
    right: bool
    exact: bool = False
    disturbed: bool = False


@dataclass(frozen=True, slots=True)
class _Joined:
    """Requests of the measured part: their times by the server's clock, sorted, and the number of each outcome."""

    response_ms: list[float]
    service_ms: list[float]
    kinds: Counter[str]


def compare(case: Case, record: Record, samples: Samples, log: Log) -> tuple[FigureCheck, ...]:
    """Every check of a case. `samples` are all rows of the engine, warm-up included, `record` is audited."""
    joined = _join(samples, log)
    return (
        *_counts(record, samples, log, joined),
        _throughput(record, samples, log),
        *_times(case, record, joined, _longest_stall_ms(samples, log)),
        *_theory(case, record, len(samples.sent_ns) - record.summary.requests),
        *_stall_share(case, record, samples, log),
        *caveats(
            case,
            {caveat.code for caveat in record.caveats} - _confirmed(case, samples, log),
            joined.kinds.total(),
        ),
    )


def caveats(case: Case, codes: Iterable[str], requests: int) -> tuple[FigureCheck, FigureCheck]:
    """Check that the codes are those due, with `few-samples` where the requests are few, and no others."""
    found = set(codes)
    if "one-cpu" in found:  # there the server holds the generator up
        found.discard("generator-stalled")
    found -= OF_THE_MACHINE
    due = case.caveats | ({"few-samples"} if requests < _SAMPLES_FOR_P99 else set())
    wrong = found - due - case.may
    return (
        FigureCheck(what="caveats due", server=_words(due), engine=_words(found & due), right=due <= found),
        FigureCheck(
            what="other caveats", server="none", engine=_words(wrong), right=not wrong, disturbed=True
        ),
    )


def _confirmed(case: Case, samples: Samples, log: Log) -> set[str]:
    """Caveats that the case did not ask for, and that the server's own log bears out.

    A server that answers as fast as its CPU goes drifts where the CPU's pace changes, and the engine must say so.
    """
    drifts = isinstance(case.load, ClosedLoad) and "drift" not in case.caveats and has_drifted(samples, log)
    return {"drift"} if drifts else set()


def has_drifted(samples: Samples, log: Log) -> bool:
    """Whether the server gave a tenth more or fewer good answers in the last third of the time than in the first.

    Nearly a tenth suffices: the engine compares medians of slices, and sees each answer a little later.
    """
    third_ns = (samples.end_ns - samples.start_ns) / 3
    good_ns = [at_ns for kind, at_ns in zip(log.kinds, log.answered_ns, strict=True) if kind == "ok"]
    first, last = (
        sum(begin_ns <= at_ns < begin_ns + third_ns for at_ns in good_ns)
        for begin_ns in (samples.start_ns, samples.end_ns - third_ns)
    )
    return first > 0 and abs(last / first - 1) > _NEARLY * DRIFT_SHARE


# --- counts --------------------------------------------------------------------------------------


def _counts(record: Record, samples: Samples, log: Log, joined: _Joined) -> Iterator[FigureCheck]:
    """Exact counts: all requests, their outcomes, and those of the measured part with their errors by kind."""
    rows = Counter(samples.outcomes[number] for number in samples.outcome.tolist())
    ended = Counter(
        kind if at_ns else "unfinished" for kind, at_ns in zip(log.kinds, log.answered_ns, strict=True)
    )
    summary = record.summary
    yield _count("requests", len(log.arrived_ns), len(samples.sent_ns))
    yield _count("answers", _kinds(ended), _kinds(rows))
    yield _count("measured", joined.kinds.total(), summary.requests)
    yield _count("failed", _kinds(_failures(joined.kinds)), _kinds(summary.errors_by_kind))
    yield _count("errors", _failures(joined.kinds).total(), summary.errors)


def _count(what: str, server: object, engine: object) -> FigureCheck:
    return FigureCheck(what=what, server=str(server), engine=str(engine), right=server == engine, exact=True)


def _failures(kinds: Mapping[str, int]) -> Counter[str]:
    return Counter({kind: count for kind, count in kinds.items() if kind != "ok"})


def _kinds(kinds: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()) if count) or "none"


def _throughput(record: Record, samples: Samples, log: Log) -> FigureCheck:
    """Good answers per second: within 1 %, or within the two answers that may lie on either side of an edge."""
    good = sum(
        kind == "ok" and samples.start_ns <= at_ns < samples.end_ns
        for kind, at_ns in zip(log.kinds, log.answered_ns, strict=True)
    )
    engine_rps, server_rps = record.summary.throughput_rps, good / samples.duration_s
    within_rps = max(_RATE_SHARE * server_rps, _FEWEST / samples.duration_s)
    return FigureCheck(
        what="throughput",
        server=f"{server_rps:,.1f}/s",
        engine=f"{engine_rps:,.1f}/s",
        right=abs(engine_rps - server_rps) <= within_rps + 1e-9,
        disturbed=True,
    )


# --- times ---------------------------------------------------------------------------------------


def _join(samples: Samples, log: Log) -> _Joined:
    order = np.argsort(samples.sent_ns, kind="stable")
    count = min(len(order), len(log.arrived_ns))
    intended_ns = samples.intended_ns[order][:count]
    inside = samples.during(intended_ns)
    arrived_ns, answered_ns = (
        np.array(column[:count], dtype=np.int64)[inside] for column in (log.arrived_ns, log.answered_ns)
    )
    labelled = samples.outcome[order][:count][inside].tolist()
    return _Joined(
        response_ms=sorted(((answered_ns - intended_ns[inside]) / 1e6).tolist()),
        service_ms=sorted(((answered_ns - arrived_ns) / 1e6).tolist()),
        kinds=Counter(samples.outcomes[number] for number in labelled),
    )


def _times(case: Case, record: Record, joined: _Joined, stall_ms: float) -> Iterator[FigureCheck]:
    """Percentiles: the engine sees an answer when it arrives, never before it left the server.

    Response runs from the moment at which a request was due to that at which its answer left, by the server's clock,
    which is the engine's. Service as the server sees it begins when it reads the request: later than it arrived, where
    its process was held up, so that its tail says nothing. For as long as that the largest may be off.

    A busy machine does not excuse the native engine's median: the engine takes microseconds for a request, and must be
    without a CPU for most of the time to see half of the answers late.
    """
    for name, labels, server_ms, engine in (
        ("response", ("p50", "p90", "p99", "max"), joined.response_ms, record.summary.response_ms),
        ("service", ("p50", "p90"), joined.service_ms, record.summary.service_ms),
    ):
        for label in labels:
            truth_ms, seen_ms = quantile(server_ms, _QUANTILES[label]), _figure(engine, label)
            within_ms = max(case.tolerance_ms, case.tolerance_share * truth_ms)
            late_ms = within_ms + (stall_ms if label == "max" else 0.0)
            yield FigureCheck(
                what=f"{name} {label}",
                server=_ms(truth_ms),
                engine=_ms(seen_ms),
                right=-_EARLY_MS <= seen_ms - truth_ms <= late_ms,
                disturbed=label != "p50" or case.engine != "native",
            )


def quantile(times: Sequence[float], share: float) -> float:
    """Of sorted times, linear between the two nearest; NaN where there are none."""
    if not times:
        return math.nan
    place, rest = divmod(share * (len(times) - 1), 1)
    low, high = times[int(place)], times[min(int(place) + 1, len(times) - 1)]
    return low + (high - low) * rest


def _figure(times: Latency, label: str) -> float:
    found = {"p50": times.p50, "p90": times.p90, "p99": times.p99, "max": times.max, "mean": times.mean}[
        label
    ]
    return math.nan if found is None else found


def _longest_stall_ms(samples: Samples, log: Log) -> float:
    return max(
        (
            (end - begin) / 1e6
            for begin, end in log.stalls
            if begin < samples.end_ns and end > samples.start_ns
        ),
        default=0.0,
    )


# --- theory --------------------------------------------------------------------------------------


def _theory(case: Case, record: Record, before: int) -> Iterator[FigureCheck]:
    """Response times of an open loop against the interval in which theory has 99.9 % of such runs."""
    for label, band in _bands(case, record.summary.requests, before).items():
        seen_ms = _figure(record.summary.response_ms, label)
        low_ms, high_ms = band.low * 1e3, band.high * 1e3
        yield FigureCheck(
            what=f"theory {label}",
            server=f"{_ms(band.expected * 1e3)} ({low_ms:.1f} to {high_ms:.1f})",
            engine=_ms(seen_ms),
            right=low_ms - _EARLY_MS <= seen_ms <= high_ms + _BEYOND_THEORY_MS,
            disturbed=True,
        )


def _bands(case: Case, requests: int, before: int) -> dict[str, theory.Band]:
    load, behaviour = case.load, case.behaviour
    if not isinstance(load, OpenLoad) or not requests:
        return {}
    if isinstance(behaviour, Queue):
        return theory.bands(
            load.arrivals_per_s, behaviour.service_ms / 1e3, behaviour.service, requests, before
        )
    if isinstance(behaviour, Freezing):
        band = theory.freeze_band(behaviour.every_s, behaviour.for_s, requests)
        return {"p99": replace(band, high=band.high + behaviour.service_ms / 1e3)}
    return {}


def _stall_share(case: Case, record: Record, samples: Samples, log: Log) -> Iterator[FigureCheck]:
    """In a closed loop, the share of the time in which nothing was answered."""
    if not log.freezes or isinstance(case.load, OpenLoad):
        return
    frozen_ns = sum(
        max(0, min(end, samples.end_ns) - max(begin, samples.start_ns)) for begin, end in log.freezes
    )
    truth = frozen_ns / (samples.end_ns - samples.start_ns)
    yield FigureCheck(
        what="stalled",
        server=f"{truth:.1%}",
        engine=f"{record.summary.stalled_share:.1%}",
        right=abs(record.summary.stalled_share - truth) <= _STALLED,
        disturbed=True,
    )


def _ms(ms: float) -> str:
    return f"{ms:.2f} ms"


def _words(codes: Iterable[str]) -> str:
    return " ".join(sorted(codes)) or "none"
