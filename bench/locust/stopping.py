"""Counts that are whole at the stop, over several processes: no worker's last figures come too late for its master.

Locust's worker says that it has stopped, and reports its last requests up to three seconds later. Its master waits half
a second for the last reports of all when it quits, and its workers have not stopped then. What takes longer is missing
in the sums, and where all get Ctrl-C at once, most is.
"""

from __future__ import annotations

import signal

import gevent
from gevent.lock import RLock
from locust.env import Environment
from locust.event import Events
from locust.runners import STATE_RUNNING, STATE_SPAWNING, MasterRunner, WorkerRunner

from bench.system.waiting import wait_until

_BACK_WITHIN_S = 2.0


def install(events: Events) -> None:
    """Make workers report before they say that they stopped, and the master stop them before it quits."""
    events.init.add_listener(_prepare)
    events.test_stop.add_listener(_report_at_once)


def _prepare(environment: Environment, runner: object, **_: object) -> None:
    gevent.signal_handler(signal.SIGINT, _interrupt)
    if isinstance(runner, MasterRunner):
        _stop_before_quitting(runner)
    if isinstance(runner, WorkerRunner):
        _stop_before_saying_so(environment, runner)


def _interrupt() -> None:
    """Let Ctrl-C come to Locust's main greenlet, which waits for it, and not to whichever runs at that moment."""
    gevent.get_hub().handle_system_error(KeyboardInterrupt, KeyboardInterrupt())


def _report_at_once(environment: Environment, **_: object) -> None:
    """Send a worker's last figures, and be ready for the next test at once.

    Locust waits for the time of a stop once more before a worker is ready again.
    """
    runner = environment.runner
    if isinstance(runner, WorkerRunner):
        runner._send_stats()
        environment.stop_timeout = 0.0


def _stop_before_quitting(runner: MasterRunner) -> None:
    quit_at_once = runner.quit

    def stop_and_quit() -> None:
        if runner.state in (STATE_SPAWNING, STATE_RUNNING):
            count = runner.worker_count
            runner.stop()
            wait_until(lambda: runner.worker_count >= count, _BACK_WITHIN_S)  # else nobody tells them to quit
        quit_at_once()

    runner.quit = stop_and_quit  # type: ignore[method-assign]


def _stop_before_saying_so(environment: Environment, runner: WorkerRunner) -> None:
    """A worker that gets Ctrl-C stops before it tells its master that it quits; who asks it twice waits for the first.

    Its figures are a part of its master's, which alone are printed.
    """
    stop, stopping = runner.stop, RLock()

    def stop_once() -> None:
        with stopping:
            stop()

    runner.stop = stop_once  # type: ignore[method-assign]
    environment.events.quitting.add_listener(lambda **_: stop_once())  # the last one there is called first
    if environment.parsed_options is not None:
        environment.parsed_options.json = False
        environment.parsed_options.json_file = None
