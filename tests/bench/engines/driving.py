"""Runs a job to its end, under an engine or as one burst of sessions; all its samples."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from bench.engines import launch
from bench.engines.bursts import Bursts, run_bursts
from bench.engines.job import Job
from bench.model.recording import gather
from bench.model.samples import Samples
from bench.system.processes import Processes
from scenarios.model import Flow


def run_engine(engine: str, job: Job, processes: Processes) -> Samples:
    """Under an engine, by its name."""
    watch = launch.Watch(lambda: None, lambda: None, lambda _: None)
    return gather(launch.run(engine, [job], processes, watch)[0])


def run_burst(job: Job, session: Callable[[Random], Flow], users: int, sessions: int) -> Samples:
    """As so many sessions of so many users, in this process."""

    async def run() -> Samples:
        bursts = Bursts(job, session, users)
        try:
            await bursts.closed(sessions)
        finally:
            samples = bursts.close()
        return samples

    return run_bursts(run())
