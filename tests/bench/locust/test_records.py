"""The records of a test: one a scenario, with the requests and users of it, and one of the whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from bench.locust import spool
from bench.locust.records import BY_HAND, LocustTest, ServerSide, make_records, run_facts
from bench.model.facts import read_facts
from bench.model.plan import Stage
from bench.model.record import Caveat, Record
from tests.bench.locust.observed import MINE, SPAN_NS, locust_test, server_side, write_rows


def made(
    folder: Path,
    test: LocustTest,
    rows: Sequence[tuple[str, str, int, str]],
    server: ServerSide | None = None,
) -> list[Record]:
    path = write_rows(folder, "one", rows)
    whole, by_scenario = spool.gather([path], SPAN_NS)
    return list(make_records("a-run", test, server or server_side(), (whole, by_scenario, 1)))


def codes(record: Record) -> set[str]:
    return {caveat.code for caveat in record.caveats}


def test_a_test_of_one_scenario_is_one_record(tmp_path: Path) -> None:
    (record,) = made(tmp_path, locust_test("browse"), [("browse", "GET /", 200, "ok")])
    cell = record.cell
    assert (cell.setup, cell.scenario, cell.engine, cell.load.label) == ("mine", "browse", "locust", "1 user")
    assert cell.load.duration_s == record.measured_s == 10.0
    assert (record.summary.requests, record.summary.throughput_rps) == (200, 20.0)
    assert record.resources.cpu_us_per_request == pytest.approx(2.0 / 200 * 1e6)
    assert [worker.requests for worker in record.resources.workers] == [200]
    assert record.generator.cpu_share == pytest.approx(0.1)
    assert codes(record) == {"few-samples"}


def test_each_scenario_of_a_mixed_test_has_a_record_and_then_the_whole(tmp_path: Path) -> None:
    test = locust_test("browse", "buy")
    rows = [("browse", "GET /", 300, "ok"), ("buy", "GET /", 90, "ok"), ("buy", "pay", 10, "status-500")]
    browse, buy, whole = made(tmp_path, test, rows)
    assert [one.cell.scenario for one in (browse, buy, whole)] == ["browse", "buy", "all-classes"]
    assert [one.cell.load.label for one in (browse, buy, whole)] == ["1 user", "2 users", "3 users"]
    assert [one.summary.requests for one in (browse, buy, whole)] == [300, 100, 400]
    assert {name: one.requests for name, one in buy.summary.by_request.items()} == {"GET /": 90, "pay": 10}
    assert {name: one.requests for name, one in whole.summary.by_request.items()} == {"GET /": 390, "pay": 10}
    assert (browse.valid, buy.valid, whole.valid) == (True, False, False)
    assert browse.resources == buy.resources == whole.resources
    assert whole.resources.cpu_us_per_request == pytest.approx(2.0 / 400 * 1e6)
    assert ["mixed" in codes(one) for one in (browse, buy, whole)] == [True, True, False]
    (mixed,) = (one.text for one in browse.caveats if one.code == "mixed")
    assert "buy (2 users)" in mixed


def test_a_server_that_was_not_seen_is_a_caveat_and_has_no_resources(tmp_path: Path) -> None:
    side = server_side(replace(BY_HAND, address="http://127.0.0.1:8000"))
    (record,) = made(tmp_path, locust_test("browse"), [("browse", "GET /", 200, "ok")], side)
    assert {"server-not-seen", "not-pinned"} <= codes(record)
    assert record.resources.cpu_us_per_request is record.resources.cpu_s is None
    assert record.valid


def test_stages_and_the_caveats_of_the_fleet_are_in_the_record(tmp_path: Path) -> None:
    stages = (Stage(0.0, 1.0, 0.0, 1.0), Stage(1.0, 9.0, 1.0, 1.0))
    test = replace(locust_test("browse"), stages=stages, caveats=(Caveat("rows-missing", "some"),))
    (record,) = made(tmp_path, test, [("browse", "GET /", 200, "ok")])
    assert [(one.t_s, one.requests) for one in record.summary.stages] == [(0.0, 99), (1.0, 101)]
    assert "rows-missing" in codes(record)
    assert not record.valid


def test_a_single_stage_is_none(tmp_path: Path) -> None:
    test = replace(locust_test("browse"), stages=(Stage(0.0, 10.0, 1.0, 1.0),))
    (record,) = made(tmp_path, test, [("browse", "GET /", 200, "ok")])
    assert record.summary.stages == ()


def test_users_who_come_and_go_are_no_drift_and_break_no_law(tmp_path: Path) -> None:
    """400 requests in the first 4 s of 10: a benchmark of one user would have drifted, and been under way less."""
    (record,) = made(tmp_path, locust_test("browse"), [("browse", "GET /", 400, "ok")])
    assert codes(record).isdisjoint({"drift", "littles-law"})


def test_the_facts_of_a_run_name_what_took_part(tmp_path: Path) -> None:
    test = locust_test("browse", "buy", fail_if=("p99>50ms",))
    records = made(tmp_path, test, [("browse", "GET /", 3, "ok"), ("buy", "pay", 2, "ok")])
    known = {"cpus": {"server": [0], "generator": [1], "harness": [1], "quota": None}}
    facts = read_facts(run_facts("a-run", test, MINE, records, known, interrupted=False))
    assert (facts.run, facts.finished, facts.interrupted, facts.took_s) == ("a-run", True, False, 10.0)
    assert (facts.plan.name, facts.plan.cells, facts.plan.fail_if) == ("locust", 3, ("p99>50ms",))
    assert set(facts.plan.scenarios) == {"browse", "buy", "all-classes"}
    assert facts.plan.variant("buy") == ("things", "many")
    assert facts.plan.setup("mine").workers == 1
    assert facts.cpus.server == (0,)
    cut_short = read_facts(run_facts("a-run", test, MINE, records, known, interrupted=True))
    assert (cut_short.finished, cut_short.interrupted) == (False, True)
