"""Why a record shows no better figures: what those of its server and its generator name as the cause."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.model.record import Record, Worker, WorkerTimeline
from bench.results.caveats import GENERATOR_SHARE, OTHERS_SHARE
from bench.results.workers import imbalance
from bench.stats.format import join_words, three_digits

HELD_MS = 100.0
"""A loop this late is blocked unless its CPU is full: what asyncio itself calls slow (loop.slow_callback_duration)."""
IDLE_HELD_MS = 20.0
"""A loop this late is blocked if its worker hardly computes; a loop at full load has that much in one turn."""
BUSY_SHARE = 0.8
"""Above it a worker computes or wants to, so that a late loop may be plain load."""
OF_TAIL = 0.5
"""A single pause explains p99 when it is at least half of it: a request meets half of a pause on average."""
COLLECTION_MS = 20.0
"""Collections shorter than this are not worth a word."""
WAITING = 1
"""In half of the slices somebody waited: the limit is where requests queue, and no passing crowd."""
SLOWER = 2.0
"""Times the median response of the others: workers at one load differ by chance far less."""
FEWEST_ANSWERS = 20
"""Answers on which a worker's median response may rest."""
BUSIER_SHARE, IDLER_SHARE = 0.8, 0.4
"""A worker at its limit beside others at less than half of it: the work was shared out badly."""
SATURATED_SHARE = 0.9
"""Of what the server's processes could use; the rest is lost to switches and ticks even at full load.

A worker that wants this much of its core has a queue, which makes its loop late without anything that blocks it.
"""
FULL_SHARE = 0.95
"""CPUs this busy have nothing left, whoever uses them; the server is held back if it wanted nearly all of them."""


@dataclass(frozen=True, slots=True)
class Cause:
    """A bottleneck of a record, how bad it is (larger is worse, among its kind), and the figures that say so."""

    kind: str
    weight: float
    figures: str


def of_record(record: Record) -> tuple[Cause, ...]:
    """Every cause that a record's figures show, at most one of a kind."""
    workers = record.resources.workers
    found: Iterable[Cause | None] = (
        _worst(_loop_blocked(record, worker) for worker in workers),
        _worst(map(_threads_exhausted, workers)),
        _worst(map(_pool_exhausted, workers)),
        _worker_overloaded(record),
        _worst(_collections(record, worker) for worker in workers),
        _cpu_saturated(record),
        _generator_saturated(record),
    )
    return tuple(cause for cause in found if cause is not None)


def _worst(found: Iterable[Cause | None]) -> Cause | None:
    return max((cause for cause in found if cause), key=lambda cause: cause.weight, default=None)


# --- inside a worker -----------------------------------------------------------------------------


def _loop_blocked(record: Record, worker: Worker) -> Cause | None:
    lags = [lag for lag in worker.timeline.loop_lag_ms if lag is not None]
    if not lags:
        return None
    typical, longest = statistics.median(lags), max(lags)
    share = worker.cpu_s / record.measured_s
    wants = share + worker.run_wait_s / record.measured_s + (record.resources.steal_share or 0.0)
    if wants >= SATURATED_SHARE:
        return None
    always = typical >= HELD_MS or (typical >= IDLE_HELD_MS and wants < BUSY_SHARE)
    explained = max(_longest_pause(worker), _longest_wait_ms(worker.timeline))
    once = longest >= max(HELD_MS, OF_TAIL * _p99(record)) and explained < longest / 2
    if not (always or once):
        return None
    late = f"its loop ran {_ms(typical)} late in the median, {_ms(longest)} at worst"
    beside = f"with a p99 of {_ms(_p99(record))}; the worker used {share:.0%} of a core"
    return Cause("loop-blocked", typical if always else longest / 100, f"{late}, {beside}")


def _threads_exhausted(worker: Worker) -> Cause | None:
    busy, waiting = _middle(worker.timeline.tokens_busy), _middle(worker.timeline.tokens_waiting)
    if waiting < WAITING:
        return None
    figures = f"typically {busy:g} of {worker.tokens} threads in use and {waiting:g} calls waiting"
    return Cause("threads-exhausted", waiting, figures)


def _pool_exhausted(worker: Worker) -> Cause | None:
    busy, waiting = _middle(worker.timeline.pool_busy), _middle(worker.timeline.pool_waiting)
    if waiting < WAITING:
        return None
    figures = f"typically {busy:g} of {worker.pool} connections out and {waiting:g} requests waiting"
    return Cause("pool-exhausted", waiting, figures)


def _collections(record: Record, worker: Worker) -> Cause | None:
    pause = _longest_pause(worker)
    if pause < max(COLLECTION_MS, OF_TAIL * _p99(record)):
        return None
    figures = f"a collection took {_ms(pause)}, with a p99 of {_ms(_p99(record))}"
    return Cause("collections", pause, figures)


def _longest_pause(worker: Worker) -> float:
    return max((pause for pause in worker.timeline.gc_pause_ms if pause is not None), default=0.0)


def _longest_wait_ms(line: WorkerTimeline) -> float:
    """The most that a worker's threads waited for a CPU in one slice; the kernel counts a wait when it is over."""
    ends_s = (0.0, *line.t_s)
    widths_s = [end_s - start_s for start_s, end_s in itertools.pairwise(ends_s)]
    waits = zip(line.run_wait_share, widths_s, strict=False)
    return max((share * width_s * 1e3 for share, width_s in waits), default=0.0)


def _middle(column: Sequence[float | None]) -> float:
    return statistics.median([figure for figure in column if figure is not None] or [0.0])


def _p99(record: Record) -> float:
    return record.summary.response_ms.p99 or 0.0


def _ms(figure: float) -> str:
    return f"{three_digits(figure)} ms"


# --- between workers, and around them ------------------------------------------------------------


def _worker_overloaded(record: Record) -> Cause | None:
    workers = record.resources.workers
    if len(workers) < 2:
        return None
    return _slower(workers) or _busier(workers, record.measured_s)


def _slower(workers: Sequence[Worker]) -> Cause | None:
    """The worker whose median response is a multiple of the others'."""
    known = [(p50, worker) for worker in workers if (p50 := _p50(worker)) is not None]
    known.sort(key=lambda pair: pair[0])
    if len(known) < 2:
        return None
    slowest, others = known[-1], statistics.median(p50 for p50, _ in known[:-1])
    if slowest[0] < SLOWER * others:
        return None
    figures = f"its p50 is {_ms(slowest[0])}, the others' {_ms(others)}"
    return Cause("worker-overloaded", slowest[0] / others, f"{figures}; {_shares(slowest[1], workers)}")


def _p50(worker: Worker) -> float | None:
    enough = worker.requests is not None and worker.requests >= FEWEST_ANSWERS
    return worker.response_ms.p50 if enough and worker.response_ms else None


def _busier(workers: Sequence[Worker], span_s: float) -> Cause | None:
    """The worker that is at its limit while the others are not."""
    ordered = sorted(workers, key=lambda worker: worker.cpu_s)
    most, others = ordered[-1].cpu_s / span_s, statistics.fmean(one.cpu_s for one in ordered[:-1]) / span_s
    if most < BUSIER_SHARE or others >= IDLER_SHARE:
        return None
    figures = f"it used {most:.0%} of a core, the others {others:.0%}"
    return Cause("worker-overloaded", most / max(others, 0.01), f"{figures}; {_shares(ordered[-1], workers)}")


def _shares(worker: Worker, workers: Sequence[Worker]) -> str:
    """A worker's shares of requests and CPU time, each with the imbalance of all workers."""
    said = []
    waiting = [_under_way(one) for one in workers]
    if sum(waiting) and all(waiting):
        said.append(f"{_under_way(worker) / sum(waiting):.0%} of what was under way")
    counts = [one.requests for one in workers if one.requests is not None]
    if (index := imbalance(counts)) and worker.requests is not None:
        said.append(f"{worker.requests / sum(counts):.0%} of the requests (imbalance {index:.2f})")
    times_s = [one.cpu_s for one in workers]
    if index := imbalance(times_s):
        said.append(f"{worker.cpu_s / sum(times_s):.0%} of the CPU time (imbalance {index:.2f})")
    return f"of {len(workers)} workers it had {join_words(said)}"


def _under_way(worker: Worker) -> float:
    """The requests that were under way in a worker on average, but for a factor; 0 where that is not known.

    By Little's law: how many there were, times how long they took.
    """
    mean_ms = worker.response_ms.mean if worker.response_ms else None
    return (worker.requests or 0) * (mean_ms or 0.0)


def _cpu_saturated(record: Record) -> Cause | None:
    """Its processes used all that they can, a core each; or its CPUs were full, and its threads waited for them."""
    used, span_s = record.resources, record.measured_s
    most = min(len(used.cpus) or len(used.workers), len(used.workers))
    if not most or used.cpu_s is None:
        return None
    share = used.cpu_s / span_s / most
    waited = sum(worker.run_wait_s for worker in used.workers) / span_s
    wants = share + waited / most
    alone = used.others_share <= OTHERS_SHARE  # else it was others who filled its CPUs
    full = alone and (used.busy_share or 0.0) >= FULL_SHARE and wants >= SATURATED_SHARE
    if share < SATURATED_SHARE and not full:
        return None
    figures = f"the server used {share:.0%} of {most} core{'' if most == 1 else 's'}"
    if used.busy_share is not None:
        figures += f", its CPUs were {used.busy_share:.0%} busy"
    figures += f"; run-queue wait: {waited:.2f} s per second"
    return Cause("cpu-saturated", share, figures)


def _generator_saturated(record: Record) -> Cause | None:
    share = record.generator.cpu_share
    if share <= GENERATOR_SHARE:
        return None
    return Cause(
        "generator-saturated", share, f"the {record.cell.engine} engine used {share:.0%} of its core"
    )
