"""The end of `bench run`: a server with two endpoints, limits on either, and what the exit status says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.program import MINE, bench

TWO = """
from scenarios.model import Request, Scenario

sessions = 0

def shopping(rng):
    global sessions
    sessions += 1
    yield Request("GET", "/items")
    yield Request("GET", "/missing", name="find", expect=404 if sessions > 9 else 200)  # it answers 200

def browsing(rng):
    yield Request("GET", "/items")
    yield Request("GET", "/more")

SCENARIOS = {flow.__name__: Scenario(flow.__name__, flow) for flow in (shopping, browsing)}
"""
QUICK = ("run", "tiny", *MINE[:2], "--scenarios", "two.py", *MINE[4:], "--rounds", "1", "--out", "out")


@pytest.fixture(autouse=True)
def two(folder: Path) -> None:
    (folder / "two.py").write_text(TWO)


def verdicts(folder: Path) -> dict[str, str]:
    found = json.loads((folder / "out" / "results.json").read_text())["thresholds"]
    return {one["threshold"]: one["verdict"] for one in found}


def test_requests_by_name_are_shown_and_limits_that_are_kept_pass(folder: Path) -> None:
    limits = ("--fail-if", "p99>20s", "--fail-if", "browsing/GET /more: errors>0")
    done = bench(*QUICK, "--scenario", "browsing", *limits, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "Requests by name" in done.stdout
    assert "GET /more" in done.stdout
    assert "passed: 2 of 2 limits" in done.stdout
    assert set(verdicts(folder).values()) == {"passed"}
    assert (folder / "out" / "junit.xml").exists()
    page = (folder / "out" / "report.md").read_text()
    assert "## Thresholds" in page
    assert "## Requests by name" in page


def test_a_limit_that_is_met_is_exit_status_1(folder: Path) -> None:
    limits = ("--fail-if", "browsing/GET /more: p50>1us", "--fail-if", "rps<1")
    done = bench(*QUICK, "--scenario", "browsing", "--json", *limits, cwd=folder)
    assert done.returncode == 1
    assert verdicts(folder) == {"browsing/GET /more: p50>1us": "failed", "rps<1": "passed"}
    assert [json.loads(line)["cell"]["scenario"] for line in done.stdout.splitlines()] == ["browsing"]
    assert "failed: browsing/GET /more: p50>1us: plain / browsing" in done.stderr


@pytest.mark.parametrize("limit", ["browsin: p99>1s", "browsing/GET /mor: p99>1s", "p99<1s", "p98>1s"])
def test_a_limit_that_makes_no_sense_is_refused_before_the_run(folder: Path, limit: str) -> None:
    done = bench(*QUICK, "--scenario", "browsing", "--fail-if", limit, cwd=folder)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert not (folder / "out").exists()


def test_failed_requests_and_the_log_are_kept_and_shown(folder: Path) -> None:
    done = bench(*QUICK, "--scenario", "shopping", "--log", cwd=folder)
    assert "error: status-200: " in done.stdout
    (record,) = map(json.loads, (folder / "out" / "records.jsonl").read_text().splitlines())
    failed = record["failed"]
    assert {(one["kind"], one["request"], one["status"], one["body"]) for one in failed} == {
        ("status-200", "find", 200, "hello")
    }
    assert len(failed) == 3
    assert all(one["sent"].startswith("GET /missing HTTP/1.1\nHost: ") for one in failed)
    assert "/missing" in record["server_log"].splitlines()
    assert len(record["server_log"].splitlines()) == 50
    (log,) = (folder / "out" / "logs").iterdir()
    assert log.name == "plain-round-1.log"
    assert len(log.read_text().splitlines()) > 50
    for name in ("report.html", "report.md"):
        page = (folder / "out" / name).read_text()
        assert "GET /missing HTTP/1.1" in page
        assert "The end of the log of plain" in page


def test_a_misspelt_name_of_a_flow_that_reads_answers_never_passes(folder: Path) -> None:
    reading = """
    answer = yield Request("GET", "/items")
    yield Request("GET", "/" + answer.body[:5].decode("utf-8") + str(answer.body.index(b"h")), name="GET /{word}")
"""
    (folder / "two.py").write_text(TWO.replace("\ndef browsing(rng):\n", f"\ndef browsing(rng):{reading}"))
    done = bench(*QUICK, "--scenario", "browsing", "--fail-if", "browsing/GET /{wrod}: p99>1s", cwd=folder)
    assert done.returncode == 1, done.stderr
    assert verdicts(folder) == {"browsing/GET /{wrod}: p99>1s": "undecided"}
