"""`bench doctor`: what this machine offers for measuring."""

from __future__ import annotations

from typing import Annotated

import typer

from bench.cli._terminal import note, say
from bench.machine import capability
from bench.machine import doctor as machine
from bench.plan.config import load_setups


def doctor(
    quick: Annotated[bool, typer.Option("--quick", help="Only look; measure nothing.")] = False,
) -> None:
    """Look at what this machine offers for measuring, then measure for three quarters of a minute what it can resolve.

    Timers, the generator's ceiling, three servers of known behaviour, whose figures must come out right (`bench
    selftest` has them all), and how much two servers of one kind differ: what differs less than that cannot be told
    apart here.
    """
    for finding in machine.examine():
        _show(finding)
    if quick:
        return
    note("measuring for three quarters of a minute; --quick leaves this out")
    for finding in capability.examine(load_setups()["uvicorn"]):
        _show(finding)


def _show(finding: machine.Finding) -> None:
    say(f"{'ok   ' if finding.well else 'mind '} {finding.subject:<17} {finding.seen}")
    if not finding.well:
        say(f"{'':<23} {finding.advice}")
