"""Findings of a run about limits: the capacity, the knee, what limits, and what holds scaling back."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from bench.capacity.growth import Growth
from bench.capacity.results import (
    Capacity,
    Offered,
    OfferedRate,
    busy_share,
    by_rate,
    rates_of,
)
from bench.model.plan import ClosedLoad
from bench.model.record import Caveat, Record
from bench.results.caveats import CEILING
from bench.results.cells import gather
from bench.results.findings.bottlenecks import bottlenecks
from bench.results.findings.finding import Finding
from bench.stats.format import join_words, share, three_digits, whole
from bench.stats.metrics import THROUGHPUT

_BUSY_SHARE = 0.9
_NEXT = 2
"""So many rates on either side of the capacity are listed; the table has all of them."""


def of_capacity(found: Capacity) -> Iterator[Finding]:
    """The findings of a search for the capacity."""
    yield _capacity(found)
    if found.knee_per_s is not None:
        yield _knee(found, found.knee_per_s)
    yield from _limits(found)


def _capacity(found: Capacity) -> Finding:
    wanted = f"{found.scenario}, with {join_words([one.text for one in found.objectives])}"
    if found.confirmed is None:
        return _no_capacity(found, wanted)
    rate = f"{whole(found.rate_per_s or 0)} arrivals/s"
    at_least = found.limit != "service"
    fresh = " on a fresh server" if found.is_fresh else ""
    return Finding(
        topic="capacity",
        title=f"{found.setup} holds {'at least ' if at_least else ''}{rate}",
        text=f"Of {wanted}: {_how_often(found, found.confirmed)}{fresh}. {_why_not_more(found)}",
        figures=tuple(_figures(found)),
        chart="capacity",
        caveats=_doubts(found.confirmed.trials),
    )


def _how_often(found: Capacity, rate: OfferedRate) -> str:
    """`held in 3 of 4 trials of 12 s`, by what the search counted, else by its records."""
    counted = (one.text for one in found.confirmations if one.rate_per_s == rate.rate_per_s)
    text = next(counted, f"held in {len(rate.held)} of {len(rate.trials)}")
    return f"{text} trials of {rate.duration_s:g} s"


def _why_not_more(found: Capacity) -> str:
    if found.limit == "max-rate":
        return "No higher rate was tried, for that is the --max-rate."
    if found.above is None:
        return ""
    above = f"{whole(found.above.rate_per_s)} arrivals/s"
    if found.limit == "generator" and CEILING in found.above.typical.missed:
        return (
            f"The ceiling on the rate is the limit here: {above} reached it, and tells nothing of the server."
        )
    if found.limit == "generator":
        return f"The load generator is the limit here: at {above} it was saturated, and tells nothing of the server."
    return f"{above} {_how_often(found, found.above)}: {', '.join(found.above.typical.missed)}."


def _no_capacity(found: Capacity, wanted: str) -> Finding:
    if found.limit == "not finished" or not found.trials:
        held = max((one.rate_per_s for one in rates_of(found.trials) if one.holds), default=None)
        known = (
            "No rate is known to hold." if held is None else f"{whole(held)} arrivals/s held, unconfirmed."
        )
        title, text = "The search was cut short", f"Of {wanted}. {known}"
    elif found.limit == "generator":
        title, text = (
            "The load generator is the limit here",
            f"It was saturated at the lowest rate of {wanted}.",
        )
    else:
        lowest = found.trials[0]
        title = f"{found.setup} does not hold the objectives at any rate tried"
        text = f"Of {wanted}: {whole(lowest.rate_per_s)} arrivals/s missed them already: {', '.join(lowest.missed)}."
    return Finding(
        topic="capacity",
        title=title,
        text=text,
        figures=tuple(_figures(found)),
        chart="capacity",
        caveats=_doubts(found.trials),
    )


def _figures(found: Capacity) -> Iterator[str]:
    for rate in _around(found):
        p99_ms = rate.median("p99")
        median = "" if p99_ms is None else f", median p99 {three_digits(p99_ms)} ms"
        yield f"{whole(rate.rate_per_s)} arrivals/s: {_how_often(found, rate)}{median}"
    for one in (found.confirmed, found.above):
        if one is not None:
            yield one.typical.line
    if found.guess is not None and isinstance(found.guess.cell.load, ClosedLoad):
        rps = whole(found.guess.summary.throughput_rps)
        yield f"in a closed loop, {found.guess.cell.load.label} reached {rps} requests/s"


def _around(found: Capacity) -> Sequence[OfferedRate]:
    """The capacity and the confirmed rates next to it."""
    long = {one.rate_per_s for one in found.confirmations if one.held or one.failed}
    rates = [rate for rate in rates_of(found.trials) if rate.rate_per_s in long]
    place = next((place for place, rate in enumerate(rates) if rate.rate_per_s == found.rate_per_s), None)
    return () if place is None else rates[max(0, place - _NEXT) : place + _NEXT + 1]


def _doubts(trials: Iterable[Offered]) -> tuple[Caveat, ...]:
    """Every code, with the caveats of the first trial that has it."""
    found: dict[str, tuple[Caveat, ...]] = {}
    for one in trials:
        for code in {caveat.code: None for caveat in one.record.caveats}:
            found.setdefault(code, tuple(caveat for caveat in one.record.caveats if caveat.code == code))
    return tuple(itertools.chain.from_iterable(found.values()))


def _knee(found: Capacity, knee_per_s: float) -> Finding:
    curve = dict(by_rate(rates_of(found.trials), "p99"))
    lowest = min(curve)
    return Finding(
        topic="knee",
        title=f"The knee is at {whole(knee_per_s)} arrivals/s",
        text=(
            "Up to the knee more load costs little time, beyond it much. A service that must stay quick is run below "
            "its knee, whatever the capacity."
        ),
        figures=tuple(
            f"p99 {three_digits(curve[rate])} ms at {whole(rate)} arrivals/s" for rate in (lowest, knee_per_s)
        ),
        chart="capacity",
    )


def _limits(found: Capacity) -> Iterator[Finding]:
    """The bottleneck of the lowest rate that failed; else how busy the server was at the capacity.

    Nothing where no rate failed: then it was --max-rate or the generator that limited.
    """
    if found.above is None:
        return
    failed = [one.record for one in found.above.failed]
    if named := tuple(bottlenecks(gather(failed))):
        yield from (replace(finding, chart="capacity") for finding in named)
    elif found.confirmed is not None and (busy := busy_share(found.confirmed.typical.record)) is not None:
        yield _busy(found.confirmed.typical.record, busy)


def _busy(record: Record, busy: float) -> Finding:
    cores = len(record.resources.workers)
    used = f"{share(busy)} % of the CPU time that its worker{'s' if cores != 1 else ''} can have"
    if busy >= _BUSY_SHARE:
        title, text = "The CPU is the limit", f"At the capacity the server uses {used}."
    else:
        title = "The CPU is not what limits"
        text = f"At the capacity the server uses {used}: requests wait for something else, or in bursts."
    cpu_us = record.resources.cpu_us_per_request
    figures = (f"{whole(cpu_us)} µs of CPU a request",) if cpu_us is not None else ()
    return Finding(topic="limit", title=title, text=text, figures=figures, chart="capacity")


# --- workers -------------------------------------------------------------------------------------

_BRAKES = {
    "contention": "Contention holds {setup} back",
    "coherence": "Coherence holds {setup} back",
    "cores": "Cores hold {setup} back, not its software",
    "~": "~ The rounds do not show what holds {setup} back",
    "nothing": "Nothing holds {setup} back up to {most} workers",
}


def of_growth(found: Growth) -> Iterator[Finding]:
    """The finding on what holds scaling back, by the Universal Scalability Law."""
    law, most = found.law, max(found.points)
    first = min(found.points)
    gain = found.points[most].median / found.points[first].median
    yield Finding(
        topic="scaling",
        title=_BRAKES[found.brake].format(setup=found.setup, most=most),
        text=f"{most} workers answer {gain:.2f} times the {found.scenario} requests of {first}. "
        + _reason(found),
        figures=(
            f"λ {whole(law.rate_rps)} req/s, σ {law.sigma:.2g}, κ {law.kappa:.2g}",
            _peak(found),
            *(
                f"{n} worker{'s' if n > 1 else ''}: {THROUGHPUT.show_range(e)} req/s"
                for n, e in found.points.items()
            ),
        ),
        chart="scaling",
    )


def _reason(found: Growth) -> str:
    law, most = found.law, max(found.points)
    if found.brake == "cores":
        cpus = f"{found.cpus} CPU{'s' if found.cpus > 1 else ''}"
        return (
            f"The server has {cpus} for {most} workers to share: the law's σ and κ describe the machine. "
            "To learn about the software, measure where each worker has a CPU."
        )
    if found.brake == "nothing":
        return "Throughput grows in step with the workers."
    if found.brake == "~":
        return _noise(found)
    ways = {"contention": law.contention(most), "coherence": law.coherence(most)}
    other = "coherence" if found.brake == "contention" else "contention"
    meaning = {
        "contention": "workers wait in turn for something that only one can use at a time (a lock, a database)",
        "coherence": "workers spend time on agreeing with each other (shared caches, cross-talk), and more of them can "
        "make it worse",
    }
    return (
        f"At {most} workers {found.brake} weighs {three_digits(ways[found.brake])} and {other} "
        f"{three_digits(ways[other])}, beside 1 for the work itself: {meaning[found.brake]}."
    )


def _noise(found: Growth) -> str:
    kept, most, first = found.kept, max(found.points), min(found.points)
    if kept is None or kept.rounds < 2:
        return "A single round shows nothing: measure each number of workers in several rounds."
    linear = f"{most} workers serve {kept.interval_text} of what linear scaling from {first} would give"
    if kept.shown:
        return f"{linear}; the rounds do not settle whether contention or coherence costs it: measure more rounds."
    return f"{linear}, so no loss is shown, nor that there is none: more rounds would tell."


def _peak(found: Growth) -> str:
    peak = found.law.peak_workers
    if peak is None:
        return "the law has no peak: more workers never make it slower"
    beyond = ", beyond what was measured" if peak > max(found.points) else ""
    return f"the law peaks at {max(1.0, peak):.1f} workers{beyond}"
