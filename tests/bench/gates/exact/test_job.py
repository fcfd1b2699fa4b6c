"""What a measuring process is told, and how two of them agree on the size of a block."""

from __future__ import annotations

from pathlib import Path

from bench.gates.exact.counting import agree_sessions
from bench.gates.exact.job import CountingJob, read_job, read_sessions, write_sessions


def job(folder: Path, *, leads: bool) -> CountingJob:
    return CountingJob(
        tree=folder / "service",
        root=folder,
        here=folder / "elsewhere",
        imports=(folder / "src", folder),
        foreign=(folder / "other",),
        app="my_app:app",
        loop="uvloop",
        scenarios=("a", "b"),
        scenarios_file=folder / "mine.py",
        answer=folder / "answer",
        parts=folder / "part",
        agreed=folder / "agreed",
        leads=leads,
    )


def test_a_job_is_read_as_it_was_written(tmp_path: Path) -> None:
    told = job(tmp_path, leads=True)
    told.write(tmp_path / "job")
    assert read_job(tmp_path / "job") == told


def test_who_leads_chooses_and_says_so(tmp_path: Path) -> None:
    assert agree_sessions(job(tmp_path, leads=True), {"a": 4, "b": 1}) == {"a": 4, "b": 1}
    assert read_sessions(tmp_path / "agreed") == {"a": 4, "b": 1}


def test_who_follows_chooses_only_what_the_leader_has_not(tmp_path: Path) -> None:
    write_sessions({"a": 4}, tmp_path / "agreed")
    assert agree_sessions(job(tmp_path, leads=False), {"a": 5, "b": 7}) == {"a": 4, "b": 7}
