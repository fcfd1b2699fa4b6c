"""A record and its parts, and a run of records, all frozen: field names are the format of `records.jsonl`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bench.model.evidence import FailedRequest
from bench.model.facts import RunFacts
from bench.model.plan import Cell

SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSummary:
    """The requests of one label: how many were sent, how many failed and how, and the response times of all of them.

    `throughput_rps` counts good answers that arrived in the measured part; None in records of before. Of a victim
    only: `shed` are sessions that never started, and `under_way` is how many requests were under way on average in each
    third of the measured part. `first_byte_ms` runs from the intended start to the first bytes of the answer, None
    where every answer came in one piece. `gap_ms` is the time between pieces of answers whose end is not known ahead
    (streams, server-sent events), `gaps` their number; None where there was none.
    """

    requests: int
    errors: int
    response_ms: Latency
    shed: int = 0
    under_way: tuple[float, ...] = ()
    errors_by_kind: Mapping[str, int] = field(default_factory=dict)
    throughput_rps: float | None = None
    first_byte_ms: Latency | None = None
    gap_ms: Latency | None = None
    gaps: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineBin:
    """One bin of the timeline: `t_s` is its start, counted from the start of the measured part."""

    t_s: float
    throughput_rps: float
    errors: int
    p50_ms: float | None
    p99_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StageSummary:
    """One stage of a load that is not constant, as `Summary` says it of the whole; `level` is the stage's mean."""

    t_s: float
    duration_s: float
    level: float
    requests: int
    errors: int
    throughput_rps: float
    response_ms: Latency


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """The samples of a cell, summed up.

    `requests` are those whose intended start lies in the measured part, `errors` those among them that failed;
    `throughput_rps` counts good answers that arrived in it. Response runs from the intended start, service from the
    moment of sending, connect is the wait for a new connection (of the requests that had one), and lag is what lies
    between the intended start and either. `curve_ms` holds (percentile, response in ms) as far as the samples carry.
    `answered` requests ended in the measured part, well or not; `under_way` are those at its start and at its end, and
    `measured_s` is its length: of a lane, that of all slices (0 in records of before). Of all requests, `lost` have no
    sample (0, or the engine is wrong), and `resent` met a connection that had just been closed. `unchecked` have no
    check, which looked at no more than `looked_at` requests of a session that did not end by then.
    `time_weighted_ms` has percentiles of response times by the time they took: of all the time of requests, 1 % was
    spent in those that took p99 or longer. `stalled_share` is the share of the measured part in stretches without an
    answer, each over ten times the p99 of service, and the longest of `longest_stall_ms`. `first_byte_ms` and `gap_ms`
    are those of all requests together, as `RequestSummary` says it of one name.
    """

    requests: int
    errors: int
    shed: int
    throughput_rps: float
    response_ms: Latency
    service_ms: Latency
    lag_ms: Latency
    by_request: Mapping[str, RequestSummary]
    timeline: tuple[TimelineBin, ...]
    curve_ms: tuple[tuple[float, float], ...] = ()
    errors_by_kind: Mapping[str, int] = field(default_factory=dict)
    unfinished: int = 0
    mean_concurrency: float | None = None
    victim: RequestSummary | None = None
    stages: tuple[StageSummary, ...] = ()
    lost: int = 0
    resent: int = 0
    answered: int | None = None
    under_way: tuple[int, int] | None = None
    connect_ms: Latency = Latency()
    time_weighted_ms: Latency = Latency()
    stalled_share: float = 0.0
    longest_stall_ms: float = 0.0
    unchecked: tuple[str, ...] = ()
    looked_at: int | None = None
    measured_s: float = 0.0
    first_byte_ms: Latency | None = None
    gap_ms: Latency | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LaneSlices:
    """The slices of a lane in one round, in columns; all are empty where the cell was one long stretch.

    `rotation` numbers the rotation of each slice within its round: slices of one rotation ran within a second or so of
    each other. `t_s` is the middle of each, by CLOCK_MONOTONIC. `anchor_rps` and `anchor_cpu_us` are the figures of the
    anchor lane in the same rotation, None where it had no slice in it; they are filled where the setups of a round did
    not all live at once.
    """

    rotation: tuple[int, ...] = ()
    t_s: tuple[float, ...] = ()
    requests: tuple[int, ...] = ()
    throughput_rps: tuple[float, ...] = ()
    cpu_us_per_request: tuple[float | None, ...] = ()
    anchor_rps: tuple[float | None, ...] = ()
    anchor_cpu_us: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """The resources that the server's process tree used in the measured part, its master process included.

    `cpu_us_per_request` leaves out the pings to a victim: one of them took `ping_cpu_us` alone, before the load.
    `busy_share` is the time that its CPUs worked, for whomever: 1.0 when all of them always did. `others_share` is what
    processes that are none of ours took of the server's CPUs, or of the generator's if that is more. `services_cpu_s`
    is what our own database and cache used, from before the warm-up on. `throttled_s` is how long a CPU quota (cgroup)
    stopped us. `shared` is what server and generator have in common: a `core` with two hyperthreads, the only `cpu`.
    Memory and CPU time are None where the processes are not known, and so is `steal_share` on another machine.
    """

    cpu_us_per_request: float | None
    rss_peak_bytes: int | None
    workers: tuple[Worker, ...]
    cpu_s: float | None = 0.0
    cpus: tuple[int, ...] = ()
    steal_share: float | None = 0.0
    timeline: tuple[ResourceSlice, ...] = ()
    busy_share: float | None = None
    others_share: float = 0.0
    services_cpu_s: float = 0.0
    ping_cpu_us: float | None = None
    throttled_s: float = 0.0
    shared: Literal["", "core", "cpu"] = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Generator:
    """The cost of making the load, and delays of the generator.

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


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetGenerator:
    """One of several generator processes, on one machine or many, as the one that led them knew it.

    `users` are the most that it had at once, `requests` and `errors` what it reported, and `p99_ms` is of all its
    response times. `cpu_share` is 1.0 for one busy core, and `lag_ms` how late its event loop ran at the worst.
    `round_trip_ms` is the shortest way to the leader and back of late, `ahead_ms` how far its clock is ahead of the
    leader's (both None where it never answered). `rows` are the requests that it handed over one by one, None where it
    shares the leader's disk. One that `is_lost` did not report the end of the test.
    """

    name: str
    users: int
    requests: int
    errors: int
    p99_ms: float | None = None
    cpu_share: float | None = None
    lag_ms: float | None = None
    round_trip_ms: float | None = None
    ahead_ms: float | None = None
    rows: int | None = None
    is_lost: bool = False


@dataclass(frozen=True, slots=True)
class Caveat:
    """A reason to doubt a number: a stable code, and a sentence with the figure."""

    code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One measured cell, with its doubts. An invalid record is shown but never ranked.

    `profile` is the file of a worker's flame graph, in the run's folder. `slices` are those of a lane, and
    `idle_cpu_share` is what its server used while no server of the round was loaded, 1.0 for one busy core. `failed`
    are the first failed requests, warm-up included, and `server_log` is then the end of the server's log. `fleet` are
    the generators of a test that Locust's master led.
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
    slices: LaneSlices = LaneSlices()
    idle_cpu_share: float | None = None
    failed: tuple[FailedRequest, ...] = ()
    server_log: str = ""
    fleet: tuple[FleetGenerator, ...] = ()
    schema: int = SCHEMA

    @property
    def measured_s(self) -> float:
        """The length of the measured part."""
        return self.summary.measured_s or self.cell.load.duration_s


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
    facts: RunFacts
    records: tuple[Record, ...]
    failures: tuple[Failure, ...] = ()
