"""Measures the cells of a plan: rounds of fresh servers, and on each server its cells."""

from __future__ import annotations

import contextlib
import gc
import time
from collections import abc, defaultdict
from collections.abc import Mapping
from dataclasses import asdict

from bench.errors import EngineError, ServerError
from bench.measure.cell import check_alive, is_ending, measure, now
from bench.measure.progress import Display
from bench.measure.store import RunFolder
from bench.measure.workbench import Harness, Workbench
from bench.model.plan import Cell, Plan
from bench.model.record import SCHEMA, Failure, Record
from bench.plan.order import Visit, cells, visits
from bench.serve.server import server_ended, serving
from bench.system import cpus, host
from bench.system.processes import Processes

_START_S = {"uvicorn": 1.5, "gunicorn": 1.5, "granian": 1.5, "hypercorn": 2.0}
_OVERHEAD_S = {"native": 0.6, "locust": 2.5}

_Throughputs = Mapping[object, list[float]]
"""Of the records so far, by the key of their cells."""


def expected_s(plan: Plan, workbench: Workbench) -> float:
    """About how long a plan takes, in seconds, before anything was measured."""
    starts = sum(_START_S.get(workbench.setups[visit.setup].server, 1.0) for visit in visits(plan))
    return starts + sum(_cell_s(cell) for cell in cells(plan))


def facts(run: str, plan: Plan, workbench: Workbench) -> dict[str, object]:
    """The contents of `run.json` before the first cell is measured.

    Raises UsageError for a setup whose CPUs do not exist or are the generator's.
    """
    setups = list(dict.fromkeys(setup for block in plan.blocks for setup in block.setups))
    for name in setups:
        host.check_cpus(workbench.setups[name], workbench.generator_cpus)
    scenarios = list(dict.fromkeys(scenario for block in plan.blocks for scenario in block.scenarios))
    return {
        "schema": SCHEMA,
        "run": run,
        "started_at": now(),
        "finished": False,
        "plan": {
            "name": plan.name,
            "about": plan.about,
            "cells": len(cells(plan)),
            "blocks": [asdict(block) for block in plan.blocks],
            "setups": {name: asdict(workbench.setups[name]) for name in setups},
            "scenarios": {name: workbench.scenarios[name].about for name in scenarios},
            "variants": {
                name: [workbench.scenarios[name].group, workbench.scenarios[name].variant]
                for name in scenarios
            },
        },
        "seed": plan.seed,
        "cpus": {
            "server": workbench.server_cpus,
            "generator": workbench.generator_cpus,
            "harness": workbench.own_cpus,
            "quota": cpus.quota(),
        },
        "host": host.fingerprint(),
        "environment": host.environment(),
    }


def run(plan: Plan, workbench: Workbench, folder: RunFolder, display: Display) -> None:
    """Measure every cell of a plan and append each result as soon as it is known.

    A setup that does not start and a cell that cannot be measured are recorded as failures; the run goes on.
    """
    began_s = time.monotonic()
    gc.freeze()  # a collection of all that there is takes tens of milliseconds, on two CPUs the generator's
    with host.on_cpus(workbench.own_cpus), Processes() as processes:
        harness = Harness(
            run=folder.path.name,
            plan=plan,
            workbench=workbench,
            processes=processes,
            progress=display.show_progress,
        )
        throughputs: defaultdict[object, list[float]] = defaultdict(list)
        for visit in visits(plan):
            with contextlib.closing(_visit(visit, harness, throughputs, display)) as results:
                for result in results:
                    if isinstance(result, Failure):
                        folder.add_failure(result)
                        continue
                    folder.add(result)
                    throughputs[result.cell.key].append(result.summary.throughput_rps)
                    display.show_record(result, _cell_s(result.cell))
    folder.add_facts(finished=True, took_s=round(time.monotonic() - began_s, 1))


def _visit(
    visit: Visit, harness: Harness, throughputs: _Throughputs, display: Display
) -> abc.Generator[Record | Failure, None, None]:
    """The records of one start of a server, which is stopped when the generator is closed."""
    display.show_start(visit.setup)
    bench = harness.workbench
    setup = bench.setups[visit.setup]
    done = 0
    try:
        with serving(setup, harness.processes, host=bench.address, cpus=bench.server_cpus) as server:
            for cell in visit.cells:
                display.show_cell(cell)
                try:
                    record = measure(cell, server, harness, earlier_rps=throughputs[cell.key])
                except EngineError as error:
                    if is_ending(server):
                        raise server_ended(server) from error
                    failure = Failure(cell.setup, cell.repeat, str(error), cell.scenario)
                    display.show_failure(failure, [_cell_s(cell)])
                    yield failure
                    done += 1
                else:
                    yield record
                    done += 1
                    check_alive(server, record)
    except ServerError as error:
        failure = Failure(visit.setup, visit.repeat, str(error))
        display.show_failure(failure, [_cell_s(cell) for cell in visit.cells[done:]])
        yield failure


def _cell_s(cell: Cell) -> float:
    return cell.load.warmup_s + cell.load.duration_s + _OVERHEAD_S.get(cell.engine, 1.0)
