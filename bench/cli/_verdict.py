"""Options and output that the commands with a verdict share."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Literal

import typer

from bench.cli._ending import note_undrawn
from bench.cli._options import option
from bench.cli._terminal import note, say, short_path
from bench.errors import UsageError
from bench.gates.output import documents
from bench.gates.output.github import workflow_commands
from bench.gates.output.judgement import Format, markdown, render
from bench.model.change import Judgement
from bench.model.secrets import mask_text

FormatOption = Annotated[
    Literal["text", "markdown", "json", "junit"],
    typer.Option("--format", metavar="text|markdown|json|junit", help="Of the result."),
]
InconclusiveOption = Annotated[
    Literal["pass", "fail"], option("What to do where nothing can be decided.", "pass|fail")
]
OutOption = Annotated[
    Path | None,
    option("Where the result is written, besides the text shown; a folder gets all formats.", "FILE"),
]


def present(judgement: Judgement, form: Format, out: Path | None, text: str | None = None) -> None:
    """Show a judgement here and on GitHub: in the format asked for, or as text when that format goes to `out`.

    `text` replaces the usual text. What looks like a secret is masked.
    """
    judgement = _mask(judgement)
    publish_on_github(judgement)
    words = render(judgement, "text") if text is None else mask_text(text)
    if out is None:
        say((words if form == "text" else render(judgement, form)).rstrip("\n"))
        return
    documents.write(judgement, form, out, words)
    if form == "markdown" or out.is_dir():
        note_undrawn()
    say(words)
    say(f"{'all formats' if out.is_dir() else form}: {short_path(out)}")


def _mask(judgement: Judgement) -> Judgement:
    """Reasons and notes may quote an error."""
    changes = (replace(one, why=tuple(map(mask_text, one.why))) for one in judgement.changes)
    return replace(judgement, changes=tuple(changes), notes=tuple(map(mask_text, judgement.notes)))


def publish_on_github(judgement: Judgement) -> None:
    """In a GitHub job: append to the step's summary, and annotate on standard error, which GitHub reads as well."""
    if path := os.environ.get("GITHUB_STEP_SUMMARY"):
        try:
            with open(path, "a", encoding="utf-8") as summary:
                summary.write(f"{markdown(judgement)}\n")
        except OSError as error:
            note(f"the step's summary cannot be written: {error}")
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for line in workflow_commands(judgement):
            note(line)


def percentage(text: str, name: str) -> float:
    """`0.2%` or `0.2` -> 0.002. Raises UsageError that names the option."""
    try:
        share = float(text.strip().removesuffix("%")) / 100
    except ValueError:
        share = -1.0
    if not 0 < share < 1:
        raise UsageError(f"{name} {text}: give a percentage, such as 0.2%")
    return share
