"""The users of one class in one process of Locust, and the native generator that sends their requests."""

from __future__ import annotations

import logging
import os
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import gevent
from gevent import GreenletExit
from gevent.event import Event
from locust.stats import RequestStats

from bench.engines.crowd_process import CrowdProcess, CrowdReport, start_crowd
from bench.engines.job import Job
from bench.errors import BenchError, EngineError
from bench.locust.intended import SUFFIX
from bench.locust.tally import RowTally
from bench.model.samples import read_table
from bench.system.processes import Processes

log = logging.getLogger(__name__)

_EVERY_S = 0.25
"""Between two reports of a generator, unless users come or go."""
_LEAST_S = 0.01
_ANSWER_WITHIN_S = 3.0
"""At the end of the time to stop; a generator that does not answer prepares the server, or is in a flow that blocks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CrowdOrder:
    """An order for a generator: its job for a file of samples, and `every_s`, the pace of each user, 0 for none.

    The samples go to the path that `samples` gives, and stay there; where it gives None, nobody wants them. `labels`
    are filled with those of the requests.
    """

    job: Callable[[Path], Job]
    every_s: Callable[[], float]
    samples: Callable[[], Path | None]
    labels: set[str]


class NativeCrowd:
    """Users who only count, and one generator process with a connection for each of them.

    Its rows are added to Locust's statistics a few times a second. `failed` is called with a sentence when the
    generator cannot go on; then it is over.
    """

    def __init__(self, order: CrowdOrder, stats: RequestStats, failed: Callable[[str], None]) -> None:
        self._order = order
        self._tally = RowTally(stats, SUFFIX if order.every_s() else "")
        self._failed = failed
        self._users = 0
        self._departing: deque[Event] = deque()
        self._abandons = False
        self._change = Event()
        self._rows = 0
        self._is_kept = False
        self._runner = gevent.spawn(self._run)
        self.over = Event()
        self.has_failed = False

    def enter(self) -> None:
        """Let there be one user more."""
        self._users += 1
        self._change.set()

    def leave(self, *, at_once: bool = False) -> None:
        """Let there be one user less, and wait for the request under way, unless `at_once`, or killed meanwhile."""
        gone = Event()
        self._users -= 1
        self._departing.append(gone)
        self._change.set()
        if at_once:
            self._abandons = True
        if self.over.is_set():
            return
        try:
            gone.wait()
        except GreenletExit:  # the time to stop is over
            self._abandons = True
            self._change.set()
            if not gone.wait(_ANSWER_WITHIN_S):
                self._runner.kill(block=False)
            gone.wait()
            raise

    def _run(self) -> None:
        try:
            with ExitStack() as stack:
                processes = stack.enter_context(Processes())
                samples = self._order.samples()
                self._is_kept = samples is not None
                path = samples or stack.enter_context(processes.folder()) / "rows.samples"
                crowd = stack.enter_context(start_crowd(self._order.job(path), processes))
                self._converse(crowd)
        except (BenchError, OSError) as error:
            self._fail(str(error))
        except GreenletExit:
            self._fail(
                f"the load generator did not answer for {_ANSWER_WITHIN_S:.0f} s at the stop and was ended; requests "
                "since its last report are in no figure"
            )
        finally:
            self.over.set()
            for gone in self._departing:
                gone.set()

    def _fail(self, problem: str) -> None:
        self.has_failed = True
        self._failed(problem)

    def _converse(self, crowd: CrowdProcess) -> None:
        """Keep the generator at the number of users that there are, until there are none."""
        while True:
            self._change.clear()
            users, leaving = self._users, len(self._departing)
            abandons, self._abandons = self._abandons, False
            report = crowd.ask(users, every_s=self._order.every_s(), abandon=abandons)
            self._take(report, crowd.job.samples)
            if report.broken or not (users or self._users or report.leaving):
                self.over.set()
                break
            for _ in range(leaving - report.leaving):
                self._departing.popleft().set()
            gevent.sleep(_LEAST_S)  # or each of many users who come one by one would be a report
            self._change.wait(_EVERY_S)
        self._take(crowd.ask(0, abandon=True), crowd.job.samples)
        crowd.end()
        if report.broken:
            raise EngineError(f"scenario '{crowd.job.scenario}'{report.broken}")

    def _take(self, report: CrowdReport, path: Path) -> None:
        """Add the rows since the last report to Locust's figures."""
        self._tally.learn(report.labels, report.outcomes, report.failures)
        self._order.labels.update(label for _, label in report.labels)
        if report.rows > self._rows:
            self._tally.add(read_table(path, self._rows, report.rows - self._rows))
            self._rows = report.rows
            if not self._is_kept:
                os.truncate(path, 0)  # the generator writes on behind the hole, which takes no room
