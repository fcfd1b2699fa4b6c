"""Made-up records of workers under load, whose causes are named."""

from __future__ import annotations

from dataclasses import replace

from bench.model.plan import ClosedLoad
from bench.model.record import Generator, Record, Worker, WorkerTimeline
from tests.bench.builders import record

LOAD = ClosedLoad(32, 2.0)


def worker(pid: int = 1, *, cpu_s: float = 0.2, requests: int | None = 100, **figures: object) -> Worker:
    """A worker that used a tenth of its core, unless told otherwise."""
    return Worker(pid=pid, requests=requests, cpu_s=cpu_s, rss_peak_bytes=1, **figures)  # type: ignore[arg-type]


def lane(**columns: tuple[float | None, ...]) -> WorkerTimeline:
    return WorkerTimeline(t_s=(0.5, 1.0, 1.5), **columns)  # type: ignore[arg-type]


def measured(
    *workers: Worker, p99: float = 50.0, generator: float = 0.3, busy: float | None = 0.5, **more: object
) -> Record:
    made = record(load=LOAD, p50=10.0, p99=p99, **more)  # type: ignore[arg-type]
    used = sum(one.cpu_s for one in workers)
    return replace(
        made,
        resources=replace(made.resources, workers=workers, cpu_s=used, busy_share=busy),
        generator=Generator(cpu_share=generator, cpu_us_per_request=20.0),
    )
