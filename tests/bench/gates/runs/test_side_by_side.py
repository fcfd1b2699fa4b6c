"""Two runs in one table."""

from __future__ import annotations

from tests.bench.builders import repeats
from tests.bench.gates.runs.compared import (
    outcome,
    rows,
)


def test_both_runs_side_by_side_with_a_tilde_where_repeats_overlap() -> None:
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
        ("b", "noop-async", "110", "115", "~", "inconclusive"),
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
