"""`bench generators`: the cost of making load, by generator."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from bench.cli._terminal import note, say, short_path
from bench.machine.generators import (
    NAMES,
    ONE_WRITE,
    RAW,
    GeneratorCost,
    measure_costs,
    medians,
    missing_generators,
    table,
)
from bench.plan.config import load_setups
from bench.report.text import render
from bench.system.extras import need

_BARE = ("native", "wrk", "hey")
_PINNED = ("native", "wrk")
_LIMITS = "The throughput here is each generator's own limit, not the server's."
_AGREEMENT = "Here all wait for the server: the rate ratio says how well they agree on its throughput."


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
    need("app", "locust", "servers", what="`bench generators`")
    for name in missing_generators():
        note(f"{name} is not installed and is left out; on Debian: apt-get install {name}")
    costs = _collect(measure_costs(ONE_WRITE, NAMES, rounds, duration))
    _show("A server that answers in one write; the generators may use every CPU", costs, _LIMITS)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(medians(costs), indent=2) + "\n")
    costs = _collect(measure_costs(RAW, _installed(_BARE), rounds, duration))
    _show("A bare ASGI app under uvicorn, which answers in two; the same CPUs", costs)
    uvicorn = load_setups()["uvicorn"]
    costs = _collect(measure_costs(uvicorn, _installed(_PINNED), rounds, duration, pinned=True))
    _show("The target app's ping under uvicorn; generators pinned as in every run", costs, _AGREEMENT)
    say(f"medians of the first table: {short_path(out)}")


def _installed(names: Iterable[str]) -> list[str]:
    return [name for name in names if name in NAMES]


def _collect(costs: Iterable[tuple[str, GeneratorCost]]) -> dict[str, list[GeneratorCost]]:
    """Each generator's costs in order; note each as it arrives."""
    by_name: dict[str, list[GeneratorCost]] = {}
    for name, cost in costs:
        by_name.setdefault(name, []).append(cost)
        note(f"{name:<12} {cost.cpu_us_per_request:8.1f} µs/req {cost.throughput_rps:10,.0f} req/s")
    return by_name


def _show(title: str, costs: dict[str, list[GeneratorCost]], *notes: str) -> None:
    say(render(table(title, costs, *notes)))
