"""Options that several commands share, and how options are described."""

from __future__ import annotations

from pathlib import Path
from random import SystemRandom
from typing import Annotated, Any

import typer

SetupsFile = Annotated[
    Path | None, typer.Option("--setups", metavar="FILE", help="Your own setups (TOML), beside ours.")
]
ScenariosFile = Annotated[
    Path | None,
    typer.Option("--scenarios", metavar="FILE", help="Your own scenarios (Python with a SCENARIOS table)."),
]
PlansFile = Annotated[
    Path | None, typer.Option("--plans", metavar="FILE", help="Your own plans (TOML), beside ours.")
]


def named(about: str, metavar: str = "NAME") -> Any:
    return typer.Option(metavar=metavar, help=about)


def number(about: str, least: float, most: float | None = None, metavar: str = "N") -> Any:
    return typer.Option(min=least, max=most, metavar=metavar, help=about)


def seconds(about: str, least: float = 0.0) -> Any:
    return number(about, least, 86_400, "SECONDS")


def port_number(about: str, least: int = 0) -> Any:
    return number(about, least, 65_535, "PORT")


SetupName = Annotated[str, typer.Argument(metavar="SETUP", help="A setup's name; see `bench list setups`.")]


def drawn_seed() -> int:
    """A seed for who gave none: the same one each time would give each run the same arrivals, and their luck."""
    return SystemRandom().randrange(1, 2**31)
