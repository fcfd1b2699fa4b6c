"""Turns names on a command line into setups, scenarios and folders, and checks them. Every mistake is a UsageError."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from pathlib import Path

from bench.errors import UsageError, unknown
from bench.model.plan import Setup
from bench.plan.config import load_setups
from bench.system.ports import is_loopback
from scenarios.files import ScenarioFileError, load
from scenarios.model import Scenario


def load_scenarios(path: Path | None) -> dict[str, Scenario]:
    """Our scenarios, and those of the user's file."""
    try:
        return load(path)
    except ScenarioFileError as error:
        raise UsageError(str(error)) from None


def find_setup(name: str, path: Path | None) -> Setup:
    """A setup of ours, or of the user's file."""
    setups = load_setups(path)
    check_known("setup", [name], setups)
    return setups[name]


def check_known(kind: str, names: Iterable[str], known: Collection[str]) -> None:
    """Check that each name of a kind exists."""
    for name in names:
        if name not in known:
            raise unknown(kind, name, known)


def check_address(address: str, allow_remote: bool) -> None:
    """Check that an address is on this machine, unless the user allows others."""
    if not allow_remote and not is_loopback(address):
        raise UsageError(
            f"--host {address} is no loopback address; add --allow-remote if you may load that machine"
        )


def choose_folder(out: Path | None, name: str) -> Path:
    """The folder given for a new run, else one of the time and a name."""
    return out or Path("reports") / f"{datetime.now():%Y%m%d-%H%M%S}-{name}"
