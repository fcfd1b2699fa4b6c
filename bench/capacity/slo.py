"""Service level objectives, such as `p99<50ms`: conditions that a trial of a search must hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bench.errors import UsageError
from bench.model.record import Caveat, Record, Summary
from bench.results.caveats import CEILING
from bench.stats import conditions
from bench.stats.conditions import ERRORS, TIMES, Condition

_FORM = "METRIC<NUMBER UNIT, as in p99<50ms, mean<0.2s or errors<0.1%"

SPOILING = ("shed", "rate-not-reached", "throttled", "one-cpu")
"""Caveats with which a rate does not hold, whatever the objectives say: such a record is invalid."""
SATURATED = frozenset({"generator-saturated", CEILING})
"""Caveats with which a trial says nothing of the server: the load could not be made."""


def parse(text: str) -> Condition:
    """Read `p99<50ms`, `mean<0.2s` or `errors<0.1%`. Raises UsageError, which says what is wrong."""
    found = conditions.parse(text, "objective", _FORM)
    if found.sign != "<" or found.scope:
        raise UsageError(f"objective '{text}': write {_FORM}")
    if found.metric not in (*TIMES, ERRORS):
        raise UsageError(
            f"objective '{text}': a search needs response times or errors, as in p99<50ms: it sets the rate itself"
        )
    return found


def parse_all(texts: Iterable[str]) -> tuple[Condition, ...]:
    """Read several, one a metric, and add errors<0.1% where none is about errors, for errors may be fast.

    Raises UsageError.
    """
    found = [parse(text) for text in texts]
    twice = [one.name for place, one in enumerate(found) if one.name in {o.name for o in found[:place]}]
    if twice:
        raise UsageError(f"there are two objectives for {twice[0]}: give one")
    if ERRORS not in {one.metric for one in found}:
        found.append(parse("errors<0.1%"))
    return tuple(found)


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
