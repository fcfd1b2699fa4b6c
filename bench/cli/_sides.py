"""Options that say what a gate compares, shared by `bench ab` and `bench exact`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from bench.cli._options import option
from bench.gates.sides.sides import SidesAsked


@dataclass(frozen=True, slots=True, kw_only=True)
class SidesOptions:
    """The two sides, as they are named on the command line."""

    base: Annotated[str | None, option("Commit to compare with.", "REF")] = None
    head: Annotated[str | None, option("Commit to judge; without it the working tree.", "REF")] = None
    base_python: Annotated[
        str,
        typer.Option(
            metavar="PYTHON",
            help="Interpreter of the base: a path or a version. Without --base both sides are the same files.",
        ),
    ] = ""
    head_python: Annotated[str, option("Interpreter of the head.", "PYTHON")] = ""
    install: Annotated[
        str,
        option(
            "Run in each side's folder first, such as \"uv sync --frozen\"; its .venv is that side's environment.",
            "COMMAND",
        ),
    ] = ""
    carry: Annotated[
        list[Path] | None,
        option("Untracked file or folder that the base gets as well; repeatable.", "FILE"),
    ] = None

    def asked(self) -> SidesAsked:
        """The sides; files that were named are those of the current folder, whatever folder the setup runs in."""
        return SidesAsked(
            base=self.base,
            head=self.head,
            base_python=self.base_python,
            head_python=self.head_python,
            install=self.install,
            carry=tuple(str(path.absolute()) for path in self.carry or ()),
        )
