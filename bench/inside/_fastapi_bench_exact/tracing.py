"""Runs in the service's interpreter: bytecodes per request of each Python function, under the scenarios of a job.

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
from pathlib import Path
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Any

from .errors import InsideError
from .imports import is_installed
from .inprocess import Driver
from .isolation import load_workload
from .job import CountingJob, read_job
from .target import VisitRequest, answers, prepare, run_in_step, start_app

if TYPE_CHECKING:
    from scenarios.model import Response, Scenario

_Functions = dict[str, dict[str, float]]
"""By kind (`own`, `others`) and name of a function, its bytecodes per request."""

_SESSIONS = 4
_INSTALLED = ("/site-packages/", "/dist-packages/", f"{sysconfig.get_path('stdlib')}/")


class _Tracer:
    """Counts bytecodes by code object while `counts` is a counter; follows every thread that starts after it."""

    def __init__(self) -> None:
        self.counts: Counter[CodeType] | None = None
        sys._getframe().f_trace_opcodes = (
            True  # Python 3.12 looks once, in settrace, whether any frame wants them
        )
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
    workload = load_workload(job)
    tracer = _Tracer()
    try:
        with start_app(job, workload.response) as app:
            traces = {name: _trace(one, app, tracer, job) for name, one in workload.scenarios.items()}
    except InsideError as error:
        sys.exit(f"\nbench: {error}")
    job.answer.write_text(json.dumps(traces))


def _trace(scenario: Scenario, app: Driver, tracer: _Tracer, job: CountingJob) -> dict[str, _Functions]:
    """By label of a request, bytecodes per request by function."""
    traces: dict[str, _Functions] = {}

    def send(label: str, steps: Sequence[VisitRequest]) -> Sequence[Response]:
        counts: Counter[CodeType] = Counter()
        tracer.counts = counts
        responses = answers(app, steps)
        tracer.counts = None
        traces[label] = _by_function(counts, len(steps), job)
        return responses

    prepare(scenario, app)
    for _ in range(2):  # the first time fills caches; the second overwrites its counts
        run_in_step(app, scenario, _SESSIONS, send)
    return traces


def _by_function(counts: Mapping[CodeType, int], requests: int, job: CountingJob) -> _Functions:
    own: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for code, count in counts.items():
        place = _own_place(code.co_filename, job)
        function = getattr(code, "co_qualname", code.co_name)  # since Python 3.11
        name = f"{function} ({_installed_place(code.co_filename) if place is None else place})"
        (others if place is None else own)[name] += count
    kinds = {"own": own, "others": others}
    return {
        kind: {name: count / requests for name, count in of_kind.items()} for kind, of_kind in kinds.items()
    }


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
