from __future__ import annotations

import pytest

from bench.model.record import Caveat
from bench.results import tables
from bench.results.cells import twins
from bench.results.results import RunKind, say_notes_once, understand
from tests.bench.builders import record, repeats, results, run


@pytest.mark.parametrize(
    ("facts", "kind"),
    [({}, "ordinary"), ({"capacity": {"setup": "a"}}, "capacity"), ({"scaling": {"setup": "a"}}, "scaling")],
    ids=str,
)
def test_the_facts_say_which_kind_of_run_it_is(facts: dict[str, object], kind: RunKind) -> None:
    assert understand(run(**facts)).kind == kind  # type: ignore[arg-type]


def test_a_run_is_gathered_by_cell_and_keeps_every_caveat() -> None:
    made = run(*repeats("a", "noop-async", 1, 2, caveats=(UNCHECKED,)), record("b", caveats=(UNCHECKED,)))
    found = understand(made)
    assert [(cell.setup, len(cell.records), cell.codes) for cell in found.cells] == [
        ("a", 2, ("unchecked",)),
        ("b", 1, ("unchecked",)),
    ]
    assert (found.run, found.records, found.notes) == (made, made.records, ())


def test_notes_that_are_said_once_leave_the_run_as_it_was_stored() -> None:
    made = run(record(caveats=(UNCHECKED,)), record("b", caveats=(UNCHECKED,)))
    told = say_notes_once(understand(made))
    assert [cell.codes for cell in told.cells] == [(), ()]
    assert [record.caveats for record in told.records] == [(), ()]
    assert told.notes == (f"In every cell, unchecked: {UNCHECKED.text}.",)
    assert told.run == made


UNCHECKED = Caveat("unchecked", "GET / has no check: only its status was looked at")


def test_a_note_that_every_cell_carries_is_said_once() -> None:
    table = tables.summary(
        results(
            record(caveats=(UNCHECKED,)),
            record(repeat=1, caveats=(Caveat("lag", "1 ms"), UNCHECKED)),
            record("b", caveats=(UNCHECKED,)),
        )
    )
    assert [(row.entries[0], row.codes) for row in table.rows] == [("b", ()), ("uvicorn", ("lag",))]
    assert [note for note in table.notes if "unchecked" in note] == [
        f"In every cell, unchecked: {UNCHECKED.text}."
    ]


def test_a_note_that_some_cells_carry_stays_with_them() -> None:
    table = tables.summary(results(record("a", throughput=2000, caveats=(UNCHECKED,)), record("b")))
    assert [row.codes for row in table.rows] == [("unchecked",), ()]
    assert not [note for note in table.notes if "unchecked" in note]


def test_a_doubt_that_every_cell_carries_stays_with_each() -> None:
    lag = Caveat("lag", "1 ms")
    table = tables.summary(results(record("a", caveats=(lag,)), record("b", caveats=(lag,))))
    assert [row.codes for row in table.rows] == [("lag",), ("lag",)]


def test_of_several_texts_of_one_note_its_code_is_said() -> None:
    other = Caveat("unchecked", "GET /other has no check")
    table = tables.summary(results(record("a", caveats=(UNCHECKED,)), record("b", caveats=(other,))))
    assert [note for note in table.notes if "unchecked" in note] == ["In every cell, unchecked."]


def test_twins_are_those_of_one_group_whatever_they_are_called() -> None:
    plan = {"variants": {"old-way": ["checkout", "sync"], "new-way": ["checkout", "async"]}}
    made = run(record(scenario="old-way"), record(scenario="new-way"), plan=plan)
    (found,) = twins(understand(made).cells)
    assert [(cell.scenario, cell.group, cell.variant) for cell in found] == [
        ("new-way", "checkout", "async"),
        ("old-way", "checkout", "sync"),
    ]
