"""The process that watches the server while Locust loads it, and makes a run of each test: Locust itself only loads.

Locust starts it and talks to it by lines of JSON: orders on its standard input, and on its standard output the figures
of each second of a test, and in the end where its run is.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter

from bench.errors import BenchError
from bench.locust.conclusion import CLOSED_WITHIN_S, Conclusion, conclude, draw, new_folder
from bench.locust.handover import Handover, read_handover
from bench.locust.live import LiveFigures, LoadPlace
from bench.locust.records import BY_HAND, LocustTest, ServerSide
from bench.measure.measurement import ServerReadings
from bench.model.address import Address
from bench.observe import telemetry
from bench.observe.meter import Meter
from bench.observe.neighbours import share_of_others, tree_cpu_s
from bench.observe.profiler import profiling
from bench.system import cpus, host
from bench.system.processes import Processes

PROFILE = "profiles/worker.svg"
_TICK_S = 1.0
_LONGEST_PROFILE_S = 3600.0
_LEAST_URGENT = 19
_CLOSED_WITHIN_S = 2.0
"""For the samples of processes whose Locust is gone."""
_CONCLUSION = TypeAdapter(Conclusion)


@dataclass(frozen=True, slots=True, kw_only=True)
class ObserverOrder:
    """The begin of a test, or its end, which has the whole `test`; `run` is its number, `spool` holds its rows."""

    is_end: bool
    run: int
    url: str
    spool: Path
    test: LocustTest
    interrupted: bool = False


_ORDER = TypeAdapter(ObserverOrder)


def order_line(order: ObserverOrder) -> bytes:
    """An order as the line that the observer reads."""
    return _ORDER.dump_json(order) + b"\n"


class _Observation:
    """One test, watched from its making to `end`."""

    def __init__(self, order: ObserverOrder, known: Handover, processes: Processes) -> None:
        self.order = order
        self._known = known
        self._meter = Meter(known.server_pid, known.address.port, 0.0, socket=known.address.socket)
        self._figures = LiveFigures(_place(order, known), order.test, self._meter.workers)
        self._stack = contextlib.ExitStack()
        self._graph = self._profile(processes)
        self._ended = threading.Event()
        self._ticking = threading.Thread(target=self._tick)
        self._times, self._used = cpus.times(), self._read_used()
        self._meter.start()
        self._ticking.start()

    def end(self) -> ServerSide:
        """What was seen of the server."""
        self._meter.end()
        times, used = cpus.times(), self._read_used()
        self._ended.set()
        self._stack.close()
        self._ticking.join()
        known, meter = self._known, self._meter
        server_s, services_s, generators_s = (
            after - before for before, after in zip(self._used, used, strict=True)
        )
        sides = [(known.server_cpus, server_s + services_s), (known.generator_cpus, generators_s)]
        reports = _reports(known)
        return ServerSide(
            setup=known.setup,
            given=known.given,
            readings=ServerReadings(snapshots=meter.snapshots, workers=meter.workers, times=meter.times),
            telemetry=telemetry.read(reports) if reports else {},
            others_share=round(share_of_others((self._times, times), sides), 3),
            services_cpu_s=round(services_s, 3),
            server_cpus=known.server_cpus,
            generator_cpus=known.generator_cpus,
            profile=PROFILE if self._graph and self._graph.exists() else None,
        )

    def conclude(self, order: ObserverOrder, server: ServerSide) -> Conclusion:
        """Make the run."""
        folder = new_folder(self._known.runs)
        found = conclude(
            order.test,
            server,
            (order.spool, order.run),
            folder=folder,
            log=self._known.server_log,
            facts=self._known.facts,
            interrupted=order.interrupted,
            closed_within_s=_CLOSED_WITHIN_S if order.interrupted else CLOSED_WITHIN_S,
        )
        if server.profile and self._graph:
            (folder / PROFILE).parent.mkdir()
            shutil.move(self._graph, folder / PROFILE)
        return found

    def _tick(self) -> None:
        _give_way()
        while not self._ended.wait(_TICK_S):
            say(live=self._figures.tick())

    def _read_used(self) -> tuple[float, float, float]:
        """CPU seconds of the server, of the services next to it, and of the generators so far."""
        known = self._known
        server_s = tree_cpu_s(known.server_pid) if known.server_pid else 0.0
        services_s = sum(map(tree_cpu_s, known.service_pids))
        return server_s, services_s, tree_cpu_s(known.own_pid) - server_s - services_s

    def _profile(self, processes: Processes) -> Path | None:
        """Start to profile a worker, where that is wanted; gives the file that the graph will be in."""
        known = self._known
        if not (known.profile and self._meter.workers):
            return None
        graph = known.spool / f"{self.order.run}-worker.svg"
        start = self._stack.enter_context(
            profiling(graph, _LONGEST_PROFILE_S, processes, known.generator_cpus, until_the_end=True)
        )
        start(self._meter.workers[0])
        return graph


def observe() -> None:
    """Follow the orders until there are no more; a test that has no end by then ends with them."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # it ends when Locust does
    handover = read_handover()
    if handover is not None:
        with contextlib.suppress(AttributeError, OSError):  # not Linux, or not allowed
            os.sched_setaffinity(0, handover.own_cpus or os.sched_getaffinity(0))
    current: _Observation | None = None
    order: ObserverOrder | None = None
    with Processes() as processes, ThreadPoolExecutor(1, initializer=_give_way) as conclusions:
        say(ready=True)
        for line in sys.stdin.buffer:
            order = _ORDER.validate_json(line)
            if not order.is_end:
                current = _Observation(order, handover or _by_hand(order), processes)
            elif current is not None:
                conclusions.submit(_finish, current, order, current.end())
                current = None
        if current is not None:
            conclusions.submit(_finish, current, _cut_short(current.order), current.end())
    if handover is None and order is not None:
        shutil.rmtree(order.spool, ignore_errors=True)


def _finish(observation: _Observation, order: ObserverOrder, server: ServerSide) -> None:
    """Make the run, say what came of it, and draw its report."""
    try:
        found = observation.conclude(order, server)
        say(conclusion=_CONCLUSION.dump_python(found, mode="json"))
        draw(found.folder)
        say(drawn=found.run)
    except BenchError as error:
        say(failed=str(error))
    except Exception as error:
        traceback.print_exc()
        say(failed=f"the record of the test could not be made: {error}")


def _cut_short(order: ObserverOrder) -> ObserverOrder:
    """The end of a test whose Locust is gone."""
    test = replace(order.test, span_ns=(order.test.span_ns[0], time.monotonic_ns()))
    return replace(order, is_end=True, interrupted=True, test=test)


def _by_hand(order: ObserverOrder) -> Handover:
    """A handover that knows no server: of a Locust that was started by hand."""
    nothing = Path(os.devnull)
    return Handover(
        setup=replace(BY_HAND, address=order.url),
        address=Address("", 0),
        server_pid=None,
        server_log=nothing,
        locust_log=nothing,
        own_pid=os.getppid(),
        runs=Path("reports").absolute(),
        spool=order.spool,
        facts={
            "cpus": {"server": (), "generator": (), "harness": (), "quota": cpus.quota()},
            "host": host.fingerprint(),
            "environment": host.environment(),
        },
    )


def _place(order: ObserverOrder, known: Handover) -> LoadPlace:
    return LoadPlace(
        setup=known.setup,
        server_pid=known.server_pid,
        service_pids=known.service_pids,
        generator_pid=known.own_pid,
        own_pid=os.getpid(),
        server_cpus=known.server_cpus,
        generator_cpus=known.generator_cpus,
        telemetry=_reports(known),
        spool=order.spool,
        run=order.run,
    )


def _reports(known: Handover) -> Path | None:
    folder = known.setup.env.get(telemetry.TELEMETRY_DIR)
    return Path(folder) if folder else None


def _give_way() -> None:
    """Let this thread run when nobody else wants to: on two CPUs it shares the generator's."""
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _LEAST_URGENT)


_saying = threading.Lock()


def say(**word: object) -> None:
    """Send Locust a message: one line of JSON."""
    with _saying, contextlib.suppress(BrokenPipeError):
        print(json.dumps(word), flush=True)


if __name__ == "__main__":
    observe()
