"""Records each request of a process's users in the spool, from the start to the stop of a test.

Whoever leads the test says that it is to be recorded: by its number and by the folder of the spool, which Locust's
options carry to every worker.
"""

from __future__ import annotations

import os
import socket
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import gevent
from gevent import Greenlet
from locust.env import Environment
from locust.event import Events
from locust.runners import MasterRunner

from bench.engines.locust_rows import RowWriter
from bench.engines.locust_transport import Transport
from bench.locust import spool
from bench.locust.arrivals import arrivals_of
from bench.locust.clocks import monotonic_clock
from bench.locust.fleet import send_samples_from
from bench.locust.options import read

RUN, SPOOL, CLOCK = "bench_run", "bench_spool", "bench_clock"
"""Names among Locust's options: the number of a test that is to be recorded, the folder of its rows, and its clock."""
_WRITE_S = 0.5
"""As often the rows are written out, for who reads them meanwhile."""


class Recorder:
    """Writes the rows of this process; between tests it listens to nothing."""

    def __init__(self) -> None:
        self._rows: RowWriter | None = None
        self._greenlets: list[Greenlet[..., Any]] = []
        self._began_ns = self._cpu_ns = 0
        self._own: Path | None = None

    def start(self, environment: Environment, **_: object) -> None:
        """Record a test that is to be recorded, unless there are no users in this process."""
        options = vars(environment.parsed_options) if environment.parsed_options else {}
        if self._rows is not None or not options.get(RUN) or isinstance(environment.runner, MasterRunner):
            return
        process = f"{socket.gethostname()}-{os.getpid()}"
        for users in _users(environment):
            users.transports.clear()
            users.pauses = 0
        folder = self._folder(environment, options)
        options[SPOOL] = str(folder)  # for others of this process, too
        rows = RowWriter(spool.sample_path(folder, options[RUN], process), _label)
        self._rows, self._began_ns, self._cpu_ns = rows, time.monotonic_ns(), time.process_time_ns()
        rows.heartbeat.start()
        self._greenlets = [gevent.spawn(rows.beat), gevent.spawn(_tend, rows)]
        environment.events.request.add_listener(rows.add)

    def stop(self, environment: Environment, **_: object) -> None:
        """Close the file; all users have ended by now, and their requests are in it."""
        rows, self._rows = self._rows, None
        if rows is None:
            return
        environment.events.request.remove_listener(rows.add)
        gevent.killall(self._greenlets)
        now_ns = time.monotonic_ns()
        rows.heartbeat.end(now_ns)
        kinds = list(_users(environment))
        rows.close(
            span_ns=(self._began_ns, now_ns),
            cpu_s=(time.process_time_ns() - self._cpu_ns) / 1e9,
            transports=kinds[0].transports if kinds else (),  # all classes have one list
            pauses=sum(users.pauses for users in kinds),
            shed=arrivals_of(environment).shed if read(environment).rate_per_s else 0,
        )

    def _folder(self, environment: Environment, options: Mapping[str, Any]) -> Path:
        """The spool, where it is on this machine; else a folder of our own, whose files go to the master's."""
        if os.path.isdir(options[SPOOL]) and options[CLOCK] == monotonic_clock():
            return Path(options[SPOOL])
        self._own = self._own or Path(tempfile.mkdtemp(prefix="fastapi-bench-"))
        send_samples_from(environment, self._own)
        return self._own


def install(events: Events) -> None:
    """Record the tests of this process that are to be recorded."""
    recorder = Recorder()

    def begin(**_: object) -> None:
        """Listen from now on, not before: whoever leads the tests listens first, and says which are recorded."""
        assert gevent.get_hub().resolver is not None  # loaded now, and not at the first connection of a test
        events.test_start.add_listener(recorder.start)
        events.test_stop.add_listener(recorder.stop)

    events.init.add_listener(begin)


def _label(transport: Transport) -> str:
    return spool.label(transport.scenario, transport.request.label)


def _tend(rows: RowWriter) -> None:
    while True:
        gevent.sleep(_WRITE_S)
        rows.set_clock()
        rows.file.write()


def _users(environment: Environment) -> Iterator[Any]:
    """The classes of users that send by a transport."""
    return (users for users in environment.user_classes if hasattr(users, "transports"))
