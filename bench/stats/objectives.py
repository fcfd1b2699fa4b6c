"""Service level objectives, such as `p99<50ms`: conditions that a load must hold."""

from __future__ import annotations

from collections.abc import Iterable

from bench.errors import UsageError
from bench.stats import conditions
from bench.stats.conditions import ERRORS, TIMES, Condition

_FORM = "METRIC<NUMBER UNIT, as in p99<50ms, mean<0.2s or errors<0.1%"


def parse(text: str) -> Condition:
    """Read `p99<50ms`, `mean<0.2s` or `errors<0.1%`. Raises UsageError, which says what is wrong."""
    found = conditions.parse(text, "objective", _FORM)
    if found.sign != "<" or found.scope:
        raise UsageError(f"objective '{text}': write {_FORM}")
    if found.metric not in (*TIMES, ERRORS):
        raise UsageError(
            f"objective '{text}': it needs response times or errors, as in p99<50ms: the load is what you set"
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
