"""Which cells of two runs belong together."""

from __future__ import annotations

import pytest

from bench.errors import UsageError
from bench.gates.runs import pairs as pairing
from bench.gates.runs.pairs import CellPair
from bench.model.plan import ClosedLoad, OpenLoad
from bench.model.record import Run
from bench.results.results import understand
from tests.bench.builders import repeats, run
from tests.bench.gates.runs.compared import (
    outcome,
)


def pairs(base: Run, head: Run) -> tuple[CellPair, ...]:
    return pairing.pairs(understand(base), understand(head))


def test_loads_that_both_runs_have_are_compared_and_the_rest_is_missing() -> None:
    """Which of two loads a third one stands for, nobody can say."""
    both = repeats("a", "noop-async", 1, 2, load=OpenLoad(10, 3.0))
    base = (
        *both,
        *repeats("a", "noop-async", 1, 2),
        *repeats("a", "noop-async", 1, 2, load=ClosedLoad(16, 3.0)),
    )
    new = (*both, *repeats("a", "noop-async", 1, 2, load=ClosedLoad(64, 3.0)))
    found = [
        (pair.base is not None, pair.head is not None, pair.name) for pair in pairs(run(*base), run(*new))
    ]
    assert found == [
        (True, False, "a / noop-async / native / 16 users"),
        (True, False, "a / noop-async / native / 32 users"),
        (False, True, "a / noop-async / native / 64 users"),
        (True, True, "a / noop-async / native / 10 arrivals/s"),
    ]


def test_another_duration_shows_in_the_names() -> None:
    base, new = (repeats("a", "noop-async", 1, 2, load=ClosedLoad(32, length)) for length in (3.0, 9.0))
    (pair,) = pairs(run(*base), run(*new))
    assert pair.name == "a / noop-async / native / 32 users for 3 s against 32 users for 9 s"


def test_of_several_loads_those_that_differ_in_time_alone_belong_together() -> None:
    """So that what is said is the duration, and not that the two have nothing in common."""
    base, new = (
        [
            one
            for users in (16, 64)
            for one in repeats("a", "noop-async", 1, 2, load=ClosedLoad(users, length))
        ]
        for length in (3.0, 9.0)
    )
    assert [pair.name for pair in pairs(run(*base), run(*new))] == [
        "a / noop-async / native / 16 users for 3 s against 16 users for 9 s",
        "a / noop-async / native / 64 users for 3 s against 64 users for 9 s",
    ]
    with pytest.raises(
        UsageError, match=r"^not comparable: duration_s: 3\.0 before, 9\.0 now \(--despite load "
    ):
        outcome(tuple(base), tuple(new))
