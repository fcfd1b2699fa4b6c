"""`bench report`, `bench export`, `bench list`: what was measured, and what could be."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bench.cli._lookup import all_scenarios
from bench.cli._options import PlansFile, ScenariosFile, SetupsFile, named
from bench.cli._terminal import note, say, shown

if TYPE_CHECKING:
    from bench.model.plan import Plan, Setup
    from scenarios.model import Scenario

_KINDS = "setups, scenarios or plans"
_TOOLS = "bencher|csv|github-action-benchmark|openmetrics|pytest-benchmark"
_BETTER = "Metrics of github-action-benchmark: whose lower or higher value is better [lower]."


def report(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.")] = Path("reports/latest"),
) -> None:
    """Write the report of a run again, finished or interrupted."""
    from bench.cli._contents import contents
    from bench.measure.store import read_micro, read_run
    from bench.report import write
    from bench.results.results import understand

    folder = run.resolve()
    found = read_run(folder)
    page = write(found, contents(understand(found, read_micro(folder))), folder)
    say(shown(page))


def export(
    to: Annotated[str, named("Whose format.", _TOOLS)],
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.")] = Path("reports/latest"),
    out: Annotated[Path | None, named("Where it is written, not shown.", "FILE")] = None,
    better: Annotated[Literal["lower", "higher"] | None, named(_BETTER, "lower|higher")] = None,
) -> None:
    """Give a run to another tool, in its own format.

    Figures are the medians of the repeats, with their range; csv and openmetrics have each record. A cell with an
    invalid record is left out and named, save in csv, which says of each row whether it is valid.

    github-action-benchmark has one direction a file: `tool: customSmallerIsBetter` reads p50, p99, CPU and memory,
    and with --better higher `tool: customBiggerIsBetter` reads throughput. pytest-benchmark knows times only.

    \b
    bench export reports/latest --to csv --out run.csv
    bench export reports/latest --to bencher | bencher run --adapter json ...
    bench export reports/latest --to github-action-benchmark --better higher --out throughput.json
    """
    from bench.errors import BenchError
    from bench.export import CARRIES_INVALID, export
    from bench.export.cells import invalid, valid
    from bench.measure.store import read_run
    from bench.results.results import understand

    found = understand(read_run(run))
    text = export(found, to, better)
    if not (found.records if to in CARRIES_INVALID else valid(found)):
        raise BenchError(f"{shown(run)}: nothing to export: there is no valid cell")
    if to not in CARRIES_INVALID and (left_out := invalid(found)):
        note(f"left out, as invalid: {'; '.join(left_out)}")
    _hand_over(text, out)


def _hand_over(text: str, out: Path | None) -> None:
    """To the character: CSV ends its lines in its own way."""
    from bench.errors import UsageError

    if out is None:
        say(text.removesuffix("\n"))
        return
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise UsageError(f"{out}: cannot be written: {error.strerror}") from None
    say(shown(out))


def list_(
    kind: Annotated[Literal["setups", "scenarios", "plans"], typer.Argument(metavar="KIND", help=_KINDS)],
    setups: SetupsFile = None,
    scenarios: ScenariosFile = None,
    plans: PlansFile = None,
) -> None:
    """Name what can be run, with a line about each."""
    from bench.plan.config import load_plans, load_setups

    named: dict[str, Setup] | dict[str, Scenario] | dict[str, Plan]
    if kind == "setups":
        named = load_setups(setups)
    elif kind == "scenarios":
        named = all_scenarios(scenarios)
    else:
        named = load_plans(plans)
    width = max(map(len, named))
    for name, thing in named.items():
        say(f"{name:<{width}}  {thing.about}".rstrip())
