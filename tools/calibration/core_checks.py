"""The checks of the measuring core: which setups each has, and how `bench run` is asked for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import get_args

from tools.calibration.burning_app import VARIABLE
from tools.calibration.core_run import CheckName

ALIKE = tuple(f"s{number}" for number in range(1, 7))

SHARES: Mapping[str, float] = {"base": 0.0, "plus3": 0.03, "plus5": 0.05, "plus10": 0.10}
"""By setup of the bare app, the part by which a request of it is dearer than one of the first."""

BASE = next(iter(SHARES))

_USERS = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreCheck:
    """A check: its runs and their length, and the target as a count of them.

    A check of no `setups` runs the default plan. `shares` are those of the loops in the bare app.
    """

    name: CheckName
    about: str
    runs: int
    rounds: int | None = None
    minutes: float | None = None
    setups: tuple[str, ...] = ()
    scenario: str = "noop-async"
    shares: Mapping[str, float] = field(default_factory=dict)
    neighbour: bool = False


_ORDER = CoreCheck(
    name="core-order",
    about="a bare app, and +3, +5 and +10 % CPU in it",
    runs=20,
    rounds=6,
    minutes=1.0,
    setups=tuple(SHARES),
    scenario="ping",
    shares=SHARES,
)
CHECKS: dict[CheckName, CoreCheck] = {
    check.name: check
    for check in (
        CoreCheck(
            name="core-same",
            about="six setups that are the same",
            runs=20,
            rounds=6,
            minutes=1.0,
            setups=ALIKE,
        ),
        _ORDER,
        replace(
            _ORDER,
            name="core-neighbour",
            about="the same, while a process takes half a core at random times",
            neighbour=True,
        ),
        CoreCheck(name="core-default", about="the default plan", runs=3),
    )
}
NAMES: tuple[CheckName, ...] = get_args(CheckName)


def setups_file(names: Sequence[str], turns: Mapping[str, int]) -> str:
    """Setups as a user writes them in TOML: uvicorn under these names, with the bare app where it has turns."""
    return "\n".join(_setup(name, turns.get(name)) for name in names)


def _setup(name: str, turns: int | None) -> str:
    lines = [f"[{name}]", 'extends = "uvicorn"', f'about = "{name}, of the calibration"']
    if turns is not None:
        lines += ['app = "tools.calibration.burning_app:app"', f'env = {{ {VARIABLE} = "{turns}" }}']
    return "\n".join((*lines, ""))


def command(check: CoreCheck, rounds: int | None, minutes: float | None) -> list[str]:
    """What is asked of `bench run`, without files and seed."""
    if not check.setups:
        words = ["default"]
    else:
        words = [word for name in check.setups for word in ("--setup", name)]
        words += ["--scenario", check.scenario, "--users", str(_USERS)]
    words += [] if rounds is None else ["--rounds", str(rounds)]
    return words + ([] if minutes is None else ["--minutes", f"{minutes:g}"])
