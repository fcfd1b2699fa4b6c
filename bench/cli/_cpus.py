"""Options for who makes the load: how many CPUs it may use or which, and whether the machine has room for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from bench.cli._terminal import note
from bench.errors import UsageError
from bench.machine.connections import Wanted, lacking
from bench.model.plan import ClosedLoad, Plan, Setup
from bench.plan.generators import wanted_cpus
from bench.plan.order import cells
from bench.system import cpus
from bench.system.cpus import Share
from bench.system.limits import read_limits

_MOST_CPUS = 1024

GeneratorCpus = Annotated[
    str | None,
    typer.Option(
        metavar="N|LIST",
        help="CPUs of the generator: how many, or which, as 6,7 or 4-7 [as many as the load can use, half at most].",
    ),
]


def read_generator_cpus(text: str | None) -> int | tuple[int, ...] | None:
    """How many CPUs a text says, or which. Raises UsageError for one that says neither."""
    if text is None:
        return None
    try:
        found = cpus.parse_cpus(text)
    except ValueError:
        found = ()
    if not found or (text.isdigit() and not 1 <= int(text) <= _MOST_CPUS):
        raise UsageError(
            f"--generator-cpus {text}: give a number of CPUs, such as 2, or a list, such as 6,7 or 4-7"
        )
    return int(text) if text.isdigit() else found


def share_cpus(given: int | tuple[int, ...] | None, plan: Plan) -> Share:
    """The CPUs of each side: those named for the generator, else as many as were asked for, or as fit the plan."""
    if isinstance(given, tuple):
        return cpus.share_around(given)
    wanted = given or wanted_cpus(plan, cpus.count_cores())
    share = cpus.share(wanted)
    if (given or plan.processes) and 1 < wanted > len(share.generator):
        note(
            f"the generator gets {len(share.generator)} of the {wanted} CPUs that it could use: half of all at most; "
            "name them, as in --generator-cpus 4-7, to give it more"
        )
    return share


def check_connections(plan: Plan, setups: Mapping[str, Setup]) -> None:
    """Raise UsageError for more users than this machine has open files and ports for."""
    users = [
        cell.load.users
        for cell in cells(plan)
        if isinstance(cell.load, ClosedLoad) and not _is_unix(setups[cell.setup])
    ]
    for lack in lacking(read_limits(), Wanted(users=max(users, default=0))):
        raise UsageError(f"--users {max(users)}: {lack.subject}: {lack.seen}; {lack.advice}")


def _is_unix(setup: Setup) -> bool:
    return setup.bind == "unix" or setup.address.startswith("unix:")
