"""`bench export`: a run in another tool's format."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from bench import export as formats
from bench.cli._options import LATEST, RunFolderPath, option
from bench.cli._terminal import note, say, short_path, write_file
from bench.errors import BenchError
from bench.export.cells import invalid, valid
from bench.measure.store import read_run
from bench.results.results import understand

_TOOLS = "bencher|csv|csv-requests|github-action-benchmark|openmetrics|pytest-benchmark"
_BETTER = "Metrics of github-action-benchmark: whose lower or higher value is better [lower]."


def export(
    to: Annotated[str, option("Whose format.", _TOOLS)],
    run: RunFolderPath = LATEST,
    out: Annotated[Path | None, option("Where it is written, not shown.", "FILE")] = None,
    better: Annotated[Literal["lower", "higher"] | None, option(_BETTER, "lower|higher")] = None,
) -> None:
    """Give a run to another tool, in its own format.

    Figures are the medians of the repeats, with their range; csv and openmetrics have each record, csv-requests each
    request name of it. A cell with an invalid record is left out and named, save in csv and csv-requests, which say of
    each row whether it is valid. Where a cell has several request names, the others have figures of each as well.

    github-action-benchmark has one direction a file: `tool: customSmallerIsBetter` reads p50, p99, CPU and memory,
    and with --better higher `tool: customBiggerIsBetter` reads throughput. pytest-benchmark knows times only.

    \b
    bench export reports/latest --to csv --out run.csv
    bench export reports/latest --to bencher | bencher run --adapter json ...
    bench export reports/latest --to github-action-benchmark --better higher --out throughput.json
    """
    source = understand(read_run(run))
    text = formats.export(source, to, better)
    carries_invalid = to in formats.CARRIES_INVALID
    if not (source.records if carries_invalid else valid(source)):
        raise BenchError(f"{short_path(run)}: nothing to export: there is no valid cell")
    if not carries_invalid and (left_out := invalid(source)):
        note(f"left out, as invalid: {'; '.join(left_out)}")
    if out is None:
        say(text.removesuffix("\n"))
    else:
        write_file(out, text)
        say(short_path(out))
