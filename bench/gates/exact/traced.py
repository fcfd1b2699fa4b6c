"""Runs as `python -m bench.gates.exact.traced JOB`: bytecodes per request of each Python function.

Callgrind knows the interpreter's C functions, not the app's. Counting calls would not see a loop that turns more often
in a function; bytecodes do, and they are the same in every run.
"""

from __future__ import annotations

import json
import sys
import sysconfig
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from bench.engines.inprocess import InProcess
from bench.errors import BenchError
from bench.gates.exact.apart import scenarios
from bench.gates.exact.job import Job, read_job
from bench.gates.exact.origin import is_installed
from bench.gates.exact.reasons import Functions
from bench.gates.exact.target import answers, in_step, running
from scenarios.model import Request, Response, Scenario

_SESSIONS = 4
_INSTALLED = ("/site-packages/", "/dist-packages/", f"{sysconfig.get_path('stdlib')}/")


class _Tracer:
    """Counts bytecodes by code object while `counts` is a counter; follows every thread that starts after it."""

    def __init__(self) -> None:
        self.counts: Counter[CodeType] | None = None
        threading.settrace(self._called)
        sys.settrace(self._called)

    def _called(self, frame: FrameType, _event: str, _arg: Any) -> Any:
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return self._executed

    def _executed(self, frame: FrameType, event: str, _arg: Any) -> Any:
        if event == "opcode" and self.counts is not None:
            self.counts[frame.f_code] += 1
        return self._executed


def main() -> None:
    job = read_job(Path(sys.argv[1]))
    asked = scenarios(job)
    tracer = _Tracer()
    try:
        with running(job) as app:
            found = {name: _traced(one, app, tracer, job) for name, one in asked.items()}
    except BenchError as error:
        sys.exit(f"\nbench: {error}")
    job.answer.write_text(json.dumps(found, default=asdict))


def _traced(scenario: Scenario, app: InProcess, tracer: _Tracer, job: Job) -> dict[str, Functions]:
    """By label of a request, bytecodes per request by function."""
    found: dict[str, Functions] = {}

    def send(label: str, requests: Sequence[Request]) -> Sequence[Response]:
        counts: Counter[CodeType] = Counter()
        tracer.counts = counts
        got = answers(app, requests)
        tracer.counts = None
        found[label] = _by_function(counts, len(requests), job)
        return got

    for _ in range(2):  # the first time fills caches, and is overwritten by the second
        in_step(scenario, _SESSIONS, send)
    return found


def _by_function(counts: Mapping[CodeType, int], requests: int, job: Job) -> Functions:
    own: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for code, count in counts.items():
        place = _own_place(code.co_filename, job)
        name = f"{code.co_qualname} ({_installed_place(code.co_filename) if place is None else place})"
        (others if place is None else own)[name] += count
    return Functions(*({name: count / requests for name, count in one.items()} for one in (own, others)))


def _own_place(file: str, job: Job) -> Path | None:
    """The way to a file of the app from its folder, or from the root of its version; None of other files.

    Templates are files by relative paths.
    """
    path = job.tree / file
    if not path.is_relative_to(job.root) or is_installed(path) or not path.exists():
        return None
    return path.relative_to(job.tree if path.is_relative_to(job.tree) else job.root)


def _installed_place(file: str) -> str:
    """`routing.py` of FastAPI is `fastapi/routing.py`, wherever it is installed."""
    for folder in _INSTALLED:
        _, found, after = file.rpartition(folder)
        if found:
            return after
    return file


if __name__ == "__main__":
    main()
