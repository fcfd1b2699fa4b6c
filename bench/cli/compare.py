"""`bench compare`: is the second measurement worse than the first?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bench.cli._failure import exit_2_on_failure
from bench.cli._lookup import check_known
from bench.cli._options import option
from bench.cli._terminal import short_path
from bench.cli._verdict import FormatOption, InconclusiveOption, OutOption, percentage, present
from bench.errors import UsageError
from bench.gates.output.changes import change_title
from bench.gates.output.judgement import headline
from bench.gates.runs import benchmarks, cells
from bench.gates.runs.outcome import Outcome
from bench.measure.store import read_run
from bench.report.text import render
from bench.results import micro
from bench.results.results import understand
from bench.stats.metrics import JUDGED

_METRIC_HELP = "Metric to judge a run by, not the usual ones; repeatable."
_DESPITE_HELP = "Condition that may differ, such as cores, load, missing, or all; repeatable."


def compare(
    base: Annotated[Path, typer.Argument(metavar="BASE", help="A run's folder, or a pytest-benchmark file.")],
    head: Annotated[Path, typer.Argument(metavar="NEW", help="Run or file to compare with BASE.")],
    threshold: Annotated[str, option("Smallest change that counts.", "PERCENT")] = "5%",
    metric: Annotated[list[str] | None, option(_METRIC_HELP, "|".join(JUDGED))] = None,
    despite: Annotated[list[str] | None, option(_DESPITE_HELP, "FIELD")] = None,
    form: FormatOption = "text",
    inconclusive: InconclusiveOption = "fail",
    out: OutOption = None,
) -> None:
    """Compare a run with an earlier one, side by side, and say what became slower.

    Judged are throughput (closed loads) or p99 (open loads), and CPU per request. The machine drifts between two runs:
    a cell is judged through the setup anchor, which both runs must have measured (plan history does), and has
    regressed where the change is larger than the threshold and than drift and repeats explain. Without an anchor, or
    on a machine that was busy with something else, the result is inconclusive; of memory it never is for that reason.
    Errors count where requests and repeats both show more of them. Where a cell has several request names, p50 and p99
    of each are judged as well: one that regressed fails, one that is inconclusive does not. Ratios are new / base as
    measured, drift included.

    Of files by `pytest --benchmark-json`, each from one process, medians are judged through the benchmark bare-app,
    and only changes of more than twice can be shown.

    Two runs that differ in machine, Python, settings, setup or load are refused, unless --despite names the field.
    What only one side has is shown as missing, and fails, unless --despite missing.

    `bench exact` and `bench ab` measure both versions side by side and show far smaller changes.
    Exit status: 0 no regression, 1 regressed or missing, 2 wrong usage or failure, 3 inconclusive.

    \b
    bench run history && bench compare reports/before reports/latest
    bench compare reports/before reports/latest --metric p99 --threshold 10% --despite cores
    bench compare before.json after.json --format markdown --out comment.md --inconclusive pass
    """
    with exit_2_on_failure():
        outcome = _compare(base, head, percentage(threshold, "--threshold"), metric or (), despite or ())
        present(outcome.judgement, form, out, _text(outcome))
    raise typer.Exit(outcome.status(inconclusive))


def _compare(
    base: Path, head: Path, threshold: float, metrics: Sequence[str], despite: Sequence[str]
) -> Outcome:
    """Compare two runs, or two files of pytest-benchmark. Raises UsageError for one of each."""
    files = [path.suffix == ".json" for path in (base, head)]
    if not any(files):
        check_known("metric", metrics, JUDGED)
        wanted = [JUDGED[name] for name in metrics]
        runs = understand(read_run(base)), understand(read_run(head))
        return cells.compare(*runs, threshold, wanted, despite)
    if not all(files):
        raise UsageError(f"{base} and {head} are a run and a file of pytest-benchmark; give two of one kind")
    if metrics:
        raise UsageError("--metric is for runs; files of pytest-benchmark are judged by their medians")
    names = (short_path(base), short_path(head))
    return benchmarks.compare(_read_benchmarks(base), _read_benchmarks(head), threshold, despite, names)


def _read_benchmarks(path: Path) -> micro.Micro:
    try:
        return micro.read(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageError(f"{path}: cannot be read: {reason}") from None
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def _text(outcome: Outcome) -> str:
    """The verdict, the missing cells, both sides in one table and by request name, and the reasons below."""
    judgement = outcome.judgement
    lines = [headline(judgement)]
    lines += [f"{sentence} This fails; --despite missing lets it pass." for sentence in outcome.missing]
    reasons = [
        "\n".join([f"{change_title(judgement, change)}:", *(f"    {why}" for why in change.why)])
        for change in judgement.changes
        if change.why
    ]
    tables = [outcome.table, *([outcome.by_name] if outcome.by_name and outcome.by_name.rows else [])]
    parts = [*(render(table).rstrip("\n") for table in tables), *reasons]
    return "\n".join(lines) + "\n\n" + "\n\n".join(parts) + "\n"
