"""Runs under callgrind, in the service's interpreter: drives the scenarios of a job and marks their batches.

Valgrind sets its counts to zero when this program calls `sched_get_priority_max`, and writes a part file when it calls
`getppid`. Each batch of requests of one kind is between the two; setting to zero takes a quarter of the time of a part
file.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from subprocess import DEVNULL, Popen
from typing import TYPE_CHECKING

from .errors import InsideError
from .imports import check_origin
from .inprocess import Driver
from .isolation import load_workload
from .job import Batches, CountingJob, CountingResult, read_job, read_sessions, write_sessions
from .parts import total
from .target import MissingError, VisitRequest, answers, prepare, run_in_step, start_app

if TYPE_CHECKING:
    from scenarios.model import Response, Scenario

_WARM_SESSIONS = 48
_BLOCKS = 10
_FIRST_SESSIONS = 2
_BLOCK_INSTRUCTIONS = 8_000_000
_MOST_SESSIONS = 16
_POLL_S = 0.02
_STEPS = 100_000
"""Steps that each take far more than one instruction, and in all more than two marks with nothing in between."""

_SETTLING_S = 0.001
"""Long enough for threads to clean up after the last request, which would at times count for the next batch."""


def main() -> None:
    job = read_job(Path(sys.argv[1]))
    workload = load_workload(job)
    _schedule_as_batch()
    try:
        with start_app(job, workload.response) as app:
            _count(job, app, [*workload.scenarios.values()]).write(job.answer)
    except InsideError as error:
        sys.exit(f"\nbench: {error}")  # the app may have left a line open


def _schedule_as_batch() -> None:
    """Let threads run until they wait, and not until their time slice ends or they have woken another thread."""
    sys.setswitchinterval(60)
    os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _count(job: CountingJob, app: Driver, asked: Sequence[Scenario]) -> CountingResult:
    missing = {one.name: fault for one in asked if (fault := _warm_up(one, app)) is not None}
    borrowed = check_origin(job)  # after what requests import
    gc.collect()
    gc.freeze()  # the collector never visits these objects again, so a collection between blocks is cheap
    gc.disable()
    _start_counting()
    marks = _Marks(app, job.parts)
    marks.end()  # the first part file holds that lookup
    _check(marks)
    present = [one for one in asked if one.name not in missing]
    sessions = agree_sessions(job, {one.name: _sessions(one, marks) for one in present})
    batches: dict[str, Batches | None] = {one.name: None for one in asked}
    batches.update({one.name: _run_blocks(one, marks, sessions[one.name]) for one in present})
    return CountingResult(marks.count, batches, missing, borrowed)


def _warm_up(scenario: Scenario, app: Driver) -> str | None:
    """Run a scenario until the interpreter has adapted its code; a sentence where an endpoint is missing."""
    try:
        prepare(scenario, app)
        run_in_step(app, scenario, _WARM_SESSIONS, lambda _, steps: answers(app, steps))
    except MissingError as missing:
        return str(missing)
    return None


def _start_counting() -> None:
    """Switch counting on: the program runs five times as fast without it, and importing an app is most of the work."""
    command = ["vgdb", f"--pid={os.getpid()}", "--max-invoke-ms=0", "instrumentation", "on"]
    with Popen(command, stdout=DEVNULL, stderr=DEVNULL) as vgdb:
        while vgdb.poll() is None:
            pass  # valgrind looks for commands while the program runs, not while it waits
    if vgdb.returncode:
        raise InsideError(f"valgrind cannot be told to count: vgdb ended with status {vgdb.returncode}")
    getattr(type("New", (), {}), "nothing", None)  # a lookup that no cache answers: can it be named?


class _Marks:
    """Sends batches of requests, each between two marks, and knows the part file of each."""

    def __init__(self, app: Driver, parts: Path) -> None:
        self.app = app
        self._parts = parts
        self.count = 0

    def send(self, steps: Sequence[VisitRequest]) -> tuple[Sequence[Response], Path]:
        self.begin()
        responses = answers(self.app, steps)
        return responses, self.end()

    def begin(self) -> None:
        """Set all counts to zero."""
        time.sleep(_SETTLING_S)
        os.sched_get_priority_max(os.SCHED_OTHER)

    def end(self) -> Path:
        """Write the counts since `begin` as the next part file."""
        time.sleep(_SETTLING_S)
        os.getppid()
        self.count += 1
        return Path(f"{self._parts}.{self.count}")


def _check(marks: _Marks) -> None:
    """Raise InsideError where a batch holds work from before it began, as it would where libc has no symbols."""
    sum(range(_STEPS))
    marks.begin()
    if total(marks.end().read_text()) > _STEPS:
        raise InsideError("valgrind does not see where a batch begins: has this libc no symbols?")


def agree_sessions(job: CountingJob, own: Mapping[str, int]) -> dict[str, int]:
    """How many sessions make a block of each scenario: the same number in all versions, which share fixed costs then.

    The process that leads writes its own numbers; the others wait for them.
    """
    if job.leads:
        write_sessions(own, job.agreed)
        return dict(own)
    while not job.agreed.exists():
        time.sleep(_POLL_S)
    return {**own, **read_sessions(job.agreed)}


def _run_blocks(scenario: Scenario, marks: _Marks, sessions: int) -> Batches:
    batches: dict[str, list[tuple[str, int]]] = {}

    def note(label: str, count: int, part: Path) -> None:
        batches.setdefault(label, []).append((part.name, count))

    for _ in range(_BLOCKS):
        gc.collect()  # garbage would move later objects, and an object's address costs or saves instructions
        run_in_step(marks.app, scenario, sessions, _sender(marks, note))
    return batches


def _sessions(scenario: Scenario, marks: _Marks) -> int:
    """How many sessions make a block."""
    spent = 0

    def add(_label: str, _count: int, part: Path) -> None:
        nonlocal spent
        spent += total(part.read_text())

    run_in_step(marks.app, scenario, _FIRST_SESSIONS, _sender(marks, add))
    return min(max(1, _BLOCK_INSTRUCTIONS * _FIRST_SESSIONS // spent), _MOST_SESSIONS)


def _sender(
    marks: _Marks, note: Callable[[str, int, Path], None]
) -> Callable[[str, Sequence[VisitRequest]], Sequence[Response]]:
    def send(label: str, steps: Sequence[VisitRequest]) -> Sequence[Response]:
        responses, part = marks.send(steps)
        note(label, len(steps), part)
        return responses

    return send
