"""A native generator that is led while it runs: starts the process, asks for users, and hears what became of them."""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from bench.engines.job import Job
from bench.errors import EngineError
from bench.system.home import own_command
from bench.system.logs import tail
from bench.system.processes import Processes

_LOG_LINES = 30
_END_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdReport:
    """How far a generator is: `rows` are in its file, and `leaving` users wait for their last answer.

    `labels` (each a method and a label), `outcomes` and `failures` (each a label, a fault, and the beginning of the
    answer) are those since the last report. Where the scenario itself failed, `broken` says how, and nobody goes on.
    """

    rows: int
    leaving: int
    labels: tuple[tuple[str, str], ...]
    outcomes: tuple[str, ...]
    failures: tuple[tuple[str, str, str], ...]
    broken: str


class CrowdProcess:
    """One generator process, and the conversation with it: a command, a report."""

    def __init__(self, job: Job, child: subprocess.Popen[str], log: Path) -> None:
        assert child.stdin is not None
        assert child.stdout is not None
        self.job = job
        self._child = child
        self._log = log
        self._commands: IO[str] = child.stdin
        self._answers: IO[str] = child.stdout
        self._hear("ready")

    @property
    def pid(self) -> int:
        return self._child.pid

    def ask(self, users: int, *, every_s: float = 0.0, abandon: bool = False) -> CrowdReport:
        """Let there be so many users, and hear how far they are; with `abandon` those who leave wait no longer.

        Raises EngineError when the process has ended.
        """
        command = {"users": users, "every_s": every_s, "abandon": abandon}
        with contextlib.suppress(OSError):  # its end is noticed when it is read
            self._commands.write(json.dumps(command) + "\n")
            self._commands.flush()
        words = self._hear("rows")
        return CrowdReport(
            rows=words["rows"],
            leaving=words["leaving"],
            labels=tuple((method, label) for method, label in words["labels"]),
            outcomes=tuple(words["outcomes"]),
            failures=tuple((label, fault, said) for label, fault, said in words["failures"]),
            broken=words["broken"],
        )

    def end(self) -> None:
        """Let it leave its samples and end; requests under way are `unfinished`. Raises EngineError."""
        with contextlib.suppress(OSError):
            self._commands.close()
        try:
            status = self._child.wait(_END_WITHIN_S)
        except subprocess.TimeoutExpired:
            raise EngineError(f"the load generator did not end within {_END_WITHIN_S:.0f} s") from None
        if status:
            raise self._ended(status)

    def _hear(self, word: str) -> dict[str, Any]:
        """The next message that has a word. Raises EngineError for a broken scenario, and when there is none."""
        for line in self._answers:
            words = _parsed(line)
            if word in words:
                return words
            if "broken" in words:
                raise EngineError(f"scenario '{self.job.scenario}'{words['broken']}")
        raise self._ended(self._child.wait())

    def _ended(self, status: int) -> EngineError:
        end = tail(self._log, _LOG_LINES)
        return EngineError(
            f"the load generator ended with status {status}" + (f"; it wrote:\n{end}" if end else "")
        )


@contextlib.contextmanager
def start_crowd(job: Job, processes: Processes, *, cpus: Sequence[int] = ()) -> Iterator[CrowdProcess]:
    """A generator without users, for as long as the block lasts. Raises EngineError where it cannot begin."""
    path, log = job.samples.with_suffix(".job"), job.samples.with_suffix(".log")
    job.write(path)
    command = own_command("bench.engines.crowd_program", str(path))
    with processes.running(command, log=log, cpus=cpus, talking=True) as child:
        yield CrowdProcess(job, child, log)


def _parsed(line: str) -> dict[str, Any]:
    """A message; empty for what something else in the process wrote to standard output."""
    try:
        words = json.loads(line)
    except ValueError:
        return {}
    return words if isinstance(words, dict) else {}
