"""A job reaches the measuring process as it was written."""

from __future__ import annotations

from pathlib import Path

from bench.inside._fastapi_bench_exact.job import read_job
from tests.bench.inside._fastapi_bench_exact.jobs import job


def test_a_job_is_read_as_it_was_written(tmp_path: Path) -> None:
    told = job(tmp_path, leads=True)
    told.write(tmp_path / "job")
    assert read_job(tmp_path / "job") == told
