"""Measures the cells of a plan: rounds of fresh servers, in groups of as many as may live at once."""

from __future__ import annotations

import contextlib
import gc
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass

from bench.measure.cell import now
from bench.measure.progress import Display
from bench.measure.round import FEWEST_ROTATIONS, GOOD_ROTATIONS, Rotations, play
from bench.measure.store import RunFolder
from bench.measure.workbench import Harness, Workbench
from bench.model.attachment import steady_rps
from bench.model.facts import read_facts
from bench.model.plan import Cell, ClosedLoad, Plan, Setup
from bench.model.record import SCHEMA, Failure, Record
from bench.model.service import SERVICES
from bench.plan.order import Group, cells, count_rounds, groups
from bench.results.cells import gather
from bench.results.precision import Precision, least_certain
from bench.serve.identity import identify
from bench.system import cpus, host
from bench.system.processes import Processes

_START_S = {"uvicorn": 1.5, "gunicorn": 1.5, "granian": 1.5, "hypercorn": 2.0, "running": 0.1}
_OVERHEAD_S = {"native": 0.6, "locust": 2.5}

_TURN_S = 0.06
"""About what a slice takes with its warm-up."""
_SESSIONS_A_USER = 3
"""Of a slice that is slow: one to warm up, and two that count."""
_LANE_S = 0.35
"""About what a lane takes before its first slice: its answers are checked, and it is rehearsed."""
_STOP_S = 0.5

_MOST_ALIVE = 16

_LONGEST_ROUND_S = 45.0
"""Where precision decides when to end: many rounds, as each is a chance to end, and one observation."""

_ROUNDS_ANYWAY, _OVERTIME = 3, 1.15
"""A slow machine gets fewer rounds than the plan wants, if it would take that much longer than the plan says."""

FEWEST_ROUNDS = 4
"""Before precision can end a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """When a run ends besides after its rounds: once no ratio is less certain than `until`, a share, or time is up.

    At most so many servers live at once as `alive` says; without it as many as have half of the free memory.
    """

    until: float | None = None
    alive: int | None = None


def expected_s(plan: Plan, workbench: Workbench) -> float:
    """About how long a plan takes, in seconds, before anything was measured."""
    if plan.minutes is not None:
        return max(plan.minutes * 60, _least_s(plan, workbench))
    return sum(
        _start_s(group, workbench) + _rotations_s(group, workbench) + sum(map(_cell_s, group.stretches))
        for number in range(count_rounds(plan))
        for group in groups(plan, number, most_alive(plan, workbench))
    )


def most_alive(plan: Plan, workbench: Workbench, wanted: int | None = None) -> int:
    """How many servers may live at once: as many as are wanted, and else as half of the free memory has room for."""
    if wanted is not None:
        return wanted
    setups = [workbench.setups[name] for name in {cell.setup for cell in cells(plan)}]
    largest = max((setup.workers for setup in setups if setup.server != "running"), default=1)
    return host.room_for_servers(largest, _MOST_ALIVE)


def _start_s(group: Group, workbench: Workbench) -> float:
    starts = [_START_S.get(workbench.setups[name].server, 1.0) for name in group.setups]
    return max(max(starts, default=0.0), sum(starts) / 2)


def _rotations_s(group: Group, workbench: Workbench) -> float:
    return sum(_LANE_S + GOOD_ROTATIONS * _turn_s(cell, workbench) for cell in group.lanes) + _STOP_S


def _turn_s(cell: Cell, workbench: Workbench) -> float:
    """About what a slice takes: under a ceiling that gives its requests their time."""
    most_rps = workbench.setups[cell.setup].most_rps
    if not most_rps or not isinstance(cell.load, ClosedLoad):
        return _TURN_S
    return _TURN_S + _SESSIONS_A_USER * cell.load.users / steady_rps(most_rps)


def _least_s(plan: Plan, workbench: Workbench) -> float:
    """What the cells under a ceiling take at the least, whatever the minutes say."""
    mine = {cell.key: cell for cell in cells(plan) if workbench.setups[cell.setup].most_rps}.values()
    rounds = min(_ROUNDS_ANYWAY, count_rounds(plan))
    turns_s = sum(_turn_s(cell, workbench) for cell in mine if cell.in_slices)
    stretches_s = sum(_cell_s(cell) for cell in mine if not cell.in_slices)
    return rounds * ((FEWEST_ROTATIONS + 1) * turns_s + stretches_s)


def facts(run: str, plan: Plan, workbench: Workbench) -> dict[str, object]:
    """The contents of `run.json` before the first cell is measured.

    Raises UsageError for a setup whose CPUs do not exist or are the generator's.
    """
    setups = {setup: workbench.setups[setup] for block in plan.blocks for setup in block.setups}
    return {
        "schema": SCHEMA,
        "run": run,
        "started_at": now(),
        "finished": False,
        "plan": _plan_facts(plan, setups, workbench),
        "seed": plan.seed,
        **place_facts(setups.values(), workbench),
    }


def place_facts(setups: Collection[Setup], workbench: Workbench) -> dict[str, object]:
    """The facts of `run.json` that do not depend on a plan: the CPUs, the machine, the services of these setups.

    Raises UsageError for a setup whose CPUs do not exist or are the generator's.
    """
    for setup in setups:
        host.check_cpus(setup, workbench.generator_cpus)
    services = identify(setups, workbench.service)
    return {
        "cpus": {
            "server": workbench.server_cpus,
            "generator": workbench.generator_cpus,
            "harness": workbench.own_cpus,
            "quota": cpus.quota(),
        },
        "host": host.fingerprint(),
        "environment": host.environment(),
        **({SERVICES: services} if services else {}),
    }


def _plan_facts(plan: Plan, setups: Mapping[str, Setup], workbench: Workbench) -> dict[str, object]:
    names = dict.fromkeys(scenario for block in plan.blocks for scenario in block.scenarios)
    scenarios = {name: workbench.scenarios[name] for name in names}
    return {
        "name": plan.name,
        "about": plan.about,
        "cells": len(cells(plan)),
        "minutes": plan.minutes,
        "long": plan.long,
        "blocks": [asdict(block) for block in plan.blocks],
        "setups": {name: asdict(setup) for name, setup in setups.items()},
        "scenarios": {name: one.about for name, one in scenarios.items()},
        "variants": {name: [one.group, one.variant] for name, one in scenarios.items()},
        "fail_if": list(plan.fail_if),
    }


def run(plan: Plan, workbench: Workbench, folder: RunFolder, display: Display, ends: Ends = Ends()) -> None:
    """Measure every cell of a plan, round by round, and append each result as soon as it is known.

    A setup that does not start and a cell that cannot be measured are recorded as failures; the run goes on.
    """
    clock = _Clock(plan, time.monotonic())
    gc.freeze()  # a collection of all that there is takes tens of milliseconds, on two CPUs the generator's
    with host.on_cpus(workbench.own_cpus), Processes() as processes:
        harness = Harness(
            run=folder.path.name,
            plan=plan,
            workbench=workbench,
            processes=processes,
            progress=display.show_progress,
        )
        alive = most_alive(plan, workbench, ends.alive)
        known = read_facts(folder.facts).plan
        records: list[Record] = []
        number, precision = 0, None
        while clock.begins(number, ends, precision) and time.monotonic() < workbench.stop_s:
            here = groups(plan, number, alive)
            first = 0
            for place, group in enumerate(here):
                until_s = clock.rotate_until_s(number, group, here[place + 1 :], ends)
                playing = play(group, harness, Rotations(first, until_s, workbench.stop_s), display)
                with contextlib.closing(playing) as results:
                    mine = [record for result in results for record in _keep(result, folder, display)]
                records += mine
                first = 1 + max((at for one in mine for at in one.slices.rotation), default=first - 1)
            number += 1
            precision = least_certain(gather(records, known))
            display.show_round(number, precision)
        for failure in _unfinished(plan, workbench, number):
            _keep(failure, folder, display)
    folder.add_facts(finished=True, took_s=round(clock.took_s, 1), rounds=number)


def _unfinished(plan: Plan, workbench: Workbench, rounds: int) -> list[Failure]:
    """A failure for each setup under a ceiling where the time that was announced for it was over before its end."""
    if time.monotonic() < workbench.stop_s:
        return []
    names = dict.fromkeys(cell.setup for cell in cells(plan) if workbench.setups[cell.setup].most_rps)
    why = "the time that was announced is over: give fewer scenarios or users, more --minutes or a larger --most-rps"
    return [Failure(name, rounds, why) for name in names]


def _keep(result: Record | Failure, folder: RunFolder, display: Display) -> list[Record]:
    if isinstance(result, Failure):
        display.show_failure(folder.add_failure(result))
        return []
    folder.add(result)
    display.show_record(result)
    return [result]


class _Clock:
    """Shares a plan's time out to its rounds."""

    def __init__(self, plan: Plan, began_s: float) -> None:
        self._rounds = count_rounds(plan)
        self._whole_s = None if plan.minutes is None else plan.minutes * 60
        self._began_s = self._round_began_s = began_s

    @property
    def took_s(self) -> float:
        return time.monotonic() - self._began_s

    def begins(self, number: int, ends: Ends, precision: Precision | None) -> bool:
        """Whether another round begins, the `number`-th from 0."""
        self._round_began_s = time.monotonic()
        if self._whole_s is None:
            return number < self._rounds
        next_s = self.took_s * (number + 1) / max(1, number)
        if ends.until is None:
            in_time = number < _ROUNDS_ANYWAY or next_s <= _OVERTIME * self._whole_s
            return number < self._rounds and in_time
        narrow = precision is not None and precision.half_width <= ends.until
        if number >= FEWEST_ROUNDS and narrow:
            return False
        return number == 0 or next_s <= self._whole_s

    def rotate_until_s(self, number: int, group: Group, later: Sequence[Group], ends: Ends) -> float | None:
        """Until when a group may rotate; `later` are the groups after it in its round, which get their share."""
        if self._whole_s is None:
            return None
        if ends.until is None:
            left_s = self._began_s + self._whole_s - self._round_began_s
            round_s = left_s / max(1, self._rounds - number)
        else:
            round_s = min(self._whole_s / self._rounds, _LONGEST_ROUND_S)
        now_s = time.monotonic()
        stretches_s = sum(_cell_s(cell) for one in (group, *later) for cell in one.stretches)
        lanes = sum(len(one.lanes) for one in (group, *later))
        room_s = self._round_began_s + round_s - now_s - stretches_s
        return now_s + room_s * len(group.lanes) / max(1, lanes) - _STOP_S


def _cell_s(cell: Cell) -> float:
    return cell.load.warmup_s + cell.load.duration_s + _OVERHEAD_S.get(cell.engine, 1.0)
