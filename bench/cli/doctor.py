"""`bench doctor`, `bench generators`: what this machine offers for measuring, and what making load costs on it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bench.cli._lookup import all_scenarios
from bench.cli._terminal import note, say, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.machine.capability import TwinRatios
    from bench.machine.doctor import Diagnosis
    from bench.machine.generators import GeneratorCost

_LIMITS = "The throughput here is each generator's own limit, not the server's."
_AGREEMENT = "Here all wait for the server: the rate ratio says how well they agree on its throughput."


def doctor(
    quick: Annotated[bool, typer.Option("--quick", help="Only look; measure nothing.")] = False,
) -> None:
    """Look at what this machine offers for measuring, then measure for three quarters of a minute what it can resolve.

    Timers, the generator's ceiling, three servers of known behaviour, whose figures must come out right (`bench
    selftest` has them all), and how much two servers of one kind differ: what differs less than that cannot be told
    apart here.
    """
    from bench.machine.doctor import examine

    for finding in examine():
        _tell(finding)
    if quick:
        return
    from bench.machine import capability

    note("measuring for three quarters of a minute; --quick leaves this out")
    for finding in capability.examine(_compare_twins):
        _tell(finding)


def _compare_twins() -> TwinRatios:
    """Compare servers of the target app with themselves, as `bench noise` does."""
    from bench.gates.paired.arms import Arm
    from bench.gates.paired.look import PairedScenario
    from bench.gates.paired.noise import observe_long_turns
    from bench.gates.paired.observation import log_ratios
    from bench.machine.capability import TwinRatios
    from bench.machine.generators import SCENARIO
    from bench.plan.config import load_setups
    from bench.system.revisions import Tree

    setup, scenario, here = load_setups()["uvicorn"], all_scenarios(None)[SCENARIO], Path.cwd()
    arm = Arm("base", setup, Tree(here, setup.name, here))
    seen = observe_long_turns(arm, lambda pool: PairedScenario(scenario, pool), seed=1)
    rates, costs = (
        [log for one in seen for log in log_ratios(one.turns, metric)] for metric in ("throughput", "cpu")
    )
    return TwinRatios(rates, costs)


def _tell(finding: Diagnosis) -> None:
    say(f"{'ok   ' if finding.well else 'mind '} {finding.subject:<17} {finding.seen}")
    if not finding.well:
        say(f"{'':<23} {finding.advice}")


def generators(
    rounds: Annotated[int, typer.Option(min=1, help="How often each is measured, in turn.")] = 5,
    duration: Annotated[int, typer.Option(min=1, metavar="SECONDS", help="Of each measurement.")] = 2,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the medians are written.")] = Path(
        "reports/generators.json"
    ),
) -> None:
    """Load generators side by side: their CPU time per request, and whether they agree on the throughput.

    With 32 connections, the native engine, wrk and hey (where installed) and Locust's two clients load a server that
    answers in one write: what differs there is the generators' own. Then those that are not Locust load a bare ASGI
    app under uvicorn, and at last the native engine and wrk load the target app, pinned as in every run.
    """
    import json

    from bench.machine.generators import (
        NAMES,
        ONE_WRITE,
        RAW,
        measure_costs,
        medians,
        missing_generators,
        table,
    )
    from bench.plan.config import load_setups
    from bench.report.text import render

    for name in missing_generators():
        note(f"{name} is not installed and is left out; on Debian: apt-get install {name}")
    costs = _told(measure_costs(ONE_WRITE, NAMES, rounds, duration))
    say(render(table("A server that answers in one write; the generators may use every CPU", costs, _LIMITS)))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(medians(costs), indent=2) + "\n")
    three = [name for name in ("native", "wrk", "hey") if name in NAMES]
    bare = _told(measure_costs(RAW, three, rounds, duration))
    say(render(table("A bare ASGI app under uvicorn, which answers in two; the same CPUs", bare)))
    pair = [name for name in ("native", "wrk") if name in NAMES]
    uvicorn = load_setups()["uvicorn"]
    agreement = _told(measure_costs(uvicorn, pair, rounds, duration, pinned=True))
    say(
        render(
            table(
                "The target app's ping under uvicorn; generators pinned as in every run",
                agreement,
                _AGREEMENT,
            )
        )
    )
    say(f"medians of the first table: {shown(out)}")


def _told(costs: Iterator[tuple[str, GeneratorCost]]) -> dict[str, list[GeneratorCost]]:
    """Collect what comes, and say each on standard error."""
    found: dict[str, list[GeneratorCost]] = {}
    for name, cost in costs:
        found.setdefault(name, []).append(cost)
        note(f"{name:<12} {cost.cpu_us_per_request:8.1f} µs/req {cost.throughput_rps:10,.0f} req/s")
    return found
