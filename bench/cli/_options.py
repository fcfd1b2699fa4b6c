"""Options that several commands share, and short ways to declare others."""

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
SetupName = Annotated[str, typer.Argument(metavar="SETUP", help="A setup's name; see `bench list setups`.")]
FIRST_SETUP = "the first of bench.toml, else uvicorn"
AnySetupName = Annotated[
    str | None, typer.Argument(metavar="[SETUP]", help=f"See `bench list setups` [{FIRST_SETUP}].")
]
RunFolderPath = Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.")]

LATEST = Path("reports/latest")
NOISE = Path("reports/noise")
"""The folder that `bench noise` writes, and that `bench ab` reads."""


def option(about: str, metavar: str = "NAME") -> Any:
    return typer.Option(metavar=metavar, help=about)


def number(about: str, least: float, most: float | None = None, metavar: str = "N") -> Any:
    return typer.Option(min=least, max=most, metavar=metavar, help=about)


def seconds(about: str, least: float = 0.0) -> Any:
    return number(about, least, 86_400, "SECONDS")


def port_number(about: str, least: int = 0) -> Any:
    return number(about, least, 65_535, "PORT")


def pick_seed(seed: int | None) -> int:
    """The seed given, else a random one: a fixed default would give every run the same arrivals."""
    return SystemRandom().randrange(1, 2**31) if seed is None else seed
