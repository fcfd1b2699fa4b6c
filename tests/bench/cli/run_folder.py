"""Made-up runs, written to a folder as `bench run` writes its own."""

from __future__ import annotations

from pathlib import Path

from bench.measure.store import RunFolder
from bench.model.record import Run


def keep(run: Run, folder: Path) -> Path:
    """Write a run into a folder of its name."""
    written = RunFolder(folder / run.name, run.facts.source)
    for record in run.records:
        written.add(record)
    for failure in run.failures:
        written.add_failure(failure)
    return written.path
