"""The things that a run is measured with, besides its plan."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.engines.launch import Progress
from bench.model.plan import Plan, Setup
from bench.system.processes import Processes
from scenarios.model import Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Workbench:
    """Setups and scenarios by name, and where they are measured: the address, and the CPUs of each side.

    `service` is the name of the service, where the configuration gives it one. `own_cpus` are those of the harness,
    which are the generator's where it has none of its own. `profiles` is the folder for flame graphs, one of each
    cell's first repeat; None for no graphs. `logs` is the folder for the logs of servers, one of each setup and round;
    None to keep none. From `stop_s` on, a moment of time.monotonic, nothing more is measured.
    """

    setups: Mapping[str, Setup]
    scenarios: Mapping[str, Scenario]
    scenarios_file: Path | None = None
    service: str = ""
    address: str = "127.0.0.1"
    server_cpus: tuple[int, ...] = ()
    generator_cpus: tuple[int, ...] = ()
    own_cpus: tuple[int, ...] = ()
    profiles: Path | None = None
    logs: Path | None = None
    stop_s: float = math.inf


def _ignore(_: Progress) -> None:
    """For those who show no progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Harness:
    """Everything that the cells of one run share while they are measured.

    `run` is the run's name. Of the plan only its seed and its number of generator processes matter. `progress` is
    called while a cell is loaded.
    """

    run: str
    plan: Plan
    workbench: Workbench
    processes: Processes
    progress: Callable[[Progress], None] = _ignore
