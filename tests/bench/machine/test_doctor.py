from __future__ import annotations

import os
from importlib import metadata

from bench.machine.doctor import examine
from bench.system.limits import read_limits


def test_every_question_has_an_answer_and_every_worry_an_advice() -> None:
    findings = {finding.subject: finding for finding in examine()}
    tracked = ["conntrack"] if read_limits().conntrack is not None else []
    asked = ["machine", "pinning", "other work", "steal", "open files", "ports", *tracked]
    servers = [
        "uvicorn",
        "gunicorn",
        "granian",
        "hypercorn",
        "uvloop",
        "httptools",
        "uvicorn-worker",
        "locust",
    ]
    assert list(findings) == asked + servers
    assert all(finding.seen for finding in findings.values())
    assert all(finding.advice for finding in findings.values() if not finding.well)
    assert f"{os.cpu_count()} cores" in findings["machine"].seen
    assert {findings[name].seen for name in servers} == {metadata.version(name) for name in servers}


def test_pinning_is_well_where_there_are_two_cpus() -> None:
    found = next(finding for finding in examine() if finding.subject == "pinning")
    assert found.well == (len(os.sched_getaffinity(0)) >= 2)
