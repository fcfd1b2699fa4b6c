"""A search for the capacity, made up: what `bench capacity` leaves behind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from bench.model.facts import read_facts
from bench.model.plan import ClosedLoad, OpenLoad, Setup
from bench.model.record import Caveat, Record, Run
from tests.bench.builders import facts, record

CAPACITY = {
    "setup": "uvicorn",
    "scenario": "io-async",
    "objectives": ["p99<50ms", "errors<0.1%"],
    "tolerance": 0.05,
    "arrivals_per_s": 560.0,
    "held": 2,
    "failed": 1,
    "limit": "service",
    "confirmations": [
        {"arrivals_per_s": 560.0, "duration_s": 12.0, "held": 2, "failed": 1},
        {"arrivals_per_s": 600.0, "duration_s": 12.0, "held": 0, "failed": 2},
    ],
}
FACTS: dict[str, Any] = facts(Setup("uvicorn", "uvicorn")) | {"capacity": CAPACITY}


def trial(rate: float, duration_s: float, p99: float, *, errors: int = 0, reached: float = 1.0) -> Record:
    """One trial: `reached` is the share of what was due that was answered; the server is full at 1000 requests/s."""
    short = (Caveat("rate-not-reached", "..."),) if reached < 0.98 else ()
    made = record(
        scenario="io-async",
        load=OpenLoad(rate, duration_s),
        throughput=rate * reached,
        p50=p99 / 2,
        p99=p99,
        errors=errors,
        caveats=short,
        valid=not short,
        workers=(1,),
    )
    due = round(rate * duration_s)
    used = replace(made.resources, cpu_s=rate / 1000 * duration_s)
    return replace(made, summary=replace(made.summary, requests=due), resources=used)


def search(**capacity: object) -> Run:
    """Double, halve, confirm: 560 arrivals/s hold twice of three times, and 600 never."""
    made = (
        record(scenario="io-async", load=ClosedLoad(64, 2.0), throughput=800),
        trial(100, 4, 12.0),
        trial(200, 4, 12.5),
        trial(400, 4, 13.0),
        trial(800, 4, 1900.0, reached=0.7),
        trial(800, 4, 2000.0, reached=0.7),
        trial(560, 4, 45.0),
        trial(560, 12, 18.0),
        trial(600, 12, 700.0, reached=0.95),
        trial(560, 12, 20.0),
        trial(600, 12, 710.0, reached=0.95),
        trial(560, 12, 650.0),
    )
    return Run("made-up", read_facts(FACTS | {"capacity": CAPACITY | capacity}), made)
