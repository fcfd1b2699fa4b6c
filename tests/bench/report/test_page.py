from __future__ import annotations

from bench.cli._contents import contents
from bench.model.facts import RunFacts, read_facts
from bench.model.record import Caveat, Failure, Run
from bench.report.page import Page, flat, missing, page, title_facts
from bench.results.results import understand
from tests.bench.builders import facts, record, repeats, run


def page_of(some: Run) -> Page:
    return page(some, contents(understand(some)))


def test_the_title_says_machine_date_plan_duration_and_counts() -> None:
    told = Run("r", read_facts(facts()), (record(), record(repeat=1, valid=False)), (Failure("a", 0, "no"),))
    assert dict(title_facts(told)) == {
        "machine": "AMD EPYC 7B13, 2 cores",
        "date": "2026-11-24 16:20 UTC",
        "plan": "default",
        "duration": "4 min 12 s",
        "records": "1 valid, 1 invalid",
        "failures": "1",
    }


def test_the_title_says_of_a_test_in_locust_who_took_part_and_how() -> None:
    about = "A test in Locust: ping (5 users); 50 sessions/s in all."
    known = read_facts(facts() | {"plan": {"name": "locust", "about": about, "by_hand": True}})
    assert dict(title_facts(Run("r", known, ())))["plan"] == about


def test_facts_with_gaps_leave_out_what_is_not_known() -> None:
    gaps: tuple[dict[str, object], ...] = (
        {},
        {"host": None, "started_at": 3, "plan": []},
        {"started_at": "yesterday", "finished": True},
    )
    for known in gaps:
        assert dict(title_facts(Run("r", read_facts(known), ()))) == {
            "duration": "not finished",
            "records": "0 valid, 0 invalid",
        }


def test_a_short_run_is_told_in_seconds() -> None:
    assert dict(title_facts(Run("r", RunFacts(finished=True, took_s=41.6), ())))["duration"] == "42 s"


def test_tables_without_rows_are_left_out_but_the_summary_stays() -> None:
    assert [table.title for table in page_of(run()).details] == []
    assert page_of(run()).summary.rows == ()
    full = page_of(run(*repeats("a", "noop-async", 1, 2), *repeats("uvicorn-2", "noop-async", 3, 4)))
    assert [table.title for table in full.details] == ["Setups ranked per scenario", "Workers"]


def test_a_code_has_one_mark_in_the_whole_report() -> None:
    told = run(
        record(caveats=(Caveat("steal", "1"),)),
        record("b", caveats=(Caveat("lag", "2"), Caveat("steal", "3"))),
    )
    assert page_of(told).names == {"lag": "a", "steal": "b"}


def test_nested_facts_are_flattened() -> None:
    known = {
        "host": {"cores": 2, "governor": None, "git": {"dirty": False}},
        "cpus": [0, 1],
        "mixed": [{"a": 1}],
        "none": 0.0,
        "e": {},
        "empty": "",
        "args": [],
    }
    assert dict(flat(known)) == {
        "host.cores": "2",
        "host.governor": "unknown",
        "host.git.dirty": "False",
        "cpus": "0, 1",
        "mixed": "a=1",
        "none": "0.0",
    }


def test_a_failure_says_how_much_of_its_round_is_missing() -> None:
    """A server that ended in its second cell, one that never started, and a cell that could not be measured."""
    ended, never, cell = Failure("a", 1, "x"), Failure("b", 1, "x"), Failure("a", 0, "x", "io-async")
    made = run(record("a", repeat=1), record("b", repeat=0))
    assert [missing(one, made) for one in (ended, never, cell)] == [
        "the rest of the round",
        "the whole round",
        "io-async",
    ]
