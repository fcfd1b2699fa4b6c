"""The runs that come of Locust's tests: a process of their own watches the server and writes them; Locust says when.

By the master, or by Locust's only process.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import gevent
from gevent import Greenlet
from gevent.event import Event
from locust.env import Environment
from locust.event import Events
from locust.runners import MasterRunner, WorkerRunner

from bench.locust.choice import scenario_of
from bench.locust.clocks import monotonic_clock
from bench.locust.fleet import begin_ns, fleet_caveats, fleet_figures, gather_samples_in
from bench.locust.handover import Handover, read_handover
from bench.locust.head_count import HeadCount
from bench.locust.observer import ObserverOrder, order_line
from bench.locust.options import LocustOptions, read
from bench.locust.recording import CLOCK, RUN, SPOOL
from bench.locust.records import LocustTest, ScenarioFacts
from bench.locust.rhythm import rhythm, rhythm_of_all
from bench.locust.stages import stages_of
from bench.model.record import Caveat
from bench.results.caveats import CHANGED
from bench.stats.conditions import Condition
from bench.system.home import own_command
from bench.system.processes import FOLDER_PREFIX

log = logging.getLogger(__name__)
_ENGINES = {"fast": "locust", "http": "locust-http", "native": "locust-native"}
_READY_WITHIN_S = 20.0
_NO_WRITER = "the process that writes runs has ended; see its messages in the log"
_CHANGED = Caveat(CHANGED, "pauses or objectives were changed while it ran: the record has the last ones")
_CONCLUDED_WITHIN_S = 180.0
_COUNT_S = 1.0
_MOST_POINTS = 3600
"""Of the figures of each second, that a page which is opened late gets: an hour."""


class Runs:
    """The tests of one Locust, one after the other, and the process that makes runs of them.

    `points` are the figures of each second of the last one: seconds since its start, and JSON. `number` counts tests.
    `is_watching` is whether there is an observer at all. `ended` are the conclusions, as the
    observer gave them, and `drawn` those that have a report. `fault` is why a run could not be made, and else empty.
    """

    def __init__(self) -> None:
        self.handover: Handover | None = None
        self.points: deque[tuple[float, str]] = deque(maxlen=_MOST_POINTS)
        self.ended: list[dict[str, Any]] = []
        self.drawn: set[str] = set()
        self.fault = ""
        self._environment: Environment
        self._observer: subprocess.Popen[bytes]
        self._spool: Path
        self.number = 0
        self.is_watching = False
        self._order: ObserverOrder | None = None
        self._users = HeadCount()
        self._given = LocustOptions()
        self._counting: Greenlet[..., Any] | None = None
        self._stopped_ns = 0
        self._is_ready = Event()
        self._pending = 0
        self._is_done = Event()
        self._is_done.set()

    @property
    def is_running(self) -> bool:
        """Whether a test is under way."""
        return self._order is not None

    def begin(self, environment: Environment) -> None:
        """Start the observer, and from now on make a run of each test."""
        self._environment = environment
        self.is_watching = True
        self.handover = read_handover()
        self._spool = self.handover.spool if self.handover else Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX))
        gather_samples_in(environment, self._spool)
        pipe = subprocess.PIPE
        self._observer = subprocess.Popen(own_command("bench.locust.observer"), stdin=pipe, stdout=pipe)
        gevent.spawn(self._listen)
        self._is_ready.wait(_READY_WITHIN_S)  # a test that starts at once is seen from its start, too
        events = environment.events
        events.test_start.add_listener(self._start)
        events.spawning_complete.add_listener(self._settled)
        events.test_stopping.add_listener(self._stopping)
        events.test_stop.add_listener(self._stop)
        events.quitting.add_listener(self._quit)
        events.quit.add_listener(self._end)

    # --- a test ----------------------------------------------------------------------------------

    def _start(self, **_: object) -> None:
        environment = self._environment
        self.number += 1
        options = environment.parsed_options
        if options is not None:
            setattr(options, RUN, self.number)
            setattr(options, SPOOL, str(self._spool))
            setattr(options, CLOCK, monotonic_clock())
        self.points.clear()
        self.fault = ""
        self._users = HeadCount()
        self._given = read(environment)
        now_ns = begin_ns(environment) or time.monotonic_ns()
        self._stopped_ns = 0
        self._order = ObserverOrder(
            is_end=False,
            run=self.number,
            url=str(environment.host or ""),
            spool=self._spool,
            test=self._test((now_ns, now_ns)),
        )
        self._tell(self._order)
        self._counting = gevent.spawn(self._count_users)

    def _settled(self, **_: object) -> None:
        now_ns = time.monotonic_ns()
        self._users.add(now_ns, self._present())
        self._users.settled_ns.append(now_ns)

    def _stopping(self, **_: object) -> None:
        self._stopped_ns = time.monotonic_ns()
        self._users.add(self._stopped_ns, self._present())

    def _stop(self, **_: object) -> None:
        order, self._order = self._order, None
        if order is None:
            return
        if self._counting is not None:
            self._counting.kill()
        span_ns = (order.test.span_ns[0], self._stopped_ns or time.monotonic_ns())
        begins_ns = [stage.began_ns for stage in stages_of(self._environment)]
        test = replace(self._test(span_ns), started_at=order.test.started_at)
        test = replace(test, stages=self._users.stages(span_ns, begins_ns))
        led = self._environment
        caveats = fleet_caveats(led) if read(led) == self._given else (*fleet_caveats(led), _CHANGED)
        test = replace(test, caveats=caveats, fleet=fleet_figures(led))
        self._pending += 1
        self._is_done.clear()
        self._tell(replace(order, is_end=True, test=test))

    def _quit(self, **_: object) -> None:
        """Locust ends: stop the test, and wait for its run; the verdict on its objectives is the exit status."""
        environment = self._environment
        if self._order is not None and environment.runner is not None:
            environment.runner.stop()
        if not self._is_done.wait(_CONCLUDED_WITHIN_S):
            self.fault = "the run of the last test is not ready yet; it is being written"
            _say(self.fault)
        verdicts = {one["verdict"] for one in self.ended}
        if "failed" in verdicts or self.fault:
            environment.process_exit_code = 1
        elif "passed" in verdicts and environment.process_exit_code is None:
            environment.process_exit_code = 0

    def _end(self, **_: object) -> None:
        """Let the observer go."""
        assert self._observer.stdin is not None
        self._observer.stdin.close()
        self._observer.wait()

    # --- the observer ----------------------------------------------------------------------------

    def _tell(self, order: ObserverOrder) -> None:
        assert self._observer.stdin is not None
        try:
            self._observer.stdin.write(order_line(order))
            self._observer.stdin.flush()
        except BrokenPipeError:
            self._fail(_NO_WRITER)

    def _listen(self) -> None:
        assert self._observer.stdout is not None
        for line in self._observer.stdout:
            word = json.loads(line)
            self._is_ready.set()
            if "live" in word:
                self.points.append((word["live"]["t_s"], json.dumps(word["live"])))
            elif "conclusion" in word:
                self.ended.append(word["conclusion"])
                for sentence in _sentences(word["conclusion"]):
                    _say(sentence)
            elif "drawn" in word:
                self.drawn.add(word["drawn"])
                self._finish()
            elif "failed" in word:
                self._fail(word["failed"])
        self._is_ready.set()
        if self._pending > 0:
            self._fail(_NO_WRITER)
        self._is_done.set()

    def _finish(self) -> None:
        """One test less is on its way to its run."""
        self._pending -= 1
        if self._pending <= 0:
            self._is_done.set()

    def _fail(self, why: str) -> None:
        self.fault = why
        log.error("the run of this test: %s", why)
        self._finish()

    # --- users -----------------------------------------------------------------------------------

    def _count_users(self) -> None:
        while True:
            self._users.add(time.monotonic_ns(), self._present())
            gevent.sleep(_COUNT_S)

    def _present(self) -> dict[str, int]:
        """The users of each class, as the last reports of the workers say where there are any."""
        runner = self._environment.runner
        if isinstance(runner, MasterRunner):
            return dict(runner.reported_user_classes_count)
        return dict(runner.user_classes_count) if runner is not None else {}

    def _test(self, span_ns: tuple[int, int]) -> LocustTest:
        environment = self._environment
        options = read(environment)
        peaks = self._users.peaks()
        scenarios = {}
        for users in environment.user_classes:
            scenario, count = scenario_of(users), peaks.get(users.__name__, 0)
            if scenario is not None and (count or not peaks):
                scenarios[scenario.name] = ScenarioFacts(
                    about=scenario.about,
                    group=scenario.group,
                    variant=scenario.variant,
                    users=count,
                    **rhythm(options, users),
                )
        return LocustTest(
            engine=_ENGINES.get(os.environ.get("BENCH_LOCUST_CLIENT", "fast"), "locust"),
            started_at=datetime.now(UTC).isoformat(timespec="seconds"),
            span_ns=span_ns,
            users=self._users.peak,
            rhythm=rhythm_of_all(options, environment),
            scenarios=scenarios,
            fail_if=tuple(map(_limit, options.slos)),
        )


_runs: WeakKeyDictionary[Environment, Runs] = WeakKeyDictionary()


def runs_of(environment: Environment) -> Runs:
    """The tests of an environment so far."""
    return _runs.setdefault(environment, Runs())


def install(events: Events) -> None:
    """Make a run of each test where one is wanted, but not by a worker, whose master does."""
    events.init.add_listener(_begin)


def _begin(environment: Environment, runner: object, **_: object) -> None:
    if not isinstance(runner, WorkerRunner) and read(environment).report:
        runs_of(environment).begin(environment)


def _limit(objective: Condition) -> str:
    """The limit that a run fails at where an objective does not hold: `p99>50ms` for `p99<50ms`."""
    head, sign, tail = objective.text.rpartition(objective.sign)
    return f"{head}{'>' if sign == '<' else '<'}{tail}"


def _sentences(conclusion: Mapping[str, Any]) -> Iterator[str]:
    yield f"run: {os.path.relpath(conclusion['folder'])} ({conclusion['requests']:,} requests); its report follows"
    yield from conclusion["lines"]


def _say(sentence: str) -> None:
    """Print it apart from Locust's own output, which may be JSON."""
    print(sentence, file=sys.stderr, flush=True)
