"""How two measuring processes agree on the size of a block."""

from __future__ import annotations

from pathlib import Path

from bench.inside._fastapi_bench_exact.counting import agree_sessions
from bench.inside._fastapi_bench_exact.job import read_sessions, write_sessions
from tests.bench.inside._fastapi_bench_exact.jobs import job


def test_who_leads_chooses_and_says_so(tmp_path: Path) -> None:
    assert agree_sessions(job(tmp_path, leads=True), {"a": 4, "b": 1}) == {"a": 4, "b": 1}
    assert read_sessions(tmp_path / "agreed") == {"a": 4, "b": 1}


def test_who_follows_chooses_only_what_the_leader_has_not(tmp_path: Path) -> None:
    write_sessions({"a": 4}, tmp_path / "agreed")
    assert agree_sessions(job(tmp_path, leads=False), {"a": 5, "b": 7}) == {"a": 4, "b": 7}
