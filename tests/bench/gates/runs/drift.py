"""Runs made up of one and the same code on a machine that drifts, as shared machines do.

Each run has a speed of its own (10 %, lognormal). Within a run the speed wanders (AR(1), 5 %, a correlation time of
30 s) or falls by a quarter for 30 s of each 120 s. A cell takes 3 s, a round measures each cell once in random order.
A cell's throughput feels from nothing to all of the speed, as it waits or computes; its CPU time per request 85 to
115 % of it. Processes differ by 1 to 4 %, measurements by 3 to 8 %, and now and then a burst of requests fails.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bench.model.record import Caveat, Record, Run
from tests.bench.builders import record, run

Within = Literal["level", "ar1", "phases"]

LEVEL_SD = 0.10
CELL_S = 3.0
BURST_SHARE = 0.03
_AR1_SD, _AR1_S = 0.05, 30.0
_PHASE_S, _PERIOD_S = 30.0, 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What both runs measure: the anchor and `cells` others, the noise of each, and how much of the speed it feels."""

    throughput_feels: NDArray[np.float64]
    cpu_feels: NDArray[np.float64]
    luck_sd: NDArray[np.float64]
    noise_sd: NDArray[np.float64]

    @property
    def count(self) -> int:
        return len(self.noise_sd)


def code(rng: np.random.Generator, cells: int) -> Code:
    """The first is the anchor, which feels all of the speed."""
    count = cells + 1
    throughput, cpu = rng.uniform(0, 1, count), rng.uniform(0.85, 1.15, count)
    throughput[0] = cpu[0] = 1.0
    return Code(
        throughput_feels=throughput,
        cpu_feels=cpu,
        luck_sd=rng.uniform(0.01, 0.04, count),
        noise_sd=rng.uniform(0.03, 0.08, count),
    )


def measured(
    rng: np.random.Generator,
    what: Code,
    repeats: int,
    within: Within,
    *,
    anchored: bool = True,
    cpu: float = 1.0,
    bursts: float = BURST_SHARE,
    name: str = "made-up",
) -> Run:
    """A run of it; `cpu` is how many times the CPU that a request of the first cell costs, and its throughput falls."""
    speed = _speed(rng, what.count * repeats, within)
    records = []
    for repeat in range(repeats):
        for place, cell in enumerate(rng.permutation(what.count)):
            if cell or anchored:
                now = speed[repeat * what.count + place]
                records.append(_record(rng, what, int(cell), repeat, now, cpu if cell == 1 else 1.0, bursts))
    return run(*records, name=name)


def _speed(rng: np.random.Generator, cells: int, within: Within) -> NDArray[np.float64]:
    """The logarithm of the machine's speed at each cell."""
    level = rng.normal(0, LEVEL_SD)
    if within == "phases":
        at_s = (CELL_S * np.arange(cells) + rng.uniform(0, _PERIOD_S)) % _PERIOD_S
        return level + np.where(at_s < _PHASE_S, math.log(0.75), 0.0)
    wander = np.zeros(cells)
    if within == "ar1":
        keeps = math.exp(-CELL_S / _AR1_S)
        wander[0] = rng.normal(0, _AR1_SD)
        for place in range(1, cells):
            wander[place] = keeps * wander[place - 1] + rng.normal(0, _AR1_SD * math.sqrt(1 - keeps**2))
    return level + wander


def _record(
    rng: np.random.Generator, what: Code, cell: int, repeat: int, speed: float, cpu: float, bursts: float
) -> Record:
    luck, *noise = rng.normal(0, 1, 3) * [what.luck_sd[cell], what.noise_sd[cell], what.noise_sd[cell]]
    throughput = 1000 * math.exp(what.throughput_feels[cell] * speed - luck + noise[0]) / cpu
    cpu_us = 100 * math.exp(-what.cpu_feels[cell] * speed + luck + noise[1]) * cpu
    failed = 1 + int(rng.poisson(7)) if rng.random() < bursts else 0
    text = f"{failed} of {3 * throughput:.0f} requests failed (reset)"
    return record(
        "uvicorn" if cell else "anchor",
        f"scenario-{cell}" if cell else "ping",
        throughput,
        repeat=repeat,
        cpu_us=cpu_us,
        errors=failed,
        valid=not failed,
        caveats=(Caveat("errors", text),) if failed else (),
    )
