"""Two runs in one table."""

from __future__ import annotations

import pytest

from bench.model.record import Record
from tests.bench.builders import lanes, repeats, run
from tests.bench.gates.runs.compared import compare, outcome, rows


def test_both_runs_side_by_side_with_their_ratios_as_measured() -> None:
    base = (
        *repeats("a", "noop-async", 100, 110, 120, cpu_us=50.0),
        *repeats("b", "noop-async", 100, 110, 120),
        *repeats("gone", "noop-async", 1, 2, 3),
    )
    new = (
        *repeats("a", "noop-async", 50, 55, 60, cpu_us=100.0),
        *repeats("b", "noop-async", 105, 115, 125),
        *repeats("fresh", "noop-async", 1, 2, 3),
    )
    found = outcome(base, new)
    assert found.table.title == "before against after"
    assert [(*row.entries[:5], row.entries[-1]) for row in rows(found)] == [
        ("a", "noop-async", "110", "55.0", "0.50 ×", "regressed"),
        ("b", "noop-async", "110", "115", "1.05 ×", "inconclusive"),
        ("fresh", "noop-async", "–", "2.0", "–", "missing"),
        ("gone", "noop-async", "2.0", "–", "–", "missing"),
    ]
    assert rows(found)[0].entries[8:11] == ("50.0", "100", "2.00 ×")
    assert [row.section for row in rows(found)] == ["native, 32 users"] * 4


def test_an_anchor_is_shown_and_not_judged() -> None:
    some = repeats("a", "noop-async", 100, 100)
    found = outcome(some, some)
    assert [row.entries[-1] for row in found.table.rows] == ["no change", "anchor", "anchor"]
    assert {change.name.split(" / ")[0] for change in found.judgement.changes} == {"a"}


def test_table_and_judgement_carry_the_same_notes() -> None:
    some = repeats("a", "noop-async", 1, 2, 3)
    found = outcome(some, some)
    assert found.table.notes == found.judgement.notes


@pytest.mark.parametrize(
    ("base", "new", "words"),
    [
        pytest.param(True, True, "rotation by rotation", id="slices on both sides"),
        pytest.param(True, False, "whole rounds", id="on one side"),
        pytest.param(False, False, "whole rounds", id="on none"),
    ],
)
def test_the_notes_say_how_cells_and_anchor_meet(base: bool, new: bool, words: str) -> None:
    def side(slices: bool) -> tuple[Record, ...]:
        many = lanes({"anchor": [2000.0] * 4, "a": [1000.0] * 4})
        return many if slices else (*repeats("anchor", "noop-async", 9, 9), *repeats("a", "noop-async", 9, 9))

    found = compare(run(*side(base), name="before"), run(*side(new), name="after"), 0.05, (), ("load",))
    assert sum("Ratios to the anchor" in note or "ratios to it" in note for note in found.table.notes) == 1
    assert any(words in note for note in found.table.notes)
