"""Runs as `python -m bench.exact.traced JOB`: counts the bytecodes that each Python function executes per request.

Callgrind knows the interpreter's C functions, not the app's. Counting calls would not see a loop that turns more often
in a function; bytecodes do, and they are the same in every run.
"""

from __future__ import annotations

import json
import sys
import sysconfig
import threading
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from bench.errors import BenchError
from bench.exact.apart import scenarios
from bench.exact.job import Job, read_job
from bench.exact.target import answers, in_step, running
from bench.inprocess import InProcess
from scenarios.model import Request, Response, Scenario

_SESSIONS = 4


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
    job.answer.write_text(json.dumps(found))


def _traced(scenario: Scenario, app: InProcess, tracer: _Tracer, job: Job) -> dict[str, dict[str, float]]:
    """By label of a request, bytecodes per request by function."""
    found: dict[str, dict[str, float]] = {}

    def send(label: str, requests: Sequence[Request]) -> Sequence[Response]:
        counts: Counter[CodeType] = Counter()
        tracer.counts = counts
        got = answers(app, requests)
        tracer.counts = None
        by_name: Counter[str] = Counter()
        for code, count in counts.items():
            by_name[_name(code, job.tree)] += count
        found[label] = {name: count / len(requests) for name, count in by_name.items()}
        return got

    for _ in range(2):  # the first time fills caches, and is overwritten by the second
        in_step(scenario, _SESSIONS, send)
    return found


def _name(code: CodeType, tree: Path) -> str:
    """`routing.py` of FastAPI is `fastapi/routing.py`, wherever it is installed; files of the app as in their tree."""
    roots = [
        str(tree),
        sysconfig.get_path("purelib"),
        sysconfig.get_path("platlib"),
        sysconfig.get_path("stdlib"),
    ]
    file = code.co_filename
    for root in roots:
        if file.startswith(root + "/"):
            file = file[len(root) + 1 :]
            break
    return f"{code.co_qualname} ({file})"


if __name__ == "__main__":
    main()
