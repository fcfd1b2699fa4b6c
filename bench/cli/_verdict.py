"""What gates share on the command line: options, how a judgement is shown here and on GitHub, what status 1 means."""

from __future__ import annotations

import contextlib
import os
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bench.cli._options import named
from bench.cli._terminal import note, say, shown

if TYPE_CHECKING:
    from bench.gates.output.judgement import Format
    from bench.model.change import Judgement

FormatOption = Annotated[
    Literal["text", "markdown", "json", "junit"],
    typer.Option("--format", metavar="text|markdown|json|junit", help="Of the result."),
]
InconclusiveOption = Annotated[
    Literal["pass", "fail"], named("What to do where nothing can be decided.", "pass|fail")
]
OutOption = Annotated[
    Path | None,
    named("Where the result is written, besides the text shown; a folder gets all formats.", "FILE"),
]


def present(judgement: Judgement, form: Format, out: Path | None, text: str | None = None) -> None:
    """Show a judgement, here and on GitHub; with `out` the text is shown, and the file holds the format asked for.

    `text` is what the text says, where that is not the usual.
    """
    from bench.gates.output import documents
    from bench.gates.output.judgement import render

    tell_github(judgement)
    said = render(judgement, "text") if text is None else text
    if out is None:
        say((said if form == "text" else render(judgement, form)).rstrip("\n"))
        return
    documents.write(judgement, form, out, said)
    say(said)
    say(f"{'all formats' if out.is_dir() else form}: {shown(out)}")


def tell_github(judgement: Judgement) -> None:
    """In a job on GitHub: append to the step's summary, and annotate on standard error, which is read as well."""
    from bench.gates.output.github import workflow_commands
    from bench.gates.output.judgement import markdown

    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        try:
            with open(path, "a", encoding="utf-8") as summary:
                summary.write(f"{markdown(judgement)}\n")
        except OSError as error:
            note(f"the step's summary cannot be written: {error}")
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in workflow_commands(judgement):
            note(line)


def percentage(text: str, option: str) -> float:
    """`0.2%` or `0.2` -> 0.002. Raises UsageError that names the option."""
    from bench.errors import UsageError

    try:
        share = float(text.strip().removesuffix("%")) / 100
    except ValueError:
        share = -1.0
    if not 0 < share < 1:
        raise UsageError(f"{option} {text}: give a percentage, such as 0.2%")
    return share


@contextlib.contextmanager
def failures_are_2() -> Iterator[None]:
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
            traceback.print_exc()
        raise GateError(f"unexpected {type(error).__name__}: {error} (BENCH_DEBUG=1 shows where)") from error
