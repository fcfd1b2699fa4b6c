"""Runs made up for tests, kept in a folder as `bench run` keeps its own."""

from __future__ import annotations

from pathlib import Path

from bench.measure.store import RunFolder
from bench.model.record import Run


def keep(run: Run, folder: Path) -> Path:
    """Write a run into a folder of its name."""
    kept = RunFolder(folder / run.name, run.facts.source)
    for record in run.records:
        kept.add(record)
    for failure in run.failures:
        kept.add_failure(failure)
    return kept.path
