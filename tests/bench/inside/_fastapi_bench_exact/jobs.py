"""A job for a measuring process, made up."""

from __future__ import annotations

from pathlib import Path

from bench.inside._fastapi_bench_exact.job import CountingJob


def job(folder: Path, *, leads: bool) -> CountingJob:
    return CountingJob(
        tree=folder / "service",
        root=folder,
        here=folder / "elsewhere",
        home=folder / "home",
        imports=(folder / "src", folder),
        last=(folder / "home",),
        foreign=(folder / "other",),
        app="my_app:app",
        interface="asgi",
        lifespan="auto",
        root_path="",
        loop="uvloop",
        scenarios=("a", "b"),
        scenarios_file=folder / "mine.py",
        answer=folder / "answer",
        parts=folder / "part",
        agreed=folder / "agreed",
        leads=leads,
    )
