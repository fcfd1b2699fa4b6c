"""Caveats of the machine: what server and generator lacked, and what else the CPUs did."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from bench.model.record import Caveat, Generator, Resources
from bench.results.caveats import (
    GENERATOR_SHARE,
    GENERATOR_STALLED,
    LAG_SHARE,
    OTHER_LOAD,
    OTHERS_SHARE,
    STALLED_SHARE,
    STEAL,
    STEAL_SHARE,
)
from bench.results.workers import imbalance

LATE_FLOOR_MS = 2.0
RUN_WAIT_SHARE = 0.05
IMBALANCE = 1.25
THROTTLED_SHARE = 0.001
IDLE_SHARE = 0.05


def stalled_share(late_ms: NDArray[np.float64], duration_s: float, service_p50_ms: float | None) -> float:
    """The share of the time in which a generator's loop was late by so much that its figures show it.

    Latenesses beyond 2 ms, and beyond a tenth of the median service time.
    """
    least_ms = max(LATE_FLOOR_MS, LAG_SHARE * (service_p50_ms or 0.0))
    return float(late_ms[late_ms > least_ms].sum()) / 1e3 / duration_s


def generator(figures: Generator) -> Iterator[Caveat]:
    """What the generator lacked."""
    yield from generator_saturation(figures)
    yield from generator_stalls(figures)


def generator_saturation(generator: Generator) -> Iterator[Caveat]:
    if generator.cpu_share > GENERATOR_SHARE:
        yield Caveat(
            "generator-saturated",
            f"the generator used {generator.cpu_share:.0%} of its core: it may be what is measured",
        )


def generator_stalls(generator: Generator) -> Iterator[Caveat]:
    reasons = []
    if generator.stalled_share > STALLED_SHARE:
        reasons.append(
            f"its event loop was late for {generator.stalled_share:.1%} of the time, "
            f"by {generator.late_ms.max or 0.0:.1f} ms at worst"
        )
    if (generator.run_wait_share or 0.0) > RUN_WAIT_SHARE:
        reasons.append(f"it waited for a CPU for {generator.run_wait_share:.1%} of the time")
    if generator.steal_share > STEAL_SHARE:
        reasons.append(f"the hypervisor took {generator.steal_share:.1%} of its CPUs away")
    if generator.imported:
        named = ", ".join(generator.imported[:3])
        reasons.append(f"it loaded {len(generator.imported)} modules while it measured ({named})")
    if reasons:
        yield Caveat(GENERATOR_STALLED, f"the generator itself was held up: {'; '.join(reasons)}")


def shortage(resources: Resources, measured_s: float) -> Iterator[Caveat]:
    """What others took of the CPUs."""
    yield from steal(resources)
    yield from throttling(resources, measured_s)
    yield from other_load(resources)


def steal(resources: Resources) -> Iterator[Caveat]:
    if resources.steal_share is not None and resources.steal_share > STEAL_SHARE:
        yield Caveat(STEAL, f"the hypervisor took {resources.steal_share:.1%} of the server's CPUs away")


def throttling(resources: Resources, measured_s: float) -> Iterator[Caveat]:
    if resources.throttled_s > THROTTLED_SHARE * measured_s:
        yield Caveat(
            "throttled",
            f"a CPU quota (cgroup) stopped our processes for {resources.throttled_s:.2f} s in all: raise the quota, or "
            "measure with fewer workers",
        )


def other_load(resources: Resources) -> Iterator[Caveat]:
    if resources.others_share > OTHERS_SHARE:
        yield Caveat(
            OTHER_LOAD,
            f"other processes took {resources.others_share:.0%} of the server's CPUs or of the generator's",
        )


def shared_cpus(resources: Resources) -> Iterator[Caveat]:
    if resources.shared == "cpu":
        yield Caveat("one-cpu", "server and generator shared a CPU: each took the other's time")
    elif resources.shared == "core":
        yield Caveat(
            "shared-core", "server and generator ran on two hyperthreads of one core: each slows the other"
        )
    elif not resources.cpus:
        yield Caveat("not-pinned", "nothing was pinned: server and generator shared their CPUs")


def uneven_workers(resources: Resources) -> Iterator[Caveat]:
    """By the requests that each answered; where the answers do not tell, nobody can say."""
    counts = [worker.requests for worker in resources.workers if worker.requests is not None]
    index = imbalance(counts)
    if index is not None and index > IMBALANCE:
        shares = " / ".join(f"{count / sum(counts):.0%}" for count in sorted(counts, reverse=True))
        yield Caveat(
            "uneven-workers",
            f"the workers answered {shares} of the requests: imbalance {index:.2f}, even is 1",
        )


def unrest(idle_cpu_share: float | None) -> Iterator[Caveat]:
    """Whether a server works without a load: it takes that from all others of its round, too."""
    if idle_cpu_share is not None and idle_cpu_share > IDLE_SHARE:
        yield Caveat("not-idle", f"without any load the server used {idle_cpu_share:.1%} of a core")


def profiling(is_profiled: bool) -> Iterator[Caveat]:
    if is_profiled:
        yield Caveat(
            "profiled",
            "a profiler looked at one worker meanwhile: the cell's figures are a little worse for it",
        )
