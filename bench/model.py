"""The nouns: what is run, how it is loaded, and what is known afterwards. All frozen, all plain.

Their field names are the format of `records.jsonl`; `store.py` writes and reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

SCHEMA = 1

# --- what to run ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Setup:
    """A server to start: kind, workers, loop, parser, app, and the app's environment.

    `http` is "own" where the server brings its own parser; `worker` is gunicorn's worker class.
    `app` is `module:attribute`, or `module:factory()` for a factory. In `env`, `args` and `command`, `{tmp}` stands
    for a folder that lives as long as the server, `{port}` for its port and `{python}` for this interpreter; in `env`,
    `{postgres}` and `{redis}` stand for the URLs of the `services`, which are started for the server, empty at first.
    In `command`, `{bench}` stands for the harness's own folder. `needs` names a program without which the setup is left
    out of a plan.
    """

    name: str
    server: Literal["uvicorn", "gunicorn", "granian", "hypercorn", "command"]
    about: str = ""
    workers: int = 1
    loop: Literal["uvloop", "asyncio"] = "uvloop"
    http: Literal["httptools", "h11", "own"] = "httptools"
    worker: Literal["uvicorn", "asgi"] = "uvicorn"
    app: str = "target_app.main:create_app()"
    env: Mapping[str, str] = field(default_factory=dict)
    services: tuple[Literal["postgres", "redis"], ...] = ()
    args: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    health: str = "/health/live"
    cpus: tuple[int, ...] = ()
    needs: str = ""


Shape = Literal["constant", "step", "ramp", "spike"]
"""How a load changes over its measured part; users or arrivals are its highest level."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of a load: its start and length, and the users or arrivals per second it begins and ends with."""

    t_s: float
    duration_s: float
    first: float
    last: float


@dataclass(frozen=True, slots=True)
class ClosedLoad:
    """`users` who each wait for an answer, and then for `think_s` on average, before they start again.

    Think times are exponential, so that users do not march in step.
    """

    users: int
    duration_s: float
    warmup_s: float = 0.5
    think_s: float = 0.0
    shape: Shape = "constant"
    kind: Literal["closed"] = "closed"

    @property
    def label(self) -> str:
        thinking = f" thinking {self.think_s:g} s" if self.think_s else ""
        return f"{self.users} user{'' if self.users == 1 else 's'}{thinking}{_shaped(self.shape)}"


@dataclass(frozen=True, slots=True)
class OpenLoad:
    """Sessions that arrive at a rate, whether or not the server keeps up; beyond `max_sessions` they are shed."""

    arrivals_per_s: float
    duration_s: float
    warmup_s: float = 0.5
    arrivals: Literal["poisson", "uniform"] = "poisson"
    max_sessions: int = 1000
    shape: Shape = "constant"
    kind: Literal["open"] = "open"

    @property
    def label(self) -> str:
        return f"{self.arrivals_per_s:g} arrivals/s{_shaped(self.shape)}"


def _shaped(shape: Shape) -> str:
    return "" if shape == "constant" else f", {shape}"


Load = ClosedLoad | OpenLoad


@dataclass(frozen=True, slots=True)
class Cell:
    """One measurement: a setup under a scenario, an engine and a load, for the `repeat`-th time (from 0)."""

    setup: str
    scenario: str
    engine: str
    load: Load
    repeat: int = 0

    @property
    def key(self) -> tuple[str, str, str, Load]:
        """What repeats of one cell share."""
        return (self.setup, self.scenario, self.engine, self.load)

    @property
    def label(self) -> str:
        return f"{self.setup} / {self.scenario} / {self.engine} / {self.load.label}"


@dataclass(frozen=True, slots=True)
class Block:
    """Setups x scenarios x engines x loads, each cell `repeats` times."""

    setups: tuple[str, ...]
    scenarios: tuple[str, ...]
    engines: tuple[str, ...]
    loads: tuple[Load, ...]
    repeats: int


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure, as blocks that overlap freely: a cell named twice is measured once.

    `processes` native generators share each load. Without a `seed` one is drawn for each run.
    """

    name: str
    about: str
    blocks: tuple[Block, ...]
    seed: int | None = None
    processes: int = 1


# --- what is known afterwards --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Latency:
    """A distribution in milliseconds; every field is None when there was nothing to measure.

    `p999` is None below 10,000 requests, too: of fewer, fewer than ten lie beyond it.
    """

    mean: float | None = None
    p50: float | None = None
    p90: float | None = None
    p95: float | None = None
    p99: float | None = None
    p999: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True)
class RequestSummary:
    """The requests of one label: how many were sent, how many failed, and the response times of all of them.

    Of a victim only: `shed` are sessions that never started, and `under_way` is how many requests were under way on
    average in each third of the measured part.
    """

    requests: int
    errors: int
    response_ms: Latency
    shed: int = 0
    under_way: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Slice:
    """One bin of the timeline: `t_s` is its start, counted from the start of the measured part."""

    t_s: float
    throughput_rps: float
    errors: int
    p50_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True, slots=True)
class StageSummary:
    """One stage of a load that is not constant, as `Summary` says it of the whole; `level` is the stage's mean."""

    t_s: float
    duration_s: float
    level: float
    requests: int
    errors: int
    throughput_rps: float
    response_ms: Latency


@dataclass(frozen=True, slots=True)
class Summary:
    """What a cell's samples say.

    `requests` are those whose intended start lies in the measured part, `errors` those among them that failed;
    `throughput_rps` counts good answers that arrived in it. Response runs from the intended start, service from the
    moment of sending, connect is the wait for a new connection (of the requests that had one), and lag is what lies
    between the intended start and either. `curve_ms` holds (percentile, response in ms) as far as the samples carry.
    `answered` requests ended in the measured part, well or not; `under_way` are those at its start and at its end.
    `lost` are requests that were sent, warm-up included, and of which there is no sample: none, or the engine is wrong.
    `time_weighted_ms` has the percentiles of response times weighted by the time they took: of all the time that
    requests were under way, 1 % was spent in requests that took p99 or longer. `stalled_share` is the share of the
    measured part in stretches, each longer than ten times the p99 of service, in which requests waited and none was
    answered; the longest took `longest_stall_ms`. `unchecked` are requests of which only the status was looked at.
    """

    requests: int
    errors: int
    shed: int
    throughput_rps: float
    response_ms: Latency
    service_ms: Latency
    lag_ms: Latency
    by_request: Mapping[str, RequestSummary]
    timeline: tuple[Slice, ...]
    curve_ms: tuple[tuple[float, float], ...] = ()
    errors_by_kind: Mapping[str, int] = field(default_factory=dict)
    unfinished: int = 0
    mean_concurrency: float | None = None
    victim: RequestSummary | None = None
    stages: tuple[StageSummary, ...] = ()
    lost: int = 0
    answered: int | None = None
    under_way: tuple[int, int] | None = None
    connect_ms: Latency = Latency()
    time_weighted_ms: Latency = Latency()
    stalled_share: float = 0.0
    longest_stall_ms: float = 0.0
    unchecked: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkerTimeline:
    """How a worker fared, slice by slice: columns of equal length, each empty where it was not measured.

    `t_s` is the end of each slice, counted from the start of the measured part. Shares and rates are means over the
    slice (`run_wait_share`: the time that its threads were ready and had no CPU, over its length; a preemption is a
    switch that the thread did not ask for), memory and threads are those at its end, and what the worker's probe says
    is the largest in it. `tokens` are of the thread pool, `pool` is the database pool for reading.
    """

    t_s: tuple[float, ...] = ()
    cpu_share: tuple[float, ...] = ()
    run_wait_share: tuple[float, ...] = ()
    rss_bytes: tuple[int, ...] = ()
    threads: tuple[int, ...] = ()
    switches_per_s: tuple[float, ...] = ()
    preemptions_per_s: tuple[float, ...] = ()
    throughput_rps: tuple[float, ...] = ()
    loop_lag_ms: tuple[float | None, ...] = ()
    tokens_busy: tuple[float | None, ...] = ()
    tokens_waiting: tuple[float | None, ...] = ()
    pool_busy: tuple[float | None, ...] = ()
    pool_waiting: tuple[float | None, ...] = ()
    gc_pause_ms: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Worker:
    """One process of the server; `requests` is None when its answers do not tell (no `X-Worker` header).

    `run_wait_s` is the time that its threads were ready and had no CPU, `switches` and `preemptions` count how often
    they gave it up and how often it was taken. From its probe, and empty without one: the limits `tokens` and `pool`,
    `collections` of each generation, and the time they took in all.
    """

    pid: int
    requests: int | None
    cpu_s: float
    rss_peak_bytes: int
    threads_peak: int = 1
    run_wait_s: float = 0.0
    switches: int = 0
    preemptions: int = 0
    response_ms: Latency | None = None
    tokens: int | None = None
    pool: int | None = None
    collections: tuple[int, ...] = ()
    gc_ms: float | None = None
    timeline: WorkerTimeline = WorkerTimeline()


@dataclass(frozen=True, slots=True)
class ResourceSlice:
    """The server's whole process tree at one moment; `cpu_share` is 1.0 for one busy core since the last one.

    `connections` are those open on its port when the slice began: at its end the generator may have closed some. They
    are None where they were not counted.
    """

    t_s: float
    cpu_share: float
    rss_bytes: int
    threads: int
    connections: int | None = None


@dataclass(frozen=True, slots=True)
class Resources:
    """What the server's process tree used in the measured part; its master process counts in the totals.

    `cpu_us_per_request` leaves out the pings to a victim: one of them took `ping_cpu_us` alone, before the load.
    `busy_share` is the time that its CPUs worked, for whomever: 1.0 when all of them always did. `others_share` is what
    processes that are none of ours took of the server's CPUs, or of the generator's if that is more. `services_cpu_s`
    is what our own database and cache used, from before the warm-up on. `throttled_s` is how long a CPU quota (cgroup)
    stopped us. `shared` is what server and generator have in common: a `core` with two hyperthreads, the only `cpu`.
    """

    cpu_us_per_request: float | None
    rss_peak_bytes: int
    workers: tuple[Worker, ...]
    cpu_s: float = 0.0
    cpus: tuple[int, ...] = ()
    steal_share: float = 0.0
    timeline: tuple[ResourceSlice, ...] = ()
    busy_share: float | None = None
    others_share: float = 0.0
    services_cpu_s: float = 0.0
    ping_cpu_us: float | None = None
    throttled_s: float = 0.0
    shared: Literal["", "core", "cpu"] = ""


@dataclass(frozen=True, slots=True)
class Generator:
    """What making the load cost, and what held the generator up.

    `cpu_share` is 1.0 when every core that the generator can use is busy; a victim's probe counts, and so does the
    harness itself where it has no CPU of its own. `late_ms` is how late the event loop came to calls that were due
    every 5 ms, `stalled_share` the time in stretches of lateness that bend the figures. `run_wait_share` is the time
    that the process had no CPU though it was ready, None where the system does not say; `steal_share` is what the
    hypervisor took of its CPUs; `imported` are modules that were loaded in the measured part.
    """

    cpu_share: float
    cpu_us_per_request: float | None
    late_ms: Latency = Latency()
    stalled_share: float = 0.0
    run_wait_share: float | None = None
    steal_share: float = 0.0
    imported: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Caveat:
    """A reason to doubt a number: a stable code, and a sentence with the figure."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Record:
    """One measured cell, with its doubts. An invalid record is shown but never ranked.

    `profile` is the file of a worker's flame graph, in the run's folder.
    """

    run: str
    cell: Cell
    summary: Summary
    resources: Resources
    generator: Generator
    valid: bool
    caveats: tuple[Caveat, ...] = ()
    started_at: str = ""
    profile: str | None = None
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True)
class Failure:
    """A cell, or a setup's whole round, that could not be measured, and why."""

    setup: str
    repeat: int
    error: str
    scenario: str | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """A finished or interrupted run: its facts (`run.json`), its records and its failures."""

    name: str
    facts: Mapping[str, object]
    records: tuple[Record, ...]
    failures: tuple[Failure, ...] = ()
