"""The evidence of a cell: failed requests with the end of the log, and neither without errors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from bench.measure.evidence import collect_evidence
from bench.measure.measurement import LoadResult
from bench.model.address import Address
from bench.model.evidence import SeenFailure
from bench.model.plan import Setup
from bench.model.samples import Samples
from bench.serve.server import Server

NONE = np.empty(0, np.int64)
SEEN = SeenFailure(
    kind="timeout", request="GET /", done_ns=2_000_000_000, sent=b"GET / HTTP/1.1", body=b"w0rd-of-setup"
)
SAMPLES = Samples(
    intended_ns=NONE,
    connect_ns=NONE,
    sent_ns=NONE,
    first_ns=NONE,
    done_ns=NONE,
    label=NONE,
    outcome=NONE,
    worker=NONE,
    labels=(),
    outcomes=("ok",),
    start_ns=500_000_000,
    end_ns=1,
)


def load(*failures: SeenFailure, bystander: Samples | None = None) -> LoadResult:
    samples = replace(SAMPLES, failures=failures)
    return LoadResult(
        samples=samples, bystander=bystander, generators=1, others_share=0.0, services_cpu_s=0.0
    )


def server(folder: Path) -> Server:
    log = folder / "server.log"
    log.write_text("".join(f"line {number}\n" for number in range(99)) + "saw w0rd-of-setup\n")
    setup = Setup("mine", "uvicorn", env={"DB_PASSWORD": "w0rd-of-setup"})
    return Server(setup=setup, address=Address("", 0), pid=None, log=log, cpus=(), exit_status=lambda: None)


def test_a_cell_without_errors_has_none(tmp_path: Path) -> None:
    found = collect_evidence(load(), server(tmp_path))
    assert (found.failed, found.server_log) == ((), "")


def test_errors_come_with_the_last_50_lines_of_the_log_and_without_secrets(tmp_path: Path) -> None:
    found = collect_evidence(load(SEEN), server(tmp_path))
    assert [(one.kind, one.at_s, one.body) for one in found.failed] == [("timeout", 1.5, "***")]
    lines = found.server_log.splitlines()
    assert (len(lines), lines[0], lines[-1]) == (50, "line 50", "saw ***")


def test_the_bystanders_are_marked(tmp_path: Path) -> None:
    pings = replace(SAMPLES, start_ns=1_000_000_000, failures=(replace(SEEN, request="GET /ping"),))
    found = collect_evidence(load(SEEN, bystander=pings), server(tmp_path))
    assert [(one.request, one.bystander, one.at_s) for one in found.failed] == [
        ("GET /", False, 1.5),
        ("GET /ping", True, 1.0),
    ]


def test_what_failed_requests_sent_is_masked_in_the_log_and_in_each_others_answers(tmp_path: Path) -> None:
    wrong = replace(
        SEEN, sent=b"POST /login HTTP/1.1\r\n\r\nuser=ann&password=Sommer+2026", body=b"Winter2025"
    )
    ping = replace(SEEN, sent=b"GET /ping HTTP/1.1\r\nCookie: sid=Winter2025", body=b"Sommer 2026")
    pings = replace(SAMPLES, failures=(ping,))
    mine = server(tmp_path)
    with mine.log.open("a") as log:
        log.write("wrong: ann Sommer 2026 Winter2025\n")
    found = collect_evidence(load(wrong, bystander=pings), mine)
    assert [one.body for one in found.failed] == ["***", "***"]
    assert found.server_log.splitlines()[-1] == "wrong: ann *** ***"
