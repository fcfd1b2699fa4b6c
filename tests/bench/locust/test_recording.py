"""Every request of a test has a row, to the last one: the record's counts are those of a server that counts itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.measure.store import read_run
from bench.model.record import Record
from tests.bench.locust.by_hand import ByHand, Outcome


def records(by_hand: ByHand) -> list[Record]:
    (folder,) = (path for path in (by_hand.folder / "reports").iterdir() if not path.is_symlink())
    return list(read_run(folder).records)


def recorded(by_hand: ByHand, *arguments: str) -> tuple[Outcome, list[Record]]:
    outcome = by_hand.run(*arguments, "--bench-report")
    return outcome, records(by_hand)


@pytest.mark.parametrize("processes", [(), ("--processes", "2")], ids=["one process", "two workers"])
def test_the_counts_are_those_of_the_server_after_the_stop(
    processes: tuple[str, ...], by_hand: ByHand
) -> None:
    """An answer of /slow takes a quarter of a second, so four of them are on their way at any moment."""
    outcome, (record,) = recorded(by_hand, "SlowUser", "-u", "4", "-r", "4", "--run-time", "4s", *processes)
    seen = by_hand.peer.seen["/slow"]
    summary = record.summary
    assert summary.requests == summary.answered == outcome.entries["/slow"]["num_requests"] == seen > 0
    assert (summary.errors, summary.by_request["GET /slow"].requests) == (0, seen)
    assert (record.cell.scenario, record.cell.load.label) == ("slow", "4 users")
    assert (summary.response_ms.p50 or 0) >= 250
    assert 0 < record.generator.cpu_share < 1


def test_a_server_that_drops_half_of_the_requests_fails_half_of_the_record(by_hand: ByHand) -> None:
    _, (record,) = recorded(by_hand, "HalfUser")
    seen = by_hand.peer.seen["/half"]
    assert (record.summary.requests, record.summary.errors) == (seen, seen // 2)
    assert not record.valid
    assert record.failed


def test_several_classes_are_a_record_each_and_one_of_the_whole(by_hand: ByHand) -> None:
    _, (ok, slow, whole) = recorded(by_hand, "OkUser", "SlowUser", "-u", "4", "-r", "4")
    assert [one.cell.scenario for one in (ok, slow, whole)] == ["ok", "slow", "all-classes"]
    assert [one.cell.load.label for one in (ok, slow, whole)] == ["2 users", "2 users", "4 users"]
    seen = by_hand.peer.seen
    assert ok.summary.requests == seen["/ok"]
    assert slow.summary.requests == seen["/slow"]
    assert whole.summary.requests == seen["/ok"] + seen["/slow"]


def test_a_worker_of_the_server_is_known_by_its_answers(by_hand: ByHand) -> None:
    """Our peer names one in each answer; by hand nobody knows that process, so that no figure comes of it."""
    _, (record,) = recorded(by_hand, "OkUser")
    assert record.resources.workers == ()
    assert "server-not-seen" in {caveat.code for caveat in record.caveats}


def test_times_of_a_session_that_was_due_run_from_then(by_hand: ByHand) -> None:
    """Each user starts a session every tenth of a second, but an answer takes a quarter: each starts later than due."""
    _, (record,) = recorded(by_hand, "SlowUser", "--pace", "0.1")
    summary = record.summary
    assert (summary.lag_ms.max or 0) > 300
    assert (summary.response_ms.max or 0) > (summary.service_ms.max or 0) + 300


def test_without_the_option_nothing_is_recorded(by_hand: ByHand) -> None:
    by_hand.run("OkUser")
    assert not (by_hand.folder / "reports").exists()


def test_locusts_own_json_stays_json(by_hand: ByHand, tmp_path: Path) -> None:
    outcome, _ = recorded(by_hand, "OkUser")
    assert "/ok" in outcome.entries
    assert "run: reports/" in outcome.said
    facts = json.loads(next((tmp_path / "reports").glob("*/run.json")).read_text())
    assert facts["plan"]["name"] == "locust"
