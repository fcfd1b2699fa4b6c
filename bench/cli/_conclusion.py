"""The end of `bench run`: the report, the result on the terminal, and the exit status."""

from __future__ import annotations

from pathlib import Path

from bench.cli._contents import contents
from bench.cli._ending import exit_status, note_undrawn
from bench.cli._terminal import note, say, short_path
from bench.cli._thresholds import conclude_thresholds
from bench.measure.store import read_run
from bench.report import write
from bench.report.text import render
from bench.results.endpoints import endpoint_table, endpoints
from bench.results.errors import error_lines
from bench.results.results import Results, understand
from bench.results.streams import stream_table

_FEW_CELLS = 4
"""A run of more cells shows its requests by name in the report alone."""
_FEW_STREAMS = 8
"""A run of more names of streams shows them in the report alone."""


def conclude(path: Path, as_json: bool) -> int:
    """Write the report of the run in a folder, show the result, and give the exit status.

    With `as_json` standard output gets the records alone.
    """
    run = read_run(path)
    results = understand(run)
    shown = contents(results)
    report = write(run, shown, path)
    note_undrawn()
    if as_json:
        say((path / "records.jsonl").read_text().rstrip("\n"))
    else:
        say(render(shown.summary))
        if _has_few_names(results):
            say(render(endpoint_table(results)))
        if 0 < len((streamed := stream_table(results)).rows) <= _FEW_STREAMS:
            say(render(streamed))
        for finding in shown.findings:
            say(f"- {finding.title}")
    tell = note if as_json else say
    for line in error_lines(run.records):
        tell(f"error: {line}")
    limits = conclude_thresholds(results, path, tell)
    if not as_json:
        say(f"\nreport: {short_path(report)}")
    return max(exit_status(run), limits)


def _has_few_names(results: Results) -> bool:
    named = sum(bool(endpoints(cell)) for cell in results.cells)
    return 0 < named <= _FEW_CELLS
