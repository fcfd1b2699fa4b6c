"""A job for a measuring process, made up."""

from __future__ import annotations

from pathlib import Path

from bench.gates.exact.job import CountingJob


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
