"""Runs of tests by the form and without it: one for each, with stages and a verdict that is the exit status."""

from __future__ import annotations

import http.client
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from bench.measure.store import read_run
from bench.model.record import Run
from tests.bench.locust.by_hand import ByHand
from tests.bench.program import bench, poll


def runs(folder: Path) -> list[Run]:
    found = sorted(path for path in (folder / "reports").glob("*") if not path.is_symlink())
    return [
        read_run(path) for path in found if (path / "failures.jsonl").exists() or (path / "run.json").exists()
    ]


def ask(url: str, method: str, path: str, **form: object) -> Any:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, path, urlencode(form), headers)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body
        return body if answer.headers.get_content_type() != "application/json" else json.loads(body)
    finally:
        connection.close()


def live(url: str, holds: Callable[[Any], bool]) -> Any:
    """The live figures, once they are so."""

    def look() -> Any:
        found = ask(url, "GET", "/bench/live")
        return found if holds(found) else None

    return poll(look, 60.0)


def test_each_test_that_the_form_starts_is_a_run_with_a_report(by_hand: ByHand) -> None:
    with by_hand.page("SlowUser", "--bench-report") as url:
        for number in (1, 2):
            ask(url, "POST", "/swarm", user_count=2 * number, spawn_rate=4, user_classes="SlowUser")
            live(url, lambda found: len(found["points"]) > 1)
            ask(url, "POST", "/stop")
            shown = live(url, lambda found: len([one for one in found["runs"] if one["report"]]) == number)  # noqa: B023
            report = shown["runs"][-1]["report"]
            assert b"slow" in ask(url, "GET", report.removeprefix("."))
        page = ask(url, "GET", "/").decode()
    first, second = runs(by_hand.folder)
    total = sum(record.summary.requests for run in (first, second) for record in run.records)
    assert total == by_hand.peer.seen["/slow"]
    assert [run.records[0].cell.load.label for run in (first, second)] == ["2 users", "4 users"]
    assert f"bench/runs/{first.name}/report.html" in page


def test_a_pause_that_is_changed_while_it_runs_is_a_caveat_and_more_users_are_none(by_hand: ByHand) -> None:
    start: dict[str, object] = {"user_count": 2, "spawn_rate": 4, "user_classes": "OkUser", "think": "0.5"}
    changes: tuple[dict[str, object], ...] = ({"user_count": 3}, {"think": "0.1"})
    with by_hand.page("OkUser", "--bench-report") as url:
        for number, change in enumerate(changes, 1):
            ask(url, "POST", "/swarm", **start)
            live(url, lambda found: len(found["points"]) > 1)
            ask(url, "POST", "/swarm", **(start | change))
            ask(url, "POST", "/stop")
            live(url, lambda found: len(found["runs"]) == number)  # noqa: B023
    codes = [{caveat.code for caveat in run.records[0].caveats} for run in runs(by_hand.folder)]
    assert ["changed" in one for one in codes] == [False, True]


def test_a_file_that_is_not_of_a_run_of_this_session_is_not_served(by_hand: ByHand) -> None:
    with by_hand.page("OkUser", "--bench-report") as url:
        for path in ("/bench/runs/20260101-000000-locust/run.json", "/bench/runs/../mine.py"):
            with pytest.raises(AssertionError):
                ask(url, "GET", path)


VERDICTS = {"errors<1%": 0, "p99<1ms": 1}


@pytest.mark.parametrize(("objective", "status"), VERDICTS.items())
def test_the_verdict_on_the_objectives_is_the_exit_status(
    objective: str, status: int, by_hand: ByHand
) -> None:
    outcome = by_hand.run("SlowUser", "--bench-report", "--slo", objective)
    assert outcome.status == status
    (run,) = runs(by_hand.folder)
    limit = objective.replace("<", ">")
    assert limit in run.facts.plan.fail_if
    assert f"{'failed' if status else 'passed'}: {limit}: by-hand / slow" in outcome.said
    junit = (by_hand.folder / "reports" / run.name / "junit.xml").read_text()
    assert f'failures="{status}"' in junit


def test_the_stages_of_a_test_are_in_its_record(by_hand: ByHand) -> None:
    by_hand.run("SlowUser", "--bench-report", "-u", "4", "-r", "2", "--run-time", "4s")
    (run,) = runs(by_hand.folder)
    ramp, steady = run.records[0].summary.stages
    assert ramp.t_s == 0.0
    assert 1.0 <= steady.t_s < 3.5
    assert steady.level == 4.0
    assert ramp.requests + steady.requests == run.records[0].summary.requests


def test_a_run_is_taken_by_report_compare_and_export(by_hand: ByHand) -> None:
    for _ in range(2):
        by_hand.run("SlowUser", "--bench-report")
    base, head = (f"reports/{run.name}" for run in runs(by_hand.folder))
    assert bench("report", base, cwd=by_hand.folder).returncode == 0
    compared = bench("compare", base, head, cwd=by_hand.folder)
    assert "by-hand / slow" in compared.stdout, compared.stderr
    assert "duration_s" in compared.stdout
    by_hand.run("SlowUser", "--bench-report", "-u", "3")
    other = f"reports/{runs(by_hand.folder)[-1].name}"
    refused = bench("compare", base, other, cwd=by_hand.folder)
    assert refused.returncode == 2
    assert "slow (2 users)" in refused.stderr
    assert "slow (3 users)" in refused.stderr
    exported = bench("export", head, "--to", "csv", cwd=by_hand.folder)
    assert "slow" in exported.stdout, exported.stderr


def test_a_locust_that_is_killed_leaves_a_run_that_was_interrupted(by_hand: ByHand) -> None:
    """Its rows are lost with it, as it could not say what they mean; the run says that, and nothing is left behind."""
    arguments = ("OkUser", "--bench-report", "--headless", "-u", "1", "-r", "1")
    with subprocess.Popen(
        by_hand.command(*arguments),
        env=by_hand.env,
        cwd=by_hand.folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as child:
        poll(lambda: by_hand.peer.seen["/ok"] > 10)
        child.kill()
    (run,) = poll(lambda: [one for one in runs(by_hand.folder) if one.failures], 90.0)
    assert run.facts.interrupted
    (failure,) = run.failures
    assert run.records == ()
    assert "did not come to its end" in failure.error
