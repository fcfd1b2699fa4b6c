"""A scenario's victim: the slow stream of its requests next to a load, and what one of them costs the server alone."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path

import uvloop

from bench.engines.bursts import Bursts
from bench.engines.job import Job
from bench.errors import EngineError
from bench.model.plan import ClosedLoad, OpenLoad
from bench.observe.process_tree import ProcessTree, settled_cpu_ns
from bench.results.caveats import PROBES
from bench.serve.server import Server
from scenarios.model import Scenario

_ARRIVALS_PER_S = 100.0
_MOST_ARRIVALS_PER_S = 125.0
"""In cells that are too short for the probes which a percentile needs."""
_WARM, _MEASURED = 50, 200
_MOST_S = 2.0


def probe(job: Job, samples: Path) -> Job:
    """The job of a probe next to this one: a slow, steady stream over connections of its own."""
    enough_per_s = PROBES / job.load.duration_s
    load = OpenLoad(
        min(max(enough_per_s, _ARRIVALS_PER_S), _MOST_ARRIVALS_PER_S),
        job.load.duration_s,
        job.load.warmup_s,
        arrivals="uniform",
        max_sessions=200,
    )
    return replace(job, load=load, samples=samples, victim=True)


def ping_cpu_us(scenario: Scenario, server: Server, scenarios_file: Path | None = None) -> float | None:
    """CPU time that the server takes for one request of the victim, in microseconds, while nothing else is asked.

    Up to 200 one after the other, over one connection; None where they fail or the server's time cannot be read.
    """
    assert scenario.victim is not None
    with tempfile.TemporaryDirectory(prefix="fastapi-bench-") as tmp:
        job = Job(
            server.host,
            server.port,
            scenario.name,
            ClosedLoad(1, 0),
            Path(tmp) / "pings",
            scenarios_file=scenarios_file,
            victim=True,
        )
        bursts = Bursts(job, scenario.victim, 1)
        pids = [reading.pid for reading in ProcessTree(server.pid).snapshot().processes]

        try:
            return uvloop.run(_alone(bursts, pids))
        except EngineError:
            return None


async def _alone(bursts: Bursts, pids: list[int]) -> float | None:
    try:
        await bursts.closed(_WARM)
        spent_ns = requests = 0
        deadline_s = time.monotonic() + _MOST_S
        while requests < _MEASURED and time.monotonic() < deadline_s:
            before_ns, before = settled_cpu_ns(pids), bursts.sent
            await bursts.closed(_MEASURED // 10)
            spent_ns += settled_cpu_ns(pids) - before_ns
            requests += bursts.sent - before
        return spent_ns / 1e3 / requests if spent_ns > 0 and not bursts.errors else None
    finally:
        bursts.close()  # here, as the loop would wait for its connections
