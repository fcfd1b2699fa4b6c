"""Locust's master and workers as one generator: clocks compared, a common start, a line for each, and none lost unseen.

With one process none of it matters, but for Locust's rates, which come from a clock that is never set.
"""

from __future__ import annotations

from pathlib import Path
from weakref import WeakKeyDictionary

from locust import runners, stats
from locust.env import Environment
from locust.event import Events
from locust.runners import MasterRunner, WorkerRunner

from bench.locust.clocks import SteadyTime
from bench.locust.follower import Follower
from bench.locust.leader import Leader
from bench.locust.shipping import Receiver
from bench.model.record import Caveat, FleetGenerator

_REPORT_INTERVAL_S = 1.0
"""Of a worker: what one that is killed has not reported is lost, up to three seconds of it with Locust's own."""

_NEVER = -(10**9)
"""Seconds of Locust's count down that no test lasts."""

_LEADERS: WeakKeyDictionary[Environment, Leader] = WeakKeyDictionary()
_FOLLOWERS: WeakKeyDictionary[Environment, Follower] = WeakKeyDictionary()


def install(events: Events) -> None:
    """Lead the workers where Locust is a master, and follow one where it is a worker."""
    steady = SteadyTime()
    setattr(stats, "time", steady)  # noqa: B010 - a module of another name for type checkers
    runners.WORKER_REPORT_INTERVAL = _REPORT_INTERVAL_S
    leader = Leader(steady)
    events.worker_report.add_listener(leader.hear_report)  # Locust's own, which adds up, is added later

    def begin(environment: Environment, runner: object, **_: object) -> None:
        if isinstance(runner, MasterRunner):
            _LEADERS[environment] = leader
            _keep_users_where_they_are(environment)
            leader.begin(environment, runner)
        elif isinstance(runner, WorkerRunner):
            _FOLLOWERS[environment] = Follower(environment, runner, steady)

    events.init.add_listener(begin)


def gather_samples_in(environment: Environment, spool: Path) -> None:
    """Name a master's folder for the sample files that its workers send."""
    if led := _LEADERS.get(environment):
        led.receiver = Receiver(spool)


def send_samples_from(environment: Environment, folder: Path) -> None:
    """Name the folder of a worker that does not see the master's: its sample files are sent, and removed, at the end.

    Of more than a million rows none is sent, and the record says so.
    """
    if follows := _FOLLOWERS.get(environment):
        follows.spool = folder


def begin_ns(environment: Environment) -> int:
    """The moment, by our clock, at which all workers begin the test that was started last; 0 where none are led.

    It is early by the longest round trip to one of them, so that no request lies before it.
    """
    led = _LEADERS.get(environment)
    return led.begin_ns if led else 0


def run_number(environment: Environment) -> int:
    """The number of the test run that was started last, the same in all processes; 0 without a fleet."""
    led, follows = _LEADERS.get(environment), _FOLLOWERS.get(environment)
    return led.run if led else follows.run if follows else 0


def fleet_caveats(environment: Environment) -> tuple[Caveat, ...]:
    """Reasons to doubt the figures of the last test that come of its being made by several generators."""
    led = _LEADERS.get(environment)
    return led.caveats() if led else ()


def fleet_figures(environment: Environment) -> tuple[FleetGenerator, ...]:
    """What each generator of the last test did; empty where there was one."""
    led = _LEADERS.get(environment)
    return led.figures() if led else ()


def _keep_users_where_they_are(environment: Environment) -> None:
    """Without --enable-rebalancing Locust moves the users of a worker that is gone all the same, a minute later."""
    options = environment.parsed_options
    if options is not None and not options.enable_rebalancing:
        runners.HEARTBEAT_DEAD_INTERNAL = _NEVER
