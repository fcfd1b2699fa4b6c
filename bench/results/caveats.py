"""What makes a number doubtful: the figures of a cell -> its caveats. Pure; every limit stands here."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import median

from bench.model.plan import Cell, ClosedLoad, OpenLoad
from bench.model.record import Caveat, Generator, Latency, RequestSummary, Resources, Summary
from bench.results.workers import imbalance

RATE_REACHED_SHARE = 0.98
EDGE_SIGMAS = 3.0
GENERATOR_SHARE = 0.80
LAG_SHARE = 0.10
LAG_FLOOR_MS = 0.5
LAG_REQUESTS = 5
"""So many late requests are no accident: of 80 requests, the p99 is the latest of all."""
SPREAD_SHARE = 0.10
STEAL_SHARE = 0.02
OTHERS_SHARE = 0.10
IMBALANCE = 1.25
SAMPLES_FOR_P99 = 1000
PROBES = 100
LITTLES_LAW_SHARE = 0.05
TIMES_ALIKE_MS = 1e-6
STALLED_SHARE = 0.01
"""Of the measured part: a percentile of a hundred does not see less."""
LATE_FLOOR_MS = 2.0
RUN_WAIT_SHARE = 0.05
DRIFT_SHARE = 0.10
DRIFT_PAIRS_SHARE = 0.85
SAMPLES_FOR_DRIFT = 300
GROWTH = 1.5
GROWN_BY = 5.0
THROTTLED_SHARE = 0.001

OTHER_LOAD = "other-load"
STEAL = "steal"
GENERATOR_STALLED = "generator-stalled"
VICTIM_GROWS = "victim-grows"

INVALIDATING = frozenset(
    {"errors", "rate-not-reached", "shed", "generator-saturated", "throttled", "one-cpu"}
)
"""Codes that make a record invalid: it is shown, hatched, and never ranked."""

NOT_QUIET = frozenset({OTHER_LOAD, STEAL, GENERATOR_STALLED, "throttled", "one-cpu"})
"""Codes that say that server or generator had not what they needed of the machine."""


def audit(
    cell: Cell,
    summary: Summary,
    resources: Resources,
    generator: Generator,
    earlier_rps: Sequence[float] = (),
) -> tuple[Caveat, ...]:
    """The caveats of a cell; `earlier_rps` are the throughputs of its earlier repeats."""
    return (
        *_errors(summary),
        *_rate_not_reached(cell, summary),
        *_shed(summary),
        *_generator_saturated(generator),
        *_generator_stalled(generator),
        *_stalled(summary),
        *_drift(cell, summary),
        *_lag(summary),
        *_unstable(cell, [*earlier_rps, summary.throughput_rps]),
        *_steal(resources),
        *_throttled(resources, cell),
        *_other_load(resources),
        *_shared(resources),
        *_uneven_workers(resources),
        *_few_samples(summary),
        *_victim(summary.victim),
        *_victim_grows(cell, summary.victim),
        *_littles_law(cell, summary),
        *_counts_do_not_reconcile(summary),
        *_times_do_not_fit(summary),
        *_unchecked(summary),
    )


def profiled() -> Caveat:
    """The caveat of a cell during which a profiler looked on."""
    return Caveat(
        "profiled", "a profiler looked at one worker meanwhile: the cell's figures are a little worse for it"
    )


def is_valid(caveats: Sequence[Caveat]) -> bool:
    """Whether a record with these caveats may be ranked."""
    return not any(caveat.code in INVALIDATING for caveat in caveats)


def _errors(summary: Summary) -> Iterator[Caveat]:
    if not summary.requests:
        yield Caveat("errors", "no request was answered in the measured part")
    elif not summary.throughput_rps:
        yield Caveat("errors", "no right answer arrived in the measured part")
    elif summary.errors:
        kinds = ", ".join(f"{count} {kind}" for kind, count in summary.errors_by_kind.items())
        yield Caveat("errors", f"{summary.errors} of {summary.requests} requests failed ({kinds})")


def _rate_not_reached(cell: Cell, summary: Summary) -> Iterator[Caveat]:
    """Whether the answers kept up with the arrivals; a session may hold several requests, so intended ones count.

    What is under way at the start and at the end differs by chance even in a steady system, by about sqrt(2 L) with L
    under way on average (Poisson, as in M/G/inf): in a short run that alone is more than the 2 %.
    """
    if isinstance(cell.load, OpenLoad) and summary.requests:
        wanted_rps = summary.requests / cell.load.duration_s
        share = summary.throughput_rps / wanted_rps
        missing = summary.requests - summary.throughput_rps * cell.load.duration_s
        by_chance = EDGE_SIGMAS * math.sqrt(2 * (summary.mean_concurrency or 0.0))
        if share < RATE_REACHED_SHARE and missing > by_chance:
            yield Caveat(
                "rate-not-reached",
                f"{summary.throughput_rps:.0f} good answers/s of the {wanted_rps:.0f} requests/s that were due "
                f"({share:.0%})",
            )


def _shed(summary: Summary) -> Iterator[Caveat]:
    if summary.shed:
        yield Caveat("shed", f"{summary.shed} sessions never started: all of max_sessions were under way")


def _generator_saturated(generator: Generator) -> Iterator[Caveat]:
    if generator.cpu_share > GENERATOR_SHARE:
        yield Caveat(
            "generator-saturated",
            f"the generator used {generator.cpu_share:.0%} of its core: it may be what is measured",
        )


def stalled_share(late_ms: Sequence[float], duration_s: float, service_p50_ms: float | None) -> float:
    """The share of the time in which a generator's loop was late by so much that its figures show it.

    Latenesses beyond 2 ms, and beyond a tenth of the median service time.
    """
    least_ms = max(LATE_FLOOR_MS, LAG_SHARE * (service_p50_ms or 0.0))
    return sum(late for late in late_ms if late > least_ms) / 1e3 / duration_s


def _generator_stalled(generator: Generator) -> Iterator[Caveat]:
    reasons = []
    if generator.stalled_share > STALLED_SHARE:
        reasons.append(
            f"its event loop was late for {generator.stalled_share:.1%} of the time, "
            f"by {generator.late_ms.max or 0.0:.1f} ms at worst"
        )
    if (generator.run_wait_share or 0.0) > RUN_WAIT_SHARE:
        reasons.append(f"it waited for a CPU for {generator.run_wait_share:.1%} of the time")
    if generator.steal_share > STEAL_SHARE:
        reasons.append(f"the hypervisor took {generator.steal_share:.1%} of its CPUs away")
    if generator.imported:
        named = ", ".join(generator.imported[:3])
        reasons.append(f"it loaded {len(generator.imported)} modules while it measured ({named})")
    if reasons:
        yield Caveat(GENERATOR_STALLED, f"the generator itself was held up: {'; '.join(reasons)}")


def _stalled(summary: Summary) -> Iterator[Caveat]:
    if summary.stalled_share > STALLED_SHARE:
        weighted = summary.time_weighted_ms.p99
        beside = "" if weighted is None else f"; weighted by time, p99 is {weighted:.2f} ms"
        yield Caveat(
            "stalled",
            f"nothing was answered for {summary.stalled_share:.1%} of the time, in stretches of up to "
            f"{summary.longest_stall_ms:.0f} ms, though requests waited{beside}",
        )


def _drift(cell: Cell, summary: Summary) -> Iterator[Caveat]:
    """Whether the last third of the timeline differs from the first by more than a tenth, and than its own noise.

    A closed load by its throughput, an open one by its median response, as its throughput is given. The noise: of all
    pairs of a slice of the first third and one of the last, 85 % must differ the same way (of 8 and 8 slices alike,
    that happens once in 70 cases; Mann and Whitney 1947).
    """
    if cell.load.shape != "constant" or summary.requests < SAMPLES_FOR_DRIFT:
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


def _lag(summary: Summary) -> Iterator[Caveat]:
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


def _unstable(cell: Cell, throughputs_rps: Sequence[float]) -> Iterator[Caveat]:
    """Of closed loads: that of an open one is given, and varies as its arrivals do."""
    if isinstance(cell.load, OpenLoad):
        return
    middle = median(throughputs_rps)
    if len(throughputs_rps) > 1 and middle > 0:
        spread = (max(throughputs_rps) - min(throughputs_rps)) / middle
        if spread > SPREAD_SHARE:
            yield Caveat(
                "unstable",
                f"the throughput of {len(throughputs_rps)} repeats spreads over {spread:.0%} of its median",
            )


def _steal(resources: Resources) -> Iterator[Caveat]:
    if resources.steal_share > STEAL_SHARE:
        yield Caveat(STEAL, f"the hypervisor took {resources.steal_share:.1%} of the server's CPUs away")


def _other_load(resources: Resources) -> Iterator[Caveat]:
    if resources.others_share > OTHERS_SHARE:
        yield Caveat(
            OTHER_LOAD,
            f"other processes took {resources.others_share:.0%} of the server's CPUs or of the generator's",
        )


def _throttled(resources: Resources, cell: Cell) -> Iterator[Caveat]:
    if resources.throttled_s > THROTTLED_SHARE * cell.load.duration_s:
        yield Caveat(
            "throttled",
            f"a CPU quota (cgroup) stopped our processes for {resources.throttled_s:.2f} s in all: raise the quota, or "
            "measure with fewer workers",
        )


def _shared(resources: Resources) -> Iterator[Caveat]:
    if resources.shared == "cpu":
        yield Caveat("one-cpu", "server and generator shared a CPU: each took the other's time")
    elif resources.shared == "core":
        yield Caveat(
            "shared-core", "server and generator ran on two hyperthreads of one core: each slows the other"
        )
    elif not resources.cpus:
        yield Caveat("not-pinned", "nothing was pinned: server and generator shared their CPUs")


def _uneven_workers(resources: Resources) -> Iterator[Caveat]:
    """By the requests that each answered; where the answers do not tell, nobody can say."""
    counts = [worker.requests for worker in resources.workers if worker.requests is not None]
    index = imbalance(counts)
    if index is not None and index > IMBALANCE:
        shares = " / ".join(f"{count / sum(counts):.0%}" for count in sorted(counts, reverse=True))
        yield Caveat(
            "uneven-workers",
            f"the workers answered {shares} of the requests: imbalance {index:.2f}, even is 1",
        )


def _few_samples(summary: Summary) -> Iterator[Caveat]:
    if summary.requests < SAMPLES_FOR_P99:
        yield Caveat(
            "few-samples",
            f"p99 rests on {summary.requests} requests; {SAMPLES_FOR_P99:,} put ten of them beyond it",
        )


def _victim(victim: RequestSummary | None) -> Iterator[Caveat]:
    """Probes that failed, never started or are few; its p99 rests on a single one when there are fewer than 100."""
    if victim is None:
        return
    doubts = []
    if victim.errors:
        doubts.append(f"{victim.errors} of {victim.requests} failed")
    if victim.shed:
        doubts.append(f"{victim.shed} never started")
    if victim.requests < PROBES:
        doubts.append(f"only {victim.requests} were due in the measured part")
    if doubts:
        yield Caveat("victim", f"probes of the victim: {', '.join(doubts)}; its figures are in doubt")


def _victim_grows(cell: Cell, victim: RequestSummary | None) -> Iterator[Caveat]:
    """Whether a longer cell would show longer times: probes pile up, or wait for half of the measured part."""
    if victim is None or not victim.under_way:
        return
    first, last, p99 = victim.under_way[0], victim.under_way[-1], victim.response_ms.p99 or 0.0
    grows = last > GROWTH * first and last > first + GROWN_BY
    if grows or p99 > cell.load.duration_s * 1e3 / 2:
        yield Caveat(
            VICTIM_GROWS,
            f"probes of the victim wait longer the longer the cell lasts (p99 {p99 / 1e3:.1f} s of "
            f"{cell.load.duration_s:g} s; {first:.0f} under way in the first third, {last:.0f} in the last)",
        )


def _unchecked(summary: Summary) -> Iterator[Caveat]:
    if summary.unchecked:
        yield Caveat("unchecked", f"only the status was looked at: {', '.join(summary.unchecked)}")


def _littles_law(cell: Cell, summary: Summary) -> Iterator[Caveat]:
    """Concurrency = throughput x mean response; known beforehand in a closed loop, measured in an open one."""
    users = _busy_users(cell)
    concurrency = summary.mean_concurrency if users is None else float(users)
    mean_ms = summary.response_ms.mean
    if not concurrency or mean_ms is None or summary.requests < SAMPLES_FOR_P99 // 10:
        return
    rate_rps = summary.requests / cell.load.duration_s
    expected = rate_rps * mean_ms / 1e3
    if abs(expected - concurrency) > LITTLES_LAW_SHARE * concurrency:
        known = "requests under way on average" if users is None else "users"
        yield Caveat(
            "littles-law",
            f"{rate_rps:.0f} requests/s x {mean_ms:.2f} ms make {expected:.2f} under way, "
            f"against {concurrency:.2f} {known}",
        )


def _busy_users(cell: Cell) -> int | None:
    """The users that always have a request under way; None where that is no fixed number."""
    load = cell.load
    steady = isinstance(load, ClosedLoad) and load.shape == "constant" and not load.think_s
    return load.users if isinstance(load, ClosedLoad) and steady else None


def _counts_do_not_reconcile(summary: Summary) -> Iterator[Caveat]:
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


def _times_do_not_fit(summary: Summary) -> Iterator[Caveat]:
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
