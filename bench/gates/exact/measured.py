"""Runs under callgrind, as `python -m bench.gates.exact.measured JOB`: drives the scenarios, and marks their batches.

Valgrind forgets what it has counted when this program calls `sched_get_priority_max`, and writes a part file when it
calls `getppid`. Each batch of requests of one kind stands between the two; to forget takes a quarter of the time of a
part file.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from subprocess import DEVNULL, Popen

from bench.engines.inprocess import InProcess
from bench.errors import BenchError
from bench.gates.exact import callgrind
from bench.gates.exact.apart import scenarios
from bench.gates.exact.job import Answer, Batches, Job, read_job, read_sessions, write_sessions
from bench.gates.exact.origin import check_origin
from bench.gates.exact.target import MissingError, answers, in_step, running
from scenarios.model import Request, Response, Scenario

_WARM_SESSIONS = 48
_BLOCKS = 10
_FIRST_SESSIONS = 2
_BLOCK_INSTRUCTIONS = 8_000_000
_MOST_SESSIONS = 16
_POLL_S = 0.02
_STEPS = 100_000
"""Some steps, each of far more than one instruction, and more instructions than two marks and nothing between take."""

_SETTLING_S = 0.001
"""Long enough for threads to tidy up after the last request, which would else count at times for the next batch."""


def main() -> None:
    job = read_job(Path(sys.argv[1]))
    asked = scenarios(job)
    _take_turns()
    try:
        with running(job) as app:
            _measure(job, app, [*asked.values()]).write(job.answer)
    except BenchError as error:
        sys.exit(f"\nbench: {error}")  # the app may have left a line open


def _take_turns() -> None:
    """Let threads run until they wait: not until their time is up, nor until they have woken another."""
    sys.setswitchinterval(60)
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _measure(job: Job, app: InProcess, asked: Sequence[Scenario]) -> Answer:
    missing = {one.name: said for one in asked if (said := _warmed(one, app)) is not None}
    borrowed = check_origin(job)  # by now what is imported in a request is there, too
    gc.collect()
    gc.freeze()  # what is there by now is never looked at again, which makes a collection between blocks cheap
    gc.disable()
    _start_counting()
    marks = _Marks(app, job.parts)
    marks.end()  # the first part file holds that lookup
    _check(marks)
    there = [one for one in asked if one.name not in missing]
    sessions = agreed(job, {one.name: _sessions(one, marks) for one in there})
    found: dict[str, Batches | None] = {one.name: None for one in asked}
    found |= {one.name: _measured(one, marks, sessions[one.name]) for one in there}
    return Answer(marks.count, found, missing, borrowed)


def _warmed(scenario: Scenario, app: InProcess) -> str | None:
    """Run a scenario until the interpreter has adapted its code; gives a sentence where an endpoint is missing."""
    try:
        in_step(scenario, _WARM_SESSIONS, lambda _, requests: answers(app, requests))
    except MissingError as missing:
        return str(missing)
    return None


def _start_counting() -> None:
    """Until now nothing was counted, which is five times as fast; importing an app is most of the work."""
    command = ["vgdb", f"--pid={os.getpid()}", "--max-invoke-ms=0", "instrumentation", "on"]
    with Popen(command, stdout=DEVNULL, stderr=DEVNULL) as vgdb:
        while vgdb.poll() is None:
            pass  # valgrind looks for commands while the program runs, not while it waits
    if vgdb.returncode:
        raise BenchError(f"valgrind cannot be told to count: vgdb ended with status {vgdb.returncode}")
    getattr(type("New", (), {}), "nothing", None)  # a lookup that no cache answers: can it be named?


class _Marks:
    """Sends batches of requests, each between two marks, and knows which part file holds which."""

    def __init__(self, app: InProcess, parts: Path) -> None:
        self._app = app
        self._parts = parts
        self.count = 0

    def send(self, requests: Sequence[Request]) -> tuple[Sequence[Response], Path]:
        self.begin()
        got = answers(self._app, requests)
        return got, self.end()

    def begin(self) -> None:
        """Forget what was counted before."""
        time.sleep(_SETTLING_S)
        os.sched_get_priority_max(os.SCHED_OTHER)

    def end(self) -> Path:
        """What was counted since, as the next part file."""
        time.sleep(_SETTLING_S)
        os.getppid()
        self.count += 1
        return Path(f"{self._parts}.{self.count}")


def _check(marks: _Marks) -> None:
    """Raise BenchError where a batch holds what was done before it began, as it would where libc has no symbols."""
    sum(range(_STEPS))
    marks.begin()
    if callgrind.total(marks.end().read_text()) > _STEPS:
        raise BenchError("valgrind does not see where a batch begins: has this libc no symbols?")


def agreed(job: Job, mine: Mapping[str, int]) -> dict[str, int]:
    """How many sessions make a block of each scenario: as many in all versions, which share what it costs besides."""
    if job.leads:
        write_sessions(mine, job.agreed)
        return dict(mine)
    while not job.agreed.exists():
        time.sleep(_POLL_S)
    return {**mine, **read_sessions(job.agreed)}


def _measured(scenario: Scenario, marks: _Marks, sessions: int) -> Batches:
    batches: dict[str, list[tuple[str, int]]] = {}

    def note(label: str, count: int, part: Path) -> None:
        batches.setdefault(label, []).append((part.name, count))

    for _ in range(_BLOCKS):
        gc.collect()  # garbage that lies about would move what comes after it, and the place of things costs or saves
        in_step(scenario, sessions, _sender(marks, note))
    return batches


def _sessions(scenario: Scenario, marks: _Marks) -> int:
    """How many sessions make a block."""
    spent = 0

    def add(_label: str, _count: int, part: Path) -> None:
        nonlocal spent
        spent += callgrind.total(part.read_text())

    in_step(scenario, _FIRST_SESSIONS, _sender(marks, add))
    return min(max(1, _BLOCK_INSTRUCTIONS * _FIRST_SESSIONS // spent), _MOST_SESSIONS)


def _sender(
    marks: _Marks, note: Callable[[str, int, Path], None]
) -> Callable[[str, Sequence[Request]], Sequence[Response]]:
    def send(label: str, requests: Sequence[Request]) -> Sequence[Response]:
        got, part = marks.send(requests)
        note(label, len(requests), part)
        return got

    return send


if __name__ == "__main__":
    main()
