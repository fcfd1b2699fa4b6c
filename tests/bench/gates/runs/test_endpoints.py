"""Two runs compared by the names of their requests, next to the cells as wholes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.gates.runs.outcome import Outcome
from bench.model.record import Latency, Record, RequestSummary
from bench.stats.metrics import CPU, P99
from tests.bench.builders import record
from tests.bench.gates.runs.compared import ERRORS, outcome, verdicts

CELL = "a / shopping / native / 32 users"
NOISE = (0.99, 1.0, 1.01, 0.995, 1.005)


def shopping(*, valid: bool = True, rounds: int = 5, **p99s: float) -> tuple[Record, ...]:
    """Rounds of a cell whose names have these p99s and half of them as p50, give or take a percent."""
    made = []
    for repeat, by in enumerate(NOISE[:rounds]):
        one = record(
            "a", "shopping", 1000.0 * by, repeat=repeat, valid=valid, caveats=() if valid else (ERRORS,)
        )
        parts = {
            name: RequestSummary(
                requests=500,
                errors=0 if valid else 3,
                response_ms=Latency(p50=p99 * by / 2, p99=p99 * by),
                throughput_rps=100.0,
            )
            for name, p99 in p99s.items()
        }
        made.append(replace(one, summary=replace(one.summary, by_request=parts)))
    return tuple(made)


def by_name(found: Outcome) -> dict[str, tuple[str, ...]]:
    assert found.by_name is not None
    return {row.entries[0]: row.entries for row in found.by_name.rows}


def named(found: Outcome) -> dict[tuple[str, str], tuple[str | None, bool]]:
    """The changes of names: their verdicts, and whether they stand beside the others."""
    return {
        (one.name.removeprefix(f"{CELL} / "), one.metric): (one.verdict, one.beside)
        for one in found.judgement.changes
        if one.name != CELL
    }


def test_one_name_that_became_slower_fails_though_the_cell_did_not() -> None:
    found = outcome(shopping(items=4.0, cart=8.0), shopping(items=4.0, cart=12.0))
    assert verdicts(found)["a", "throughput"] == "no change"
    assert named(found) == {
        ("items", "p50"): ("no change", True),
        ("items", "p99"): ("no change", True),
        ("cart", "p50"): ("regressed", True),
        ("cart", "p99"): ("regressed", True),
    }
    assert found.status("pass") == 1
    assert by_name(found)["cart"] == (
        *("cart", "4.00", "6.00", "1.50 ×", "8.00", "12.0", "1.50 ×", "100", "100", "1.00 ×"),
        *("0", "0", "regressed"),
    )
    (one,) = (one for one in found.judgement.changes if one.name == f"{CELL} / cart" and one.metric == "p99")
    assert (one.base, one.head, one.ratio) == (8.0, 12.0, pytest.approx(1.5))


def test_a_name_that_became_faster_is_an_improvement() -> None:
    found = outcome(shopping(items=4.0, cart=8.0), shopping(items=4.0, cart=4.0))
    assert named(found)["cart", "p99"] == ("improved", True)
    assert found.status("pass") == 0


def test_a_name_that_is_inconclusive_is_shown_and_not_waited_for() -> None:
    """A single round has no spread."""
    found = outcome(shopping(items=4.0, cart=8.0, rounds=1), shopping(items=4.0, cart=80.0, rounds=1))
    assert named(found) == {}
    assert by_name(found)["cart"][-1] == "inconclusive"


def test_without_an_anchor_nothing_is_concluded_of_a_name() -> None:
    found = outcome(shopping(items=4.0, cart=8.0), shopping(items=4.0, cart=80.0), anchors=((), ()))
    assert named(found) == {}
    assert by_name(found)["cart"][-1] == "inconclusive"


def test_a_name_that_one_side_lacks_is_shown() -> None:
    found = outcome(shopping(items=4.0, cart=8.0), shopping(items=4.0, basket=8.0))
    assert {name for name, _ in named(found)} == {"items"}
    assert (by_name(found)["cart"][-1], by_name(found)["basket"][-1]) == ("only in base", "only in new")


def test_names_of_an_invalid_cell_are_shown_with_their_errors_and_not_judged() -> None:
    found = outcome(shopping(items=4.0, cart=8.0), shopping(items=4.0, cart=80.0, valid=False))
    assert named(found) == {}
    assert by_name(found)["cart"][-3:] == ("0", "15", "–")


def test_a_cell_of_one_name_has_no_table() -> None:
    found = outcome(shopping(items=4.0), shopping(items=40.0))
    assert named(found) == {}
    assert by_name(found) == {}


def test_only_metrics_that_are_asked_for_are_judged() -> None:
    sides = shopping(items=4.0, cart=8.0), shopping(items=4.0, cart=80.0)
    assert {metric for _, metric in named(outcome(*sides, metrics=(P99,)))} == {"p99"}
    assert named(outcome(*sides, metrics=(CPU,))) == {}
