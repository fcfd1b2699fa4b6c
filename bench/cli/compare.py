"""`bench compare`: is the second measurement worse than the first?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli._options import named
from bench.cli._terminal import shown
from bench.cli._verdict import (
    FormatOption,
    InconclusiveOption,
    OutOption,
    failures_are_2,
    percentage,
    present,
)

if TYPE_CHECKING:
    from bench.gates.runs.outcome import Outcome
    from bench.results.micro import Micro
    from bench.stats.metrics import Metric

_METRICS = ("throughput", "p50", "p99", "cpu", "memory")
_METRIC_HELP = "Metric to judge a run by, not the usual ones; repeatable."
_DESPITE_HELP = "Condition that may differ, such as cores, load, missing, or all; repeatable."


def compare(
    base: Annotated[Path, typer.Argument(metavar="BASE", help="A run's folder, or a pytest-benchmark file.")],
    new: Annotated[Path, typer.Argument(metavar="NEW", help="Run or file to compare with BASE.")],
    threshold: Annotated[str, named("Smallest change that counts.", "PERCENT")] = "5%",
    metric: Annotated[list[str] | None, named(_METRIC_HELP, "|".join(_METRICS))] = None,
    despite: Annotated[list[str] | None, named(_DESPITE_HELP, "FIELD")] = None,
    form: FormatOption = "text",
    inconclusive: InconclusiveOption = "fail",
    out: OutOption = None,
) -> None:
    """Compare a run with an earlier one, side by side, and say what became slower.

    Judged are throughput (closed loads) or p99 (open loads), and CPU per request. The machine drifts between two runs:
    a cell is judged through the setup anchor, which both runs must have measured (plan history does), and has
    regressed where the change is larger than the threshold and than drift and repeats explain. Without an anchor, or
    on a machine that was busy with something else, the result is inconclusive; of memory it never is for that reason.
    Errors count where requests and repeats both show more of them. Ratios are new / base as measured; ~ stands where
    the repeats overlap.

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
    with failures_are_2():
        outcome = _outcome(base, new, percentage(threshold, "--threshold"), metric or (), despite or ())
        present(outcome.judgement, form, out, _text(outcome))
    raise typer.Exit(outcome.status(inconclusive))


def _outcome(
    base: Path, new: Path, threshold: float, metrics: list[str] | tuple[()], despite: list[str] | tuple[()]
) -> Outcome:
    from bench.errors import UsageError
    from bench.gates.runs import benchmarks, cells
    from bench.measure.store import read_run
    from bench.results.results import understand

    files = [path.suffix == ".json" for path in (base, new)]
    if not any(files):
        wanted = [_metric(name) for name in metrics]
        runs = understand(read_run(base)), understand(read_run(new))
        return cells.compare(*runs, threshold, wanted, despite)
    if not all(files):
        raise UsageError(f"{base} and {new} are a run and a file of pytest-benchmark; give two of one kind")
    if metrics:
        raise UsageError("--metric is for runs; files of pytest-benchmark are judged by their medians")
    names = (shown(base), shown(new))
    return benchmarks.compare(_micro(base), _micro(new), threshold, despite, names)


def _metric(name: str) -> Metric:
    from bench.errors import unknown
    from bench.stats.metrics import JUDGED

    if name not in JUDGED:
        raise unknown("metric", name, JUDGED)
    return JUDGED[name]


def _micro(path: Path) -> Micro:
    from bench.errors import UsageError
    from bench.results.micro import read

    try:
        return read(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageError(f"{path}: cannot be read: {said}") from None
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


def _text(outcome: Outcome) -> str:
    """The verdict, what is missing, and both sides in one table with the reasons below."""
    from bench.gates.output.changes import titled
    from bench.gates.output.judgement import headline
    from bench.report.text import render

    judgement = outcome.judgement
    said = [headline(judgement)]
    said += [f"{sentence} This fails; --despite missing lets it pass." for sentence in outcome.missing]
    reasons = [
        "\n".join([f"{titled(judgement, one)}:", *(f"    {why}" for why in one.why)])
        for one in judgement.changes
        if one.why
    ]
    return "\n".join(said) + "\n\n" + "\n\n".join([render(outcome.table).rstrip("\n"), *reasons]) + "\n"
