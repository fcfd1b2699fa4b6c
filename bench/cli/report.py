"""`bench report`: the report of a run, written again."""

from __future__ import annotations

from bench.cli._contents import contents
from bench.cli._options import LATEST, RunFolderPath
from bench.cli._terminal import say, short_path
from bench.measure.store import read_micro, read_run
from bench.report import write
from bench.results.results import understand


def report(run: RunFolderPath = LATEST) -> None:
    """Write the report of a run again, finished or interrupted."""
    folder = run.resolve()
    source = read_run(folder)
    page = write(source, contents(understand(source, read_micro(folder))), folder)
    say(short_path(page))
