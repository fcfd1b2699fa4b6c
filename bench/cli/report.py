"""`bench report`: the report of a run, written again, or its verdicts as JSON."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from bench.cli._contents import contents
from bench.cli._ending import note_undrawn
from bench.cli._options import LATEST, RunFolderPath
from bench.cli._terminal import say, short_path
from bench.cli._thresholds import write_thresholds
from bench.measure.store import read_micro, read_run
from bench.report import write
from bench.report.results_file import render_results
from bench.results.results import understand


def report(
    run: RunFolderPath = LATEST,
    form: Annotated[
        Literal["html", "json"],
        typer.Option("--format", metavar="html|json", help="json: print results.json alone, write nothing."),
    ] = "html",
) -> None:
    """Write the report of a run again, finished or interrupted.

    A run with limits gets its junit.xml again, too.
    """
    folder = run.resolve()
    source = read_run(folder)
    results = understand(source, read_micro(folder))
    shown = contents(results)
    if form == "json":
        say(render_results(shown.verdicts).rstrip("\n"))
        return
    written = write(source, shown, folder)
    write_thresholds(results, folder)
    note_undrawn()
    say(short_path(written))
