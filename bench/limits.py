"""What a run about limits shows: the offered loads and which of them held, and throughput by the number of workers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bench.audit import OTHER_LOAD
from bench.knee import knee
from bench.metric import P50, P99, THROUGHPUT, share, three_digits, whole
from bench.model import Caveat, OpenLoad, Record, Run
from bench.objective import Objective, misses, parse
from bench.repeats import gather
from bench.scaling import FEWEST, Brake, Law, brake, fit
from bench.siblings import mapping, setup_facts
from bench.stats import Estimate, estimate
from bench.table import Column, Row, Table, label


@dataclass(frozen=True, slots=True)
class Offered:
    """One trial of an open load, and the objectives it is held against."""

    record: Record
    objectives: tuple[Objective, ...]

    @property
    def rate_per_s(self) -> float:
        load = self.record.cell.load
        assert isinstance(load, OpenLoad)
        return load.arrivals_per_s

    @property
    def due_rps(self) -> float:
        """Requests that were due; more than the rate where a session holds several."""
        return self.record.summary.requests / self.record.cell.load.duration_s

    @property
    def missed(self) -> tuple[str, ...]:
        return misses(self.record, self.objectives)

    @property
    def disturbance(self) -> str:
        """Who else used our CPUs, in words; empty when nobody did."""
        return next((caveat.text for caveat in self.record.caveats if caveat.code == OTHER_LOAD), "")

    @property
    def result(self) -> str:
        return f"failed: {', '.join(self.missed)}" if self.missed else "held"

    @property
    def line(self) -> str:
        """`2,310 arrivals/s for 4 s: held, p99 14.2 ms, errors 0 %`"""
        said = "" if self.missed else "".join(f", {one.said(self.record.summary)}" for one in self.objectives)
        return f"{whole(self.rate_per_s)} arrivals/s for {self.record.cell.load.duration_s:g} s: {self.result}{said}"


@dataclass(frozen=True, slots=True)
class Capacity:
    """A search as its run tells it; `rate_per_s` is None where nothing held, or where it was cut short."""

    setup: str
    scenario: str
    objectives: tuple[Objective, ...]
    rate_per_s: float | None
    limit: str
    trials: tuple[Offered, ...]
    guess: Record | None

    @property
    def knee_per_s(self) -> float | None:
        return knee_of(self.trials)

    @property
    def confirmed(self) -> Offered | None:
        """The last trial of the capacity."""
        return next((one for one in reversed(self.trials) if one.rate_per_s == self.rate_per_s), None)

    @property
    def above(self) -> Offered | None:
        """The lowest rate above the capacity: the last trial of it, which failed."""
        beyond = [one for one in self.trials if one.rate_per_s > (self.rate_per_s or 0.0) and one.missed]
        lowest = min((one.rate_per_s for one in beyond), default=None)
        return next((one for one in reversed(beyond) if one.rate_per_s == lowest), None)


def capacity_of(run: Run) -> Capacity | None:
    """The search of a run; None when it was none. Trials stand in the order of their rates."""
    facts = mapping(run.facts.get("capacity"))
    if not facts:
        return None
    texts = facts.get("objectives")
    objectives = tuple(map(parse, map(str, texts))) if isinstance(texts, (list, tuple)) else ()
    rate = facts.get("arrivals_per_s")
    return Capacity(
        setup=str(facts.get("setup")),
        scenario=str(facts.get("scenario")),
        objectives=objectives,
        rate_per_s=float(rate) if isinstance(rate, (int, float)) else None,
        limit=str(facts.get("limit")),
        trials=offered_loads(run.records, objectives),
        guess=next((r for r in run.records if not isinstance(r.cell.load, OpenLoad)), None),
    )


def offered_loads(records: Iterable[Record], objectives: tuple[Objective, ...]) -> tuple[Offered, ...]:
    """The trials among the records, by rate, and those of one rate as they were made."""
    trials = (Offered(record, objectives) for record in records if isinstance(record.cell.load, OpenLoad))
    return tuple(sorted(trials, key=lambda one: one.rate_per_s))


def knee_of(trials: Iterable[Offered]) -> float | None:
    """The knee of p99 over the offered load, up to the first rate that never held: beyond, time knows no bounds."""
    trials = tuple(trials)
    held = max((one.rate_per_s for one in trials if not one.missed), default=0.0)
    beyond = min((one.rate_per_s for one in trials if one.rate_per_s > held), default=held)
    curve = by_rate(trials, "p99")
    return knee([(rate, ms) for rate, ms in curve if rate <= beyond])


def by_rate(trials: Iterable[Offered], percentile: str) -> tuple[tuple[float, float], ...]:
    """(rate, ms) in the order of the rates; the last trial of a rate is the one that counts."""
    found: dict[float, float] = {}
    for one in trials:
        ms: float | None = getattr(one.record.summary.response_ms, percentile)
        if ms is not None:
            found[one.rate_per_s] = ms
    return tuple(sorted(found.items()))


def trial_table(found: Capacity) -> Table:
    """One row a trial, by rate."""
    columns = (
        Column("offered", "arrivals/s"), Column("length", "s"), Column("answered", "req/s"), Column("p50", "ms"),
        Column("p99", "ms"), Column("errors", "%"), Column("server CPU", "%"), label("result"),
    )  # fmt: skip
    return Table("Trials", columns, tuple(_trial_row(one) for one in found.trials), (_TRIALS,))


_TRIALS = (
    "A rate that fails is tried once more before it counts. The longer trials confirm, on a server started for them. "
    "Server CPU is the share of the cores that its workers can use."
)


def _trial_row(one: Offered) -> Row:
    record, errors = one.record, one.record.summary.errors
    entries = (
        whole(one.rate_per_s),
        f"{record.cell.load.duration_s:g}",
        whole(record.summary.throughput_rps),
        *(metric.show(estimate([metric.of(record)])) for metric in (P50, P99)),
        three_digits(100 * errors / record.summary.requests) if errors else "0",
        share(busy_share(record)),
        one.result,
    )
    return Row(entries, caveats=record.caveats)


def busy_share(record: Record) -> float | None:
    """The server's CPU time as a share of what its workers could have had; None where that is not known."""
    used = record.resources
    cores = min(len(used.workers), len(used.cpus) or len(used.workers))
    return used.cpu_s / record.cell.load.duration_s / cores if cores and used.cpu_s else None


# --- workers -------------------------------------------------------------------------------------


_FITTED = ("median", "low", "high")


@dataclass(frozen=True, slots=True)
class Growth:
    """Throughput by the number of workers, the law drawn through its medians, and what holds scaling back."""

    setup: str
    scenario: str
    points: Mapping[int, Estimate]
    caveats: Mapping[int, tuple[Caveat, ...]]
    law: Law
    brake: Brake
    cpus: int


def growth_of(run: Run) -> Growth | None:
    """The scaling of a run over numbers of workers; None when it was none, or fewer than three were measured."""
    facts, setups = mapping(run.facts.get("scaling")), setup_facts(run)
    if not facts:
        return None
    points, caveats = {}, {}
    for cell in gather(run.records):
        found, workers = cell.estimate(THROUGHPUT), setups.get(cell.setup, {}).get("workers")
        if found and found.median > 0 and isinstance(workers, int):
            points[workers], caveats[workers] = found, cell.caveats
    if len(points) < FEWEST:
        return None
    laws = [fit({n: getattr(found, which) for n, found in points.items()}) for which in _FITTED]
    cpus = facts.get("cpus")
    count = cpus if isinstance(cpus, int) else 0
    return Growth(
        str(facts.get("setup")), str(facts.get("scenario")), dict(sorted(points.items())), caveats, laws[0],
        brake(laws, widest_spread(points), max(points), count), count,
    )  # fmt: skip


def widest_spread(points: Mapping[int, Estimate]) -> float | None:
    """The widest range of repeats, as a share of their median; None where a number of workers has one repeat."""
    spreads = [found.spread for found in points.values() if found.spread is not None]
    return max(spreads) if len(spreads) == len(points) else None


def growth_table(found: Growth) -> Table:
    """One row a number of workers: measured, fitted, and what is left of so many times one worker."""
    columns = (
        Column("workers"), Column(THROUGHPUT.name, THROUGHPUT.unit), Column("range", "%"), Column("law", "req/s"),
        Column("of linear", "%"), Column("contention", "σ(N−1)"), Column("coherence", "κN(N−1)"),
    )  # fmt: skip
    law = found.law
    rows = tuple(
        Row(
            (
                str(n), THROUGHPUT.show(measured), share(measured.spread), whole(law.throughput_rps(n)),
                share(measured.median / (law.rate_rps * n)), three_digits(law.contention(n)),
                three_digits(law.coherence(n)),
            ),
            caveats=found.caveats[n],
        )
        for n, measured in found.points.items()
    )  # fmt: skip
    return Table("Throughput by the number of workers", columns, rows, (_LAW,))


_LAW = (
    "The law is X(N) = λN / (1 + σ(N−1) + κN(N−1)), the Universal Scalability Law (Gunther 2007), fitted to the "
    "medians of the repeats. Contention is waiting for what only one can use at a time, coherence what workers cost "
    "each other to agree."
)
