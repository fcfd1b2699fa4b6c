"""The bystander: a light flow next to a load, and the CPU time that one of its requests takes the server alone."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path

from bench.engines.bursts import Bursts, run_bursts
from bench.engines.job import Job
from bench.errors import EngineError
from bench.model.attachment import steady_rps
from bench.model.plan import TIMEOUT_S, ClosedLoad, OpenLoad
from bench.observe.process_tree import ProcessTree, settled_cpu_ns
from bench.results.caveats import BYSTANDER_REQUESTS
from bench.serve.server import Server
from scenarios.model import Scenario

_ARRIVALS_PER_S = 100.0
_MOST_ARRIVALS_PER_S = 125.0
"""In cells that are too short for the requests that a percentile needs."""
_MEASURED = 200
_MOST_S = 2.0


def bystander_job(job: Job, samples: Path) -> Job:
    """The job of the bystander next to this one: a slow, steady stream over connections of its own."""
    enough_per_s = BYSTANDER_REQUESTS / job.load.duration_s
    arrivals_per_s = min(max(enough_per_s, _ARRIVALS_PER_S), _MOST_ARRIVALS_PER_S)
    load = OpenLoad(
        min(arrivals_per_s, steady_rps(job.most_rps)) if job.most_rps else arrivals_per_s,
        job.load.duration_s,
        job.load.warmup_s,
        arrivals="uniform",
        max_sessions=200,
    )
    return replace(job, load=load, samples=samples, bystander=True)


def ping_cpu_us(
    scenario: Scenario,
    server: Server,
    scenarios_file: Path | None = None,
    requests: int = _MEASURED,
    timeout_s: float = TIMEOUT_S,
) -> float | None:
    """CPU time of the server for one of the bystander's requests, in microseconds, while no other is under way.

    The mean of up to so many one after the other, over one connection; None where they fail or the server's CPU time
    cannot be read, for which none is sent where its processes are not known. The scenario must have a bystander.
    """
    assert scenario.victim is not None
    if server.pid is None:
        return None
    with tempfile.TemporaryDirectory(prefix="fastapi-bench-") as tmp:
        job = Job(
            server.address,
            scenario.name,
            ClosedLoad(1, 0),
            Path(tmp) / "pings",
            scenarios_file=scenarios_file,
            bystander=True,
            timeout_s=timeout_s,
            most_rps=server.most_rps,
        )
        bursts = Bursts(job, scenario.victim, 1)
        pids = [reading.pid for reading in ProcessTree(server.pid).snapshot().processes]

        try:
            return run_bursts(_alone(bursts, pids, requests))
        except EngineError:
            return None


async def _alone(bursts: Bursts, pids: list[int], wanted: int) -> float | None:
    try:
        await bursts.closed(wanted // 4)
        spent_ns = requests = 0
        deadline_s = time.monotonic() + _MOST_S
        while requests < wanted and not bursts.errors and time.monotonic() < deadline_s:
            before_ns, before = settled_cpu_ns(pids), bursts.sent
            await bursts.closed(max(1, wanted // 10))
            spent_ns += settled_cpu_ns(pids) - before_ns
            requests += bursts.sent - before
        return spent_ns / 1e3 / requests if spent_ns > 0 and not bursts.errors else None
    finally:
        bursts.close()  # here, as the loop would wait for its connections
