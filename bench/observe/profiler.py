"""A sampling profile of a server's worker while a cell is measured, as a flame graph: py-spy's, where installed."""

from __future__ import annotations

import contextlib
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench.errors import UsageError
from bench.system.processes import Processes

_RATE_HZ = 100
_WRITTEN_WITHIN_S = 15.0


def py_spy() -> str:
    """The path of py-spy, beside this interpreter or on PATH. Raises UsageError when it is not installed."""
    beside = Path(sys.executable).with_name("py-spy")
    found = str(beside) if beside.exists() else shutil.which("py-spy")
    if found is None:
        raise UsageError("--profile needs py-spy, which is not installed: pip install py-spy")
    return found


@contextlib.contextmanager
def profiling(
    graph: Path,
    duration_s: float,
    processes: Processes,
    cpus: Sequence[int],
    *,
    until_the_end: bool = False,
) -> Iterator[Callable[[int], None]]:
    """Gives a function that starts to profile a process; at the end of the block the graph is complete, or not there.

    It profiles for so long, or `until_the_end` of the block if that comes first.

    The profiler samples without stopping the process, which costs it less and blurs some stacks. It may not be
    allowed to look: then there is no graph.
    """
    with contextlib.ExitStack() as stack:
        children: list[subprocess.Popen[str]] = []
        part = graph.with_suffix(".part")

        def start(pid: int) -> None:
            graph.parent.mkdir(parents=True, exist_ok=True)
            command = [
                *(py_spy(), "record", "--nonblocking", "--format", "flamegraph", "--rate", str(_RATE_HZ)),
                *("--pid", str(pid), "--duration", str(max(1, round(duration_s))), "--output", str(part)),
            ]
            log = graph.with_suffix(".log")
            children.append(stack.enter_context(processes.running(command, log=log, cpus=cpus)))

        yield start
        for child in children:
            if until_the_end:
                child.send_signal(signal.SIGINT)  # upon which py-spy writes what it has
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(_WRITTEN_WITHIN_S)
    if part.exists():
        part.replace(graph)
        graph.with_suffix(".log").unlink()
