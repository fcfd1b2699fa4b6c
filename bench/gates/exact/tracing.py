"""Runs as `python -m bench.gates.exact.tracing JOB`: bytecodes per request of each Python function.

Callgrind knows the interpreter's C functions, not the app's. A count of calls would miss a loop inside a function that
turns more often; a count of bytecodes does not, and it is the same in every run.
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
from bench.gates.exact.isolation import scenarios
from bench.gates.exact.job import CountingJob, read_job
from bench.gates.exact.reasons import Functions
from bench.gates.exact.target import answers, run_in_step, start_app
from bench.gates.origin.imports import is_installed
from scenarios.model import Request, Response, Scenario

_SESSIONS = 4
_INSTALLED = ("/site-packages/", "/dist-packages/", f"{sysconfig.get_path('stdlib')}/")


class _Tracer:
    """Counts bytecodes by code object while `counts` is a counter; follows every thread that starts after it."""

    def __init__(self) -> None:
        self.counts: Counter[CodeType] | None = None
        threading.settrace(self._on_call)
        sys.settrace(self._on_call)

    def _on_call(self, frame: FrameType, _event: str, _arg: Any) -> Any:
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        return self._on_opcode

    def _on_opcode(self, frame: FrameType, event: str, _arg: Any) -> Any:
        if event == "opcode" and self.counts is not None:
            self.counts[frame.f_code] += 1
        return self._on_opcode


def main() -> None:
    job = read_job(Path(sys.argv[1]))
    asked = scenarios(job)
    tracer = _Tracer()
    try:
        with start_app(job) as app:
            traces = {name: _trace(one, app, tracer, job) for name, one in asked.items()}
    except BenchError as error:
        sys.exit(f"\nbench: {error}")
    job.answer.write_text(json.dumps(traces, default=asdict))


def _trace(scenario: Scenario, app: InProcess, tracer: _Tracer, job: CountingJob) -> dict[str, Functions]:
    """By label of a request, bytecodes per request by function."""
    traces: dict[str, Functions] = {}

    def send(label: str, requests: Sequence[Request]) -> Sequence[Response]:
        counts: Counter[CodeType] = Counter()
        tracer.counts = counts
        responses = answers(app, requests)
        tracer.counts = None
        traces[label] = _by_function(counts, len(requests), job)
        return responses

    for _ in range(2):  # the first time fills caches; the second overwrites its counts
        run_in_step(scenario, _SESSIONS, send)
    return traces


def _by_function(counts: Mapping[CodeType, int], requests: int, job: CountingJob) -> Functions:
    own: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for code, count in counts.items():
        place = _own_place(code.co_filename, job)
        name = f"{code.co_qualname} ({_installed_place(code.co_filename) if place is None else place})"
        (others if place is None else own)[name] += count
    return Functions(*({name: count / requests for name, count in one.items()} for one in (own, others)))


def _own_place(file: str, job: CountingJob) -> Path | None:
    """The path of a file of the app from the app's folder, or else from the root of its version; None of other files.

    `file` may be relative to the app's folder, as those of templates are.
    """
    path = job.tree / file
    if not path.is_relative_to(job.root) or is_installed(path) or not path.exists():
        return None
    return path.relative_to(job.tree if path.is_relative_to(job.tree) else job.root)


def _installed_place(file: str) -> str:
    """The path below the folder of packages: `fastapi/routing.py`, wherever FastAPI is installed."""
    for folder in _INSTALLED:
        _, separator, place = file.rpartition(folder)
        if separator:
            return place
    return file


if __name__ == "__main__":
    main()
