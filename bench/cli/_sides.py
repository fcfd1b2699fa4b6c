"""Options that say what a gate compares, shared by `bench ab` and `bench exact`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bench.cli._options import option

BasePython = Annotated[
    str,
    typer.Option(
        metavar="PYTHON",
        help="Interpreter of the base: a path or a version. Without --base both sides are the same files.",
    ),
]
HeadPython = Annotated[str, option("Interpreter of the head.", "PYTHON")]
Install = Annotated[
    str,
    option(
        "Run in each side's folder first, such as \"uv sync --frozen\"; its .venv is that side's environment.",
        "COMMAND",
    ),
]
Carry = Annotated[
    list[Path] | None,
    option("Untracked file or folder that the base gets as well; repeatable.", "FILE"),
]


def absolute(carry: list[Path] | None) -> tuple[str, ...]:
    """The files that were named on the command line, whatever folder the setup runs in."""
    return tuple(str(path.absolute()) for path in carry or ())
