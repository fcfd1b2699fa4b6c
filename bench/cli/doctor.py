"""`bench doctor`: what this machine offers for measuring."""

from __future__ import annotations

from typing import Annotated

import typer

from bench.cli._lookup import load_scenarios
from bench.cli._options import number
from bench.cli._terminal import note, say
from bench.gates.paired.arms import Arm
from bench.gates.paired.noise import observe_long_turns
from bench.gates.paired.observation import log_ratios
from bench.machine import capability
from bench.machine import doctor as machine
from bench.machine.connections import Wanted
from bench.machine.diagnosis import Diagnosis
from bench.machine.generators import RAW, SCENARIO
from bench.plan.config import load_setups
from bench.system.extras import missing
from bench.system.home import HOME
from bench.system.revisions import Tree


def doctor(
    quick: Annotated[bool, typer.Option("--quick", help="Only look; measure nothing.")] = False,
    users: Annotated[
        int | None, number("Room for so many users, a connection each; implies --quick.", 1)
    ] = None,
    rate: Annotated[float | None, number("Room for so many sessions likewise.", 0.01, None, "PER_S")] = None,
) -> None:
    """Look at what this machine offers for measuring, then measure for three quarters of a minute what it can resolve.

    Timers, the generator's ceiling, three servers of known behaviour, whose figures must come out right (`bench
    selftest` has them all), and how much two servers of one kind differ: what differs less than that cannot be told
    apart here.

    \b
    bench doctor --users 20000
    """
    for finding in machine.examine(Wanted(users or 0, rate or 0.0)):
        _show(finding)
    if quick or users or rate:
        return
    note("measuring for three quarters of a minute; --quick leaves this out")
    for finding in capability.examine(_compare_twins):
        _show(finding)


def _compare_twins() -> capability.TwinRatios:
    """Compare servers of the demo app with themselves, or of a bare app where the demo's packages are missing."""
    setup = RAW if missing("app") else load_setups()["uvicorn"]
    arm = Arm("base", setup, Tree(HOME, setup.name, HOME))
    observations = observe_long_turns(arm, load_scenarios(None)[SCENARIO], seed=1)
    rates, costs = (
        [log for one in observations for log in log_ratios(one.turns, metric)]
        for metric in ("throughput", "cpu")
    )
    return capability.TwinRatios(rates, costs)


def _show(finding: Diagnosis) -> None:
    say(f"{'ok   ' if finding.well else 'mind '} {finding.subject:<17} {finding.seen}")
    if not finding.well:
        say(f"{'':<23} {finding.advice}")
