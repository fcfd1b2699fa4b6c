"""The record of a fleet's test: requests of all machines, on the master's clock."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from bench.measure.store import read_run
from bench.model.record import Record
from bench.system.waiting import wait_until
from tests.bench.locust.fleets import TELLER, USERS, WORKERS, Fleet, Outcome
from tests.bench.locust.networks import clock_ahead, missing, network

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """One worker has clocks of its own, 30 s and 5000 s ahead: it sends its rows; the others write to one disk."""
    folder = tmp_path_factory.mktemp("recorded")
    with network(2 + WORKERS) as hosts, contextlib.ExitStack() as stack:
        fleet = Fleet(hosts, folder, TELLER)
        with fleet.serving():
            stack.enter_context(fleet.worker(0, monotonic_s=5000, env=clock_ahead(folder / "ahead", 30)))
            for number in range(1, WORKERS):
                stack.enter_context(fleet.worker(number))
            master = stack.enter_context(fleet.lead("4s", "--bench-report"))
            status = master.wait(120)
    return fleet.outcome(status, fleet.workers)


@pytest.fixture(scope="module")
def record(outcome: Outcome) -> Record:
    found = [path for path in (outcome.folder / "reports").iterdir() if not path.is_symlink()]
    assert len(found) == 1, outcome.log
    (record,) = read_run(found[0]).records
    return record


def test_the_record_has_every_request_that_the_server_counted(outcome: Outcome, record: Record) -> None:
    assert outcome.status == 0, outcome.log
    assert record.summary.requests == sum(outcome.counts.values()) == outcome.told["requests"]
    assert record.summary.errors == record.summary.unfinished == 0
    assert record.cell.load.duration_s == pytest.approx(4, abs=1.5)


def test_its_percentiles_are_those_that_locust_shows(outcome: Outcome, record: Record) -> None:
    shown, pooled = outcome.told["percentiles"], record.summary.response_ms
    for text, mine in (("0.5", pooled.p50), ("0.9", pooled.p90), ("0.99", pooled.p99)):
        assert shown[text] == pytest.approx(mine, rel=0.001)


def test_it_has_a_line_for_each_generator_and_the_doubts(outcome: Outcome, record: Record) -> None:
    assert sorted(one.requests for one in record.fleet) == sorted(outcome.counts.values())
    assert {one.users for one in record.fleet} == {USERS // WORKERS}
    sent = [one for one in record.fleet if one.rows is not None]
    assert [one.rows for one in sent] == [outcome.counts[outcome.hosts[0].address]]
    assert "clock-skew" in {one.code for one in record.caveats}
    assert "worker-lost" not in {one.code for one in record.caveats}


def test_a_worker_that_is_killed_makes_the_record_invalid(tmp_path: Path) -> None:
    with network(2 + WORKERS) as hosts, contextlib.ExitStack() as stack:
        fleet = Fleet(hosts, tmp_path, TELLER)
        with fleet.serving():
            children = [stack.enter_context(fleet.worker(number)) for number in range(WORKERS)]
            master = stack.enter_context(fleet.lead("8s", "--bench-report"))
            assert wait_until(lambda: "All users spawned" in fleet.log("master"), 60), fleet.log("master")
            assert not wait_until(lambda: master.poll() is not None, 2)
            os.killpg(children[1].pid, 9)
            status = master.wait(120)
    outcome = fleet.outcome(status, fleet.workers)
    (path,) = [one for one in (tmp_path / "reports").iterdir() if not one.is_symlink()]
    (record,) = read_run(path).records
    (lost,) = [one for one in record.fleet if one.is_lost]
    assert (status, record.valid) == (1, False)
    assert "worker-lost" in {one.code for one in record.caveats}
    assert 0 < lost.requests <= outcome.counts[fleet.workers[1].address]
    report = (path / "report.html").read_text()
    assert f"{lost.name} (lost)" in report
