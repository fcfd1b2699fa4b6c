"""One group of a round: fresh servers side by side, their lanes in rotations, then what takes one stretch."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import math
import tempfile
import time
from collections.abc import Collection, Coroutine, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from bench.engines.bursts import run_bursts
from bench.engines.job import hold_off_collections
from bench.errors import EngineError, ServerError
from bench.measure.answers import CheckedSession, check_answers
from bench.measure.bystander import ping_cpu_us
from bench.measure.cell import check_alive, is_ending, measure, now
from bench.measure.lane import Lane
from bench.measure.lane_record import Surroundings, make_lane_records
from bench.measure.neighbourhood import watch_neighbours
from bench.measure.progress import Display
from bench.measure.workbench import Harness
from bench.model.plan import Cell
from bench.model.record import Failure, Record
from bench.observe.process_tree import ProcessTree, settled_cpu_ns
from bench.plan.order import Group
from bench.plan.rotations import families, orders
from bench.serve.fleet import Start, fleet
from bench.serve.server import Server, server_ended
from bench.system import cpus, host

FEWEST_ROTATIONS, GOOD_ROTATIONS = 4, 24
_IDLE_S = 0.3
_PINGS = 60
"""To know the CPU time of a ping by: it is a small part of a slice's."""


@dataclass(frozen=True, slots=True)
class Rotations:
    """Rotations of a group: the number of the first, as no two groups of a round share one, and the end of the last.

    The end is a moment of time.monotonic; without it there are as many as are good. From `stop_s` on nothing is sent.
    """

    first: int = 0
    until_s: float | None = None
    stop_s: float = math.inf


def play(
    group: Group, harness: Harness, rotations: Rotations, display: Display
) -> Generator[Record | Failure, None, None]:
    """Measure a group's cells; each record, and each failure, as soon as it is known.

    A setup that does not start and a cell that cannot be measured end alone, with the reason; the others go on.
    """
    bench = harness.workbench
    if time.monotonic() >= bench.stop_s:
        return
    display.show_start(group)
    rng = Random(f"{harness.plan.seed} {group.round} {sorted(group.setups)}")
    starts = [
        Start(bench.setups[name], 1 + rng.getrandbits(31), kept_log=_log_of(name, group.round, bench.logs))
        for name in group.setups
    ]
    with fleet(starts, harness.processes, bench.server_cpus, bench.address) as started:
        servers: dict[str, Server] = {}
        for name, one in zip(group.setups, started, strict=True):
            if isinstance(one, Server):
                servers[name] = one
            else:
                yield Failure(name, group.round, str(one))
        for result in _play_lanes(group, servers, harness, rotations=rotations, display=display, rng=rng):
            if isinstance(result, Failure) and result.scenario is None:
                del servers[result.setup]
            yield result
        yield from _play_stretches(group, servers, harness, display)


def _log_of(setup: str, number: int, folder: Path | None) -> Path | None:
    """The file that keeps the log of a setup's server in a round, counted from 0."""
    return None if folder is None else folder / f"{setup.replace('/', '-')}-round-{number + 1}.log"


# --- stretches -----------------------------------------------------------------------------------


def _play_stretches(
    group: Group, servers: dict[str, Server], harness: Harness, display: Display
) -> Iterator[Record | Failure]:
    for cell in group.stretches:
        server = servers.get(cell.setup)
        if server is None or time.monotonic() >= harness.workbench.stop_s:
            continue
        display.show_cell(cell)
        try:
            record = measure(cell, server, harness)
            yield record
            check_alive(server, record)
        except EngineError as error:
            if is_ending(server):
                del servers[cell.setup]
                yield Failure(cell.setup, cell.repeat, str(server_ended(server)))
            else:
                yield Failure(cell.setup, cell.repeat, str(error), cell.scenario)
        except ServerError as error:
            del servers[cell.setup]
            yield Failure(cell.setup, cell.repeat, str(error))


# --- lanes ---------------------------------------------------------------------------------------


def _play_lanes(
    group: Group,
    servers: dict[str, Server],
    harness: Harness,
    *,
    rotations: Rotations,
    display: Display,
    rng: Random,
) -> Iterator[Record | Failure]:
    checked = _Checked(harness)
    cells = [
        cell for cell in group.lanes if cell.setup in servers and checked.look(cell, servers[cell.setup])
    ]
    yield from checked.failures
    cells = [cell for cell in cells if cell.setup in servers]  # without those of servers that ended meanwhile
    if not cells:
        return
    bench = harness.workbench
    started_at, times = now(), cpus.times()
    with contextlib.ExitStack() as stack:
        stack.enter_context(host.on_cpus(bench.generator_cpus))
        lanes = [_lane(cell, servers, harness, stack, rng, lasting=checked.lasting) for cell in cells]
        neighbours = watch_neighbours(list(servers.values()), bench, harness.processes, makes_load=True)
        hold_off_collections()
        try:
            names = _families(cells, harness)
            idle = run_bursts(_rotate(lanes, names, servers, rotations=rotations, display=display, rng=rng))
        finally:
            gc.enable()
        surroundings = Surroundings(
            started_at=started_at,
            times=(times, cpus.times()),
            others_share=round(neighbours.share(), 3),
            idle_cpu_share=idle,
            ping_cpu_us=checked.ping_cpu_us,
            checked=checked.sessions,
        )
        yield from make_lane_records(lanes, group, harness, surroundings)


def _lane(
    cell: Cell,
    servers: Mapping[str, Server],
    harness: Harness,
    stack: contextlib.ExitStack,
    rng: Random,
    *,
    lasting: Collection[str],
) -> Lane:
    bench = harness.workbench
    return Lane(
        cell,
        servers[cell.setup],
        bench.scenarios[cell.scenario],
        Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="fastapi-bench-"))),
        seed=rng.getrandbits(32),
        scenarios_file=bench.scenarios_file,
        services=_services(harness, servers) if bench.setups[cell.setup].services else (),
        lasting=cell.scenario in lasting,
    )


class _Checked:
    """Lanes whose answers are right: the CPU time of their pings, and the requests that have no check."""

    def __init__(self, harness: Harness) -> None:
        self._harness = harness
        self._pings: dict[tuple[str, object], float | None] = {}
        self._dead: set[str] = set()
        self.failures: list[Failure] = []
        self.ping_cpu_us: dict[Cell, float | None] = {}
        self.sessions: dict[Cell, CheckedSession] = {}

    @property
    def lasting(self) -> set[str]:
        """Scenarios whose sessions were not at their end when the check ended, on whichever server."""
        return {cell.scenario for cell, found in self.sessions.items() if found.looked_at is not None}

    def look(self, cell: Cell, server: Server) -> bool:
        bench = self._harness.workbench
        scenario = bench.scenarios[cell.scenario]
        if cell.setup in self._dead:
            return False
        try:
            self.sessions[cell] = check_answers(scenario, server, cell.load.timeout_s)
        except EngineError as error:
            if is_ending(server):
                self._dead.add(cell.setup)
                self.failures.append(Failure(cell.setup, cell.repeat, str(server_ended(server))))
            else:
                self.failures.append(Failure(cell.setup, cell.repeat, str(error), cell.scenario))
            return False
        if scenario.victim is not None:
            known = (cell.setup, scenario.victim)
            if known not in self._pings:
                self._pings[known] = ping_cpu_us(
                    scenario, server, bench.scenarios_file, _PINGS, cell.load.timeout_s
                )
            self.ping_cpu_us[cell] = self._pings[known]
        return True


async def _rotate(
    lanes: Sequence[Lane],
    names: Sequence[object],
    servers: Mapping[str, Server],
    *,
    rotations: Rotations,
    display: Display,
    rng: Random,
) -> dict[str, float]:
    """Rehearse every lane, measure what the servers use when idle, and rotate; the idle share of each setup."""
    try:
        for lane in lanes:
            display.show_cell(lane.cell)
            if time.monotonic() < rotations.stop_s:
                await _try(lane, lane.rehearse())
        idle = await _idle_shares(servers)
        grouped = families(lanes, names, [lane.size.turn_s for lane in lanes], rng)
        for number, order in enumerate(orders(grouped, rng)):
            if _is_enough(number, rotations) or all(lane.is_over for lane in lanes):
                break
            display.show_rotation(number)
            for lane in order:
                if not lane.is_over and time.monotonic() < rotations.stop_s:
                    await _try(lane, lane.slice(rotations.first + number))
        return idle
    finally:
        for lane in lanes:
            lane.disconnect()


def _is_enough(number: int, rotations: Rotations) -> bool:
    now_s, until_s = time.monotonic(), rotations.until_s
    if now_s >= rotations.stop_s:
        return True
    if until_s is None:
        return number >= GOOD_ROTATIONS
    return number >= FEWEST_ROTATIONS and now_s >= until_s


async def _try(lane: Lane, doing: Coroutine[object, object, None]) -> None:
    """Let a lane end alone, with the reason."""
    try:
        await doing
    except EngineError as error:
        lane.failure = str(error)


async def _idle_shares(servers: Mapping[str, Server]) -> dict[str, float]:
    """What each server uses while none is loaded, as far as its processes are known: 1.0 for one busy core."""
    pids = {
        name: [reading.pid for reading in ProcessTree(server.pid).snapshot().processes]
        for name, server in servers.items()
        if server.pid is not None
    }
    before_ns = {name: settled_cpu_ns(some) for name, some in pids.items()}
    began_s = time.monotonic()
    await asyncio.sleep(_IDLE_S)
    took_s = time.monotonic() - began_s
    return {
        name: round(max(0, settled_cpu_ns(some) - before_ns[name]) / 1e9 / took_s, 4)
        for name, some in pids.items()
    }


def _families(cells: Sequence[Cell], harness: Harness) -> list[object]:
    """Cells of one kind of work under one load are compared, by setup or by variant."""
    return [(harness.workbench.scenarios[cell.scenario].group, cell.load) for cell in cells]


def _services(harness: Harness, servers: Mapping[str, Server]) -> list[int]:
    """The processes of our databases and caches."""
    roots = harness.processes.children - {server.pid for server in servers.values()}
    return [reading.pid for root in roots for reading in ProcessTree(root).snapshot().processes]
