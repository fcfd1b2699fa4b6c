"""What the names on a command line mean, and whether they may be used; every mistake is a UsageError."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.model.plan import Setup
    from scenarios.model import Scenario


def all_scenarios(path: Path | None) -> dict[str, Scenario]:
    from bench.errors import UsageError
    from scenarios.files import ScenarioFileError, load

    try:
        return load(path)
    except ScenarioFileError as error:
        raise UsageError(str(error)) from None


def one_setup(name: str, path: Path | None) -> Setup:
    from bench.errors import unknown
    from bench.plan.config import load_setups

    setups = load_setups(path)
    if name not in setups:
        raise unknown("setup", name, setups)
    return setups[name]


def check_address(address: str, allow_remote: bool) -> None:
    from bench.errors import UsageError
    from bench.system.ports import is_loopback

    if not allow_remote and not is_loopback(address):
        raise UsageError(
            f"--host {address} is no loopback address; add --allow-remote if you may load that machine"
        )
