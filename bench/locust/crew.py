"""Locust's processes under `bench locust`: one alone, or a master and its workers, each worker on a CPU of its own."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.errors import EngineError, UsageError
from bench.locust.command import LocustCommand
from bench.locust.handover import Handover
from bench.observe.sockets import connections, listeners
from bench.system.logs import quote
from bench.system.processes import Processes
from bench.system.waiting import wait_until

_READY_WITHIN_S = 60.0
_GRACE_S = 200.0
"""After Ctrl-C, for requests under way, which have 10 s, and for the run of their test; a second Ctrl-C ends all."""
_WORKER_GRACE_S = 3.0
"""A worker that still runs when its master has ended is not heard any more."""
_WRONG_USAGE = 2


@dataclass(frozen=True, slots=True)
class Crew:
    """Locust while it runs: the process with the web UI, its standard output, its workers, and a log of each."""

    command: LocustCommand
    leader: subprocess.Popen[str]
    output: Path
    workers: tuple[subprocess.Popen[str], ...]
    logs: tuple[Path, ...]

    def wait_until_ready(self) -> None:
        """Wait until the web UI listens and each worker is connected to its master.

        Returns at once when Locust ends as its options say. Raises EngineError, and UsageError for wrong options.
        """

        def is_ready() -> bool:
            self.check()
            if self.exit_status is not None:
                return True
            if any(worker.poll() is not None for worker in self.workers):
                raise EngineError(f"a worker of Locust ended; its log:\n{self._said_by_the_dead()}")
            return self._has_joined() and self._has_page()

        if not wait_until(is_ready, _READY_WITHIN_S):
            raise EngineError(
                f"Locust was not ready in {_READY_WITHIN_S:.0f} s; its log:\n{quote(self.logs[0])}"
            )

    def check(self) -> None:
        """Raise EngineError, or UsageError for wrong options, when Locust ended and should not have."""
        if self.leader.poll() is None or self.command.ends:
            return
        status = self.leader.returncode
        problem = f"Locust ended with status {status}; its log:\n{quote(self.logs[0])}"
        raise UsageError(problem) if status == _WRONG_USAGE else EngineError(problem)

    @property
    def exit_status(self) -> int | None:
        """The status that Locust ended with, 128 and its number for a signal; None while it runs."""
        status = self.leader.poll()
        return 128 - status if status is not None and status < 0 else status

    def _has_joined(self) -> bool:
        """Whether all workers are connected; true where the system does not say."""
        if not self.workers:
            return True
        joined = connections(self.command.master_port)
        return joined is None or joined >= len(self.workers)

    def _has_page(self) -> bool:
        """Whether the web UI listens, where there is to be one; true where the system does not say."""
        port = self.command.web_port
        return self.command.ends or connections(port) is None or bool(listeners(port))

    def _said_by_the_dead(self) -> str:
        pairs = zip(self.workers, self.logs[1:], strict=True)
        return "\n".join(quote(log) for worker, log in pairs if worker.poll() is not None)


@contextlib.contextmanager
def crew(
    command: LocustCommand, handover: Handover, processes: Processes, env: Mapping[str, str]
) -> Iterator[Crew]:
    """Locust, loading the server that was handed over, for as long as the block lasts.

    Each worker has one of the generator's CPUs, in turn; the master, whose work is to add up, has those of the harness.
    At the end the master goes first: it asks its workers for their last figures and lets them go.
    """
    log = handover.locust_log
    logs = [log, *(log.with_name(f"locust-worker-{number + 1}.log") for number in range(command.workers))]
    output = log.with_suffix(".out")
    generator = handover.generator_cpus
    with contextlib.ExitStack() as stack:

        def start(argv: list[str], log: Path, cpus: Sequence[int], **how: Any) -> _Child:
            child = processes.running(argv, log=log, cpus=cpus, env=env, stop=_stop_signal(), **how)
            return stack.enter_context(child)

        workers = [
            start(command.worker(handover.url), log, _turn(generator, place), grace_s=_WORKER_GRACE_S)
            for place, log in enumerate(logs[1:])
        ]
        own = handover.own_cpus if workers else generator
        leader = start(command.leader(handover.url), log, own, out=output, grace_s=_GRACE_S)
        yield Crew(command, leader, output, tuple(workers), tuple(logs))


_Child = subprocess.Popen[str]


def _turn(cpus: Sequence[int], place: int) -> Sequence[int]:
    return cpus and cpus[place % len(cpus) :][:1]


def _stop_signal() -> signal.Signals:
    """SIGINT, at which Locust writes its --html, too; a child of ours that runs in the background does not hear it."""
    return signal.SIGTERM if signal.getsignal(signal.SIGINT) is signal.SIG_IGN else signal.SIGINT
