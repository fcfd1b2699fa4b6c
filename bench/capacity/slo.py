"""Whether a trial of a search holds its service level objectives, and what they rest on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bench.model.record import Caveat, Record, Summary
from bench.results.caveats import CEILING
from bench.stats.conditions import Condition

SPOILING = ("shed", "rate-not-reached", "throttled", "one-cpu")
"""Caveats with which a rate does not hold, whatever the objectives say: such a record is invalid."""
SATURATED = frozenset({"generator-saturated", CEILING})
"""Caveats with which a trial says nothing of the server: the load could not be made."""


def misses(record: Record, objectives: Sequence[Condition]) -> tuple[str, ...]:
    """The reasons why a trial does not hold, one phrase each; empty when it holds."""
    missed = [
        f"{one.describe(record.summary)} ({one.text})" for one in objectives if not one.holds(record.summary)
    ]
    spoilt = [caveat.code for caveat in record.caveats if caveat.code in (*SPOILING, *SATURATED)]
    return (*missed, *spoilt)


def doubts(summary: Summary, objectives: Iterable[Condition]) -> Iterator[Caveat]:
    """A caveat for each objective that rests on too few requests, p99 left out: its record has one already."""
    for one in objectives:
        if one.metric != "p99" and summary.requests < one.least_requests:
            yield Caveat(
                "few-samples",
                f"{one.text} rests on {summary.requests} requests; it wants {one.least_requests:,}",
            )
