"""The cost of load generators, side by side: the native engine, Locust's two clients, wrk and hey where installed.

All load the same server in turn, round after round, so that the machine's drift meets them alike. The server keeps
the first CPU; a generator may use any, as it does when its users start it.

Which server it is matters. uvicorn (0.54 on uvloop 0.23) sends the head and the body of an answer apart. For two small
segments the kernel sends an acknowledgement of its own as soon as a client has read them (a fifth of the native
engine's CPU time, by `perf`), and a client that is quick wakes up for each. All bear that alike, so that what differs
between them is a smaller part. A server that answers in one write spares them both, and no generator waits for it.
"""

from __future__ import annotations

import re
import resource
import shutil
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.engines import launch
from bench.engines.job import Job
from bench.errors import EngineError
from bench.model.plan import ClosedLoad, Setup
from bench.results.summary import summarise
from bench.serve.server import Server, serving
from bench.stats.table import Column, Row, Table, label
from bench.system import host
from bench.system.home import own_command
from bench.system.processes import Processes

SCENARIO = "ping"
ONE_WRITE = Setup(
    "one-write",
    "command",
    about="a server of a few lines that answers in one write",
    http="own",
    command=tuple(own_command("bench.machine.bare_server", "{host}", "{port}")),
    health="/",
)
RAW = Setup(
    "raw",
    "uvicorn",
    about="uvicorn with an app of a few lines",
    app="bench.machine.bare_app:app",
    health="/bench/ping",
)
_USERS = 32
_WARMUP_S = 0.5
_OVERTIME_S = 30.0
_SILENT = launch.Watch(lambda: None, lambda: None, lambda _: None)


@dataclass(frozen=True, slots=True)
class GeneratorCost:
    """The cost of one generator in one round; user and system time of all its processes count."""

    cpu_us_per_request: float
    throughput_rps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """The place of a generator: the server it loads, for how long, on which CPUs (any, when none are named)."""

    server: Server
    duration_s: int
    processes: Processes
    cpus: tuple[int, ...]
    folder: Path


def missing_generators() -> tuple[str, ...]:
    """The generators that are not installed."""
    return tuple(name for name, measure in _KINDS.items() if measure is None)


def measure_costs(
    setup: Setup, names: Sequence[str], rounds: int, duration_s: int, *, pinned: bool = False
) -> Iterator[tuple[str, GeneratorCost]]:
    """Measure each generator in each round; yields (name, cost) at once. Raises ServerError and EngineError."""
    server_cpus, generator_cpus = host.cpus_for()
    with Processes() as processes, serving(setup, processes, cpus=server_cpus) as server:
        for _ in range(rounds):
            for name in names:
                with tempfile.TemporaryDirectory(prefix="fastapi-bench-") as tmp:
                    place = _Place(
                        server=server,
                        duration_s=duration_s,
                        processes=processes,
                        cpus=generator_cpus if pinned else (),
                        folder=Path(tmp),
                    )
                    yield name, _measure(name, place)


def table(title: str, costs: Mapping[str, Sequence[GeneratorCost]], *notes: str) -> Table:
    """Medians over the rounds, the range of the CPU time, and the native engine's ratio to each, round by round."""
    columns = (
        label("generator"),
        Column("CPU", "µs/req"),
        Column("range", "µs/req"),
        Column("throughput", "req/s"),
        Column("CPU ratio", "native/it"),
        Column("rate ratio", "native/it"),
    )
    rows = tuple(_row(name, found, costs["native"]) for name, found in costs.items())
    return Table(title, columns, rows, notes)


def medians(costs: Mapping[str, Sequence[GeneratorCost]]) -> dict[str, dict[str, float]]:
    """The medians over the rounds, as they go into `generators.json`."""
    return {
        name: {
            "cpu_us_per_request": round(statistics.median(c.cpu_us_per_request for c in found), 2),
            "throughput_rps": round(statistics.median(c.throughput_rps for c in found), 1),
        }
        for name, found in costs.items()
    }


def _row(name: str, found: Sequence[GeneratorCost], native: Sequence[GeneratorCost]) -> Row:
    cpu = [cost.cpu_us_per_request for cost in found]
    pairs = list(zip(native, found, strict=True))
    cpu_ratio = statistics.median(mine.cpu_us_per_request / its.cpu_us_per_request for mine, its in pairs)
    rate_ratio = statistics.median(mine.throughput_rps / its.throughput_rps for mine, its in pairs)
    return Row(
        (
            name,
            f"{statistics.median(cpu):.1f}",
            f"{min(cpu):.1f} to {max(cpu):.1f}",
            f"{statistics.median(cost.throughput_rps for cost in found):,.0f}",
            f"{cpu_ratio:.3f}",
            f"{rate_ratio:.3f}",
        )
    )


def _measure(name: str, place: _Place) -> GeneratorCost:
    measure = _KINDS[name]
    assert measure is not None
    return measure(place)


def _engine(name: str) -> Callable[[_Place], GeneratorCost]:
    """One of our engines: its CPU time in the measured part, divided by the requests answered in it."""

    def measure(place: _Place) -> GeneratorCost:
        load = ClosedLoad(_USERS, place.duration_s, _WARMUP_S)
        job = Job(place.server.address, SCENARIO, load, place.folder / "samples")
        samples, _ = launch.run(name, [job], place.processes, _SILENT, cpus=place.cpus)
        found = summarise(samples)
        if not found.answered or found.errors:
            raise EngineError(f"{name}: requests failed; its figures would mean nothing")
        return GeneratorCost(samples.cpu_s * 1e6 / found.answered, found.throughput_rps)

    return measure


def _program(
    name: str, options: Sequence[str], answered: str, failed: str
) -> Callable[[_Place], GeneratorCost] | None:
    """A program on PATH: the CPU time of its whole life, divided by the requests that it reports as answered."""
    path = shutil.which(name)
    if path is None:
        return None

    def measure(place: _Place) -> GeneratorCost:
        log = place.folder / "output"
        seconds = f"{place.duration_s}s"
        command = [path, *(option.format(seconds=seconds, users=_USERS) for option in options)]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with place.processes.running(
            [*command, f"{place.server.url}/bench/ping"], log=log, cpus=place.cpus
        ) as child:
            child.wait(place.duration_s + _OVERTIME_S)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        output = log.read_text(errors="replace")
        found = re.search(answered, output)
        if child.returncode or found is None or re.search(failed, output):
            raise EngineError(f"{name} failed; it wrote:\n{output[-2000:]}")
        cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        return GeneratorCost(cpu_s * 1e6 / int(found[1]), int(found[1]) / place.duration_s)

    return measure


_KINDS: dict[str, Callable[[_Place], GeneratorCost] | None] = {
    "native": _engine("native"),
    "wrk": _program(
        "wrk",
        ("-t1", "-c{users}", "-d{seconds}"),
        r"(\d+) requests in",
        r"Non-2xx|Socket errors",
    ),
    "hey": _program(
        "hey",
        ("-z", "{seconds}", "-c", "{users}"),
        r"\[200\]\s+(\d+) responses",
        r"\[[1345]\d\d\]\s+\d+ responses|Error distribution",
    ),
    "locust-fast": _engine("locust"),
    "locust-http": _engine("locust-http"),
}
NAMES = tuple(name for name, measure in _KINDS.items() if measure is not None)
