"""`bench exact`: is this change slower?"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bench.cli.lookup import all_scenarios, one_setup
from bench.cli.options import ScenariosFile, SetupsFile, named
from bench.cli.terminal import note, say, shown

if TYPE_CHECKING:
    from bench.verdict import Judgement

_FORMATS = "text|markdown|json|junit"


def exact(
    base: Annotated[
        str | None, named("Commit to compare with; without it the figures are shown.", "REF")
    ] = None,
    head: Annotated[str | None, named("Commit to judge; without it the working tree.", "REF")] = None,
    scenario: Annotated[list[str] | None, named("Scenario to measure, not all; repeatable.")] = None,
    setup: Annotated[str, named("Setup that names the app, its environment and loop.")] = "uvicorn",
    threshold: Annotated[str, named("Smallest change that counts; noise may raise it.", "PERCENT")] = "0.2%",
    form: Annotated[
        Literal["text", "markdown", "json", "junit"],
        typer.Option("--format", metavar=_FORMATS, help="Of the result."),
    ] = "text",
    inconclusive: Annotated[
        Literal["pass", "fail"], named("What to do where nothing can be decided.", "pass|fail")
    ] = "fail",
    out: Annotated[Path | None, named("Where the result is written, besides the text shown.", "FILE")] = None,
    setups: SetupsFile = None,
    scenarios: ScenariosFile = None,
) -> None:
    """Count the instructions of a request, for every endpoint of every scenario, and compare two versions.

    Needs valgrind; no server and no clock are used. It sees what is computed, not what is waited for.
    Exit status: 0 no regression, 1 regressed, 2 wrong usage or failure, 3 inconclusive.

    \b
    bench exact --base main
    bench exact --base v1.2 --head v1.3 --scenario noop-async --format markdown
    """
    with _failures_are_2():
        share = _share(threshold)
        known = all_scenarios(scenarios)
        judgement = _judgement(
            base, head, tuple(scenario or ()), tuple(known), setup, setups, scenarios, share
        )
        _show(judgement, form, out)
    raise typer.Exit(judgement.status(inconclusive))


def _judgement(
    base: str | None,
    head: str | None,
    wanted: tuple[str, ...],
    known: tuple[str, ...],
    setup: str,
    setups: Path | None,
    scenarios: Path | None,
    threshold: float,
) -> Judgement:
    from bench.errors import UsageError, unknown
    from bench.exact import gate
    from bench.exact.trees import Tree, repository
    from scenarios.files import own

    for name in wanted:
        if name not in known:
            raise unknown("scenario", name, known)
    app = one_setup(setup, setups)
    if app.server == "command":
        raise UsageError(
            f"setup '{setup}' starts a command; an app in Python is needed, named by its key app"
        )
    if app.services:
        raise UsageError(
            f"setup '{setup}' needs {' and '.join(app.services)}, which this gate does not start"
        )
    file = scenarios and scenarios.absolute()
    subject = gate.Subject(app, wanted or own(file), file, chosen=bool(wanted))
    if base is None:
        if head is not None:
            raise UsageError("--head needs a --base to be compared with")
        return gate.measure(subject, Tree(Path.cwd(), f"{app.app} as it is in this folder"))
    return gate.judge(subject, repository(Path.cwd()), base, head, threshold, note)


def _show(judgement: Judgement, form: Literal["text", "markdown", "json", "junit"], out: Path | None) -> None:
    from bench.report.judgement import render

    if out is None:
        say(render(judgement, form).rstrip("\n"))
        return
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(render(judgement, form), encoding="utf-8")
    say(render(judgement, "text"))
    say(f"{form}: {shown(out)}")


def _share(text: str) -> float:
    from bench.errors import UsageError

    try:
        share = float(text.strip().removesuffix("%")) / 100
    except ValueError:
        share = -1.0
    if not 0 < share < 1:
        raise UsageError(f"--threshold {text}: give a percentage, such as 0.2%")
    return share


@contextlib.contextmanager
def _failures_are_2() -> Iterator[None]:
    """Status 1 says that a change is slower, so nothing else may end with it."""
    from bench.errors import BenchError, GateError

    try:
        yield
    except BenchError as error:
        if error.status == 1:
            raise GateError(str(error)) from error
        raise
    except Exception as error:
        if os.environ.get("BENCH_DEBUG"):
            raise
        raise GateError(f"unexpected {type(error).__name__}: {error} (BENCH_DEBUG=1 shows where)") from error
