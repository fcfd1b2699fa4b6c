"""Runs generators as processes of their own: names their common start, reports their progress, reads their samples."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.engines.job import Job
from bench.errors import EngineError, UsageError
from bench.model.plan import Load, OpenLoad
from bench.model.recording import record
from bench.model.samples import Recording
from bench.system.extras import need
from bench.system.home import HOME, own_command
from bench.system.logs import tail
from bench.system.processes import Processes

_TICK_S = 0.5
_READY_WITHIN_S = 30.0
_OVERTIME_S = 30.0
_LEAD_NS = 30_000_000
_LOG_LINES = 30
_READ_BYTES = 65536

LOCUSTFILE = HOME / "locustfile.py"
_LOCUST_RECORDER = Path(__file__).with_name("locust_recorder.py")


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of a cell: requests and errors so far, and the p99 of the last few thousand responses."""

    requests: int
    errors: int
    p99_ms: float | None


@dataclass(frozen=True, slots=True)
class Watch:
    """Callbacks while generators run: at the start and at the end of the measured part, and for progress."""

    started: Callable[[], None]
    ended: Callable[[], None]
    progress: Callable[[Progress], None]


def check_load(engine: str, load: Load) -> None:
    """Raise UsageError when an engine cannot make a load, or is not installed."""
    if not engine.startswith("locust"):
        return
    need("locust", what=f"the {engine} engine")
    if isinstance(load, OpenLoad):
        raise UsageError(
            f"the {engine} engine only drives closed loads: give --users, or use --engine native"
        )
    if load.shape != "constant" or load.think_s:
        raise UsageError(
            f"the {engine} engine only drives constant loads without think time: use --engine native"
        )


def run(
    engine: str,
    jobs: Sequence[Job],
    processes: Processes,
    watch: Watch,
    *,
    cpus: Sequence[int] = (),
    companions: Sequence[Job] = (),
) -> tuple[Recording, list[Recording]]:
    """Run the jobs of one cell side by side and join their samples; gives the companions' samples apart.

    Where these are many they stay in the files of the jobs.

    Companions are native generators that go at the same moment (a bystander). Raises EngineError when a
    generator fails or overruns.
    """
    with contextlib.ExitStack() as stack:
        generators = [
            stack.enter_context(_launch(kind, job, processes, cpus))
            for kind, some in ((engine, jobs), ("native", companions))
            for job in some
        ]
        _converse(generators, generators[: len(jobs)], watch, max(_span_s(job) for job in jobs))
    return record([job.samples for job in jobs]), [record([job.samples]) for job in companions]


def _native_command(job: Job, path: Path) -> list[str]:
    return own_command("bench.engines.native", str(path))


def _locust_command(job: Job, path: Path) -> list[str]:
    users = str(getattr(job.load, "users", 1))
    return [
        *own_command("bench.engines.locust_program", "-f", f"{LOCUSTFILE},{_LOCUST_RECORDER}"),
        *("--headless", "--users", users, "--spawn-rate", users),
        *("--host", f"{job.address.scheme}://{job.address.authority}{job.address.prefix}"),
        *("--only-summary", "--loglevel", "WARNING", "--reset-stats"),
        *("--exit-code-on-error", "0"),  # failed requests are in the samples; they are no failure of the run
    ]


_COMMANDS: dict[str, Callable[[Job, Path], list[str]]] = {
    "native": _native_command,
    "locust": _locust_command,
    "locust-http": _locust_command,
}
ENGINES = tuple(_COMMANDS)


class _GeneratorProcess:
    """One generator process: its job, and both directions of the conversation with it."""

    def __init__(self, job: Job, child: subprocess.Popen[str], log: Path) -> None:
        self.job = job
        self.child = child
        self.log = log
        self.silent = False
        self._rest = b""

    def words(self) -> list[dict[str, Any]]:
        """Its messages since the last call; none once it is silent. Raises EngineError when it ended badly."""
        assert self.child.stdout is not None
        # Not readline(): a line that came together with another would wait, unseen by select, for a third.
        said = os.read(self.child.stdout.fileno(), _READ_BYTES)
        self.silent = not said
        if self.silent and self.child.wait() != 0:
            end = tail(self.log, _LOG_LINES)
            raise EngineError(
                f"the load generator ended with status {self.child.returncode}"
                + (f"; it wrote:\n{end}" if end else "")
            )
        *lines, self._rest = (self._rest + said).split(b"\n")
        return [self._parsed(line) for line in lines]

    def _parsed(self, line: bytes) -> dict[str, Any]:
        try:
            words = json.loads(line)
        except ValueError:
            return {}  # something else in the process wrote to standard output
        if isinstance(words, dict) and "broken" in words:
            raise EngineError(str(words["broken"]))
        return words if isinstance(words, dict) else {}

    def say(self, line: str) -> None:
        assert self.child.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # its end is noticed when it is read
            self.child.stdin.write(line + "\n")
            self.child.stdin.flush()


@contextlib.contextmanager
def _launch(engine: str, job: Job, processes: Processes, cpus: Sequence[int]) -> Iterator[_GeneratorProcess]:
    path = job.samples.with_suffix(".job")
    log = job.samples.with_suffix(".log")
    job.write(path)
    client = "http" if engine == "locust-http" else "fast"
    env = {**os.environ, "BENCH_JOB": str(path), "BENCH_LOCUST_CLIENT": client}
    if job.scenarios_file is not None:
        env["BENCH_SCENARIOS"] = str(job.scenarios_file)
    with processes.running(_COMMANDS[engine](job, path), log=log, cpus=cpus, env=env, talking=True) as child:
        yield _GeneratorProcess(job, child, log)


def _converse(
    generators: list[_GeneratorProcess], principals: list[_GeneratorProcess], watch: Watch, span_s: float
) -> None:
    """Wait until all are ready, let all go at once, and listen until all have ended."""
    deadline_s = time.monotonic() + _READY_WITHIN_S
    waiting = set(generators)
    listener = _Listener(principals, watch)
    with selectors.DefaultSelector() as selector:
        for generator in generators:
            assert generator.child.stdout is not None
            selector.register(generator.child.stdout, selectors.EVENT_READ, generator)
        while selector.get_map():
            if time.monotonic() > deadline_s:
                raise EngineError(
                    f"the load generator did not start within {_READY_WITHIN_S:.0f} s"
                    if waiting
                    else f"the load generator overran its {span_s:.0f} s by {_OVERTIME_S:.0f} s"
                )
            for key, _ in selector.select(_TICK_S):
                for words in key.data.words():
                    if "ready" in words:
                        waiting.discard(key.data)
                        if not waiting:
                            _go(generators)
                            deadline_s = time.monotonic() + span_s + _OVERTIME_S
                    else:
                        listener.hear(key.data, words)
                if key.data.silent:
                    selector.unregister(key.fileobj)


class _Listener:
    """Calls the watch for the principal generators: `started` once all have started, `ended` with the first end."""

    def __init__(self, principals: list[_GeneratorProcess], watch: Watch) -> None:
        self._watch = watch
        self._starting = set(principals)
        self._measuring = set(principals)
        self._counts = dict.fromkeys(principals, Progress(0, 0, None))

    def hear(self, generator: _GeneratorProcess, words: Mapping[str, Any]) -> None:
        if generator not in self._counts:
            return
        if "started" in words:
            self._starting.discard(generator)
            if not self._starting:
                self._watch.started()
        elif "ended" in words:
            if len(self._measuring) == len(self._counts):
                self._watch.ended()
            self._measuring.discard(generator)
        elif "requests" in words:
            self._counts[generator] = Progress(words["requests"], words["errors"], words["p99_ms"])
            self._watch.progress(_total(list(self._counts.values())))


def _go(generators: list[_GeneratorProcess]) -> None:
    begin_ns = time.monotonic_ns() + _LEAD_NS
    for generator in generators:
        generator.say(str(begin_ns))


def _total(parts: list[Progress]) -> Progress:
    worst = [part.p99_ms for part in parts if part.p99_ms is not None]
    return Progress(
        sum(part.requests for part in parts), sum(part.errors for part in parts), max(worst, default=None)
    )


def _span_s(job: Job) -> float:
    return job.load.warmup_s + job.load.duration_s + job.timeout_s
