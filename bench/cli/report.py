"""`bench report`: the report of a run, written again."""

from __future__ import annotations

from bench.cli._options import LATEST, RunFolderPath
from bench.cli._terminal import say, short_path
from bench.measure.store import read_micro, read_run
from bench.report import write


def report(run: RunFolderPath = LATEST) -> None:
    """Write the report of a run again, finished or interrupted."""
    folder = run.resolve()
    say(short_path(write(read_run(folder), folder, read_micro(folder))))
