"""Two runs made up and compared, with anchors on a machine that did not drift."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.gates.runs import cells
from bench.gates.runs.outcome import Outcome
from bench.model.change import Verdict
from bench.model.record import Caveat, Record, Run
from bench.results.results import understand
from bench.stats.metrics import Metric
from bench.stats.table import Row
from tests.bench.builders import OPEN, record, repeats, run

ANCHORS = (*repeats("anchor", "ping", *[2000.0] * 5), *repeats("anchor", "ping", *[400.0] * 5, load=OPEN))
"""On a machine that did not drift at all."""

ERRORS = Caveat("errors", "12 of 2,410 requests failed (12 status-500)")
SHED = Caveat("shed", "40 sessions never started: all of max_sessions were under way")
SATURATED = Caveat("generator-saturated", "the generator used 90 % of its core: it may be what is measured")


def compare(
    base: Run, head: Run, threshold: float, metrics: Sequence[Metric] = (), despite: Iterable[str] = ()
) -> Outcome:
    return cells.compare(understand(base), understand(head), threshold, metrics, despite)


def outcome(
    base: tuple[Record, ...],
    new: tuple[Record, ...],
    *despite: str,
    metrics: tuple[Metric, ...] = (),
    anchors: tuple[tuple[Record, ...], tuple[Record, ...]] = (ANCHORS, ANCHORS),
) -> Outcome:
    """The comparison of two runs that have an anchor of either load as well."""
    before, after = run(*base, *anchors[0], name="before"), run(*new, *anchors[1], name="after")
    return compare(before, after, 0.05, metrics, despite)


def rows(found: Outcome) -> list[Row]:
    """Those of the table but for the anchors'."""
    return [row for row in found.table.rows if row.entries[0] != "anchor"]


def verdicts(found: Outcome) -> dict[tuple[str, str], Verdict | None]:
    return {(one.name.split(" / ")[0], one.metric): one.verdict for one in found.judgement.changes}


def failing(counts: tuple[int, ...], *more: Caveat) -> tuple[Record, ...]:
    return tuple(
        record(
            "a",
            "noop-async",
            (3000 - errors) / 3,
            repeat=repeat,
            errors=errors,
            valid=not errors,
            caveats=((ERRORS,) if errors else ()) + more,
        )
        for repeat, errors in enumerate(counts)
    )
