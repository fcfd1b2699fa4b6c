"""A test becomes a run: its folder, its records, its verdict, and what was lost on the way."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import pytest

from bench.errors import EngineError
from bench.locust.conclusion import Conclusion, conclude, draw, new_folder
from bench.locust.spool import sample_path
from bench.measure.store import read_run
from bench.model.evidence import SeenFailure, write_failures
from bench.model.samples import SampleFile
from tests.bench.locust.observed import SPAN_NS, locust_test, server_side, write_rows

FACTS = {"cpus": {"server": [0], "generator": [1], "harness": [1], "quota": None}}


def concluded(
    folder: Path,
    *fail_if: str,
    interrupted: bool = False,
    log: Path | None = None,
    closed_within_s: float = 30.0,
) -> Conclusion:
    return conclude(
        locust_test("browse", fail_if=fail_if),
        server_side(),
        (folder, 1),
        folder=folder / "reports" / "a-run",
        log=log,
        facts=FACTS,
        interrupted=interrupted,
        closed_within_s=closed_within_s,
    )


def test_the_rows_of_all_processes_are_in_the_run_and_no_longer_in_the_spool(tmp_path: Path) -> None:
    write_rows(tmp_path, "one", [("browse", "GET /", 100, "ok")])
    write_rows(tmp_path, "two", [("browse", "GET /", 50, "ok")])
    other = write_rows(tmp_path, "one", [("browse", "GET /", 7, "ok")], run=2)
    found = concluded(tmp_path)
    run = read_run(found.folder)
    assert (found.run, found.requests, found.verdict, found.is_valid) == ("a-run", 150, "none", True)
    assert [record.summary.requests for record in run.records] == [150]
    assert run.facts.finished
    assert (tmp_path / "reports" / "latest").resolve() == found.folder
    assert sorted(path.name for path in tmp_path.glob("*.samples")) == [other.name]


def test_a_process_without_rows_is_no_generator_that_was_half_idle(tmp_path: Path) -> None:
    """Of native users Locust's own process makes none: the second took 1 s of CPU, and so did the first."""
    write_rows(tmp_path, "one", [("browse", "GET /", 100, "ok")])
    write_rows(tmp_path, "two", [])
    (record,) = read_run(concluded(tmp_path).folder).records
    assert record.generator.cpu_share == pytest.approx(0.2)


def test_a_request_that_was_answered_after_the_stop_counts(tmp_path: Path) -> None:
    """Of 1,100 requests 10 ms apart the last hundred ended after the ten seconds of the test."""
    write_rows(tmp_path, "one", [("browse", "GET /", 1100, "ok")])
    found = concluded(tmp_path)
    (record,) = read_run(found.folder).records
    assert (found.requests, record.summary.answered) == (1100, 1100)
    assert record.measured_s == pytest.approx(11.005, abs=1e-6)
    assert SPAN_NS[1] - SPAN_NS[0] == 10_000_000_000


@pytest.mark.parametrize(
    ("limit", "verdict"), [("p99>50ms", "passed"), ("p99>1ms", "failed"), ("rps<1000", "failed")]
)
def test_objectives_have_a_verdict(limit: str, verdict: str, tmp_path: Path) -> None:
    write_rows(tmp_path, "one", [("browse", "GET /", 500, "ok")])
    found = concluded(tmp_path, limit)
    assert found.verdict == verdict
    (line,) = found.lines
    assert line.startswith(f"{verdict}: {limit}: mine / browse")


def test_failed_requests_leave_the_objective_undecided_which_is_no_pass(tmp_path: Path) -> None:
    write_rows(tmp_path, "one", [("browse", "GET /", 99, "ok"), ("browse", "GET /", 1, "status-500")])
    found = concluded(tmp_path, "p99>50ms")
    assert (found.verdict, found.is_valid) == ("failed", False)
    assert "errors" in found.codes


def test_a_process_that_did_not_come_to_its_end_is_named_with_what_it_made(tmp_path: Path) -> None:
    write_rows(tmp_path, "one", [("browse", "GET /", 100, "ok")])
    write_rows(tmp_path, "killed", [("browse", "GET /", 42, "ok")], closes=False)
    found = concluded(tmp_path, closed_within_s=0.1)
    (record,) = read_run(found.folder).records
    (text,) = (one.text for one in record.caveats if one.code == "rows-missing")
    assert "killed" in text
    assert "42" in text
    assert (record.summary.requests, found.is_valid) == (100, False)


def test_a_process_that_still_writes_is_waited_for(tmp_path: Path) -> None:
    file = SampleFile(sample_path(tmp_path, 1, "slow"))
    closing = threading.Timer(0.3, lambda: file.close(start_ns=0, end_ns=0, shed=0, cpu_s=0.0))
    closing.start()
    assert "rows-missing" not in concluded(tmp_path).codes
    closing.join()


def test_a_test_without_a_request_is_a_failure(tmp_path: Path) -> None:
    found = concluded(tmp_path)
    run = read_run(found.folder)
    assert (run.records, found.requests, found.is_valid) == ((), 0, False)
    assert [one.error for one in run.failures] == ["no request was made in this test"]


def test_failures_are_kept_with_the_end_of_the_log_and_without_secrets(tmp_path: Path) -> None:
    path = write_rows(tmp_path, "one", [("browse", "GET /", 9, "ok"), ("browse", "GET /", 1, "status-500")])
    sent = b"GET / HTTP/1.1\r\nAuthorization: Bearer canary-two\r\n\r\n"
    failure = SeenFailure(kind="status-500", request="GET /", done_ns=SPAN_NS[0] + 1, sent=sent, status=500)
    write_failures(path.with_suffix(".errors"), [failure])
    log = tmp_path / "server.log"
    log.write_text("it broke with canary-one and canary-two\n")
    found = concluded(tmp_path, log=log)
    (record,) = read_run(found.folder).records
    assert [one.kind for one in record.failed] == ["status-500"]
    assert "it broke" in record.server_log
    assert "canary" not in (found.folder / "records.jsonl").read_text()


def test_a_test_that_was_cut_short_says_so(tmp_path: Path) -> None:
    write_rows(tmp_path, "one", [("browse", "GET /", 100, "ok")])
    facts = json.loads((concluded(tmp_path, interrupted=True).folder / "run.json").read_text())
    assert (facts["interrupted"], facts["finished"]) == (True, False)


def test_two_tests_of_one_second_have_folders_of_their_own(tmp_path: Path) -> None:
    folders = []
    for _ in range(3):
        folders.append(new_folder(tmp_path))
        folders[-1].mkdir()
    assert len(set(folders)) == 3


def test_a_report_that_cannot_be_drawn_is_an_error_that_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"bench report .*nowhere"):
        draw(tmp_path / "nowhere")


def test_a_report_is_drawn_with_the_limits_as_test_cases(tmp_path: Path) -> None:
    write_rows(tmp_path, "one", [("browse", "GET /", 500, "ok")])
    found = concluded(tmp_path, "p99>1ms")
    draw(found.folder)
    assert "browse" in (found.folder / "report.html").read_text()
    assert 'failures="1"' in (found.folder / "junit.xml").read_text()
