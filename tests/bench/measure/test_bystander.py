"""A bystander's requests: how often they come, and what one costs a server that burns a known amount of CPU time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.engines.job import Job
from bench.measure.bystander import bystander_job, ping_cpu_us
from bench.model.address import Address
from bench.model.plan import ClosedLoad, Setup
from bench.serve.server import Server, serving
from bench.system.ports import free_port
from bench.system.processes import Processes
from scenarios.model import Request, Scenario
from scenarios.single import Always
from tests.bench.measure.burning import BURNING

PING = Always(Request("GET", "/ping"))
WITH_BYSTANDER = Scenario("s", PING, victim=PING)


@contextmanager
def burning(folder: Path, processes: Processes, requests: int) -> Iterator[Server]:
    program = folder / "burning.py"
    program.write_text(BURNING)
    command = (sys.executable, str(program), "{port}", str(requests), "fails")
    with serving(Setup("burning", "command", command=command, health="/"), processes) as server:
        yield server


def test_a_ping_costs_what_the_server_burns_for_it(tmp_path: Path, processes: Processes) -> None:
    with burning(tmp_path, processes, 10_000) as server:
        found_us = ping_cpu_us(WITH_BYSTANDER, server)

    assert found_us is not None
    assert 2000 <= found_us < 2500


def test_pings_that_fail_cost_nobody_knows_what(tmp_path: Path, processes: Processes) -> None:
    with burning(tmp_path, processes, 100) as server:
        assert ping_cpu_us(WITH_BYSTANDER, server) is None


def test_a_server_that_is_gone_costs_nobody_knows_what(tmp_path: Path, processes: Processes) -> None:
    log = tmp_path / "log"
    with processes.running([sys.executable, "-c", "input()"], log=log, talking=True) as child:
        assert isinstance(child, subprocess.Popen)
        gone = Server(
            setup=Setup("gone", "command"),
            address=Address("127.0.0.1", free_port()),
            pid=child.pid,
            log=log,
            cpus=(),
            exit_status=child.poll,
        )
        assert ping_cpu_us(WITH_BYSTANDER, gone) is None


@pytest.mark.parametrize(
    ("duration_s", "per_s"), [(0.5, 125.0), (0.9, 100 / 0.9), (3.0, 100.0)], ids=["short", "middling", "long"]
)
def test_a_short_cell_is_probed_more_often_within_bounds(duration_s: float, per_s: float) -> None:
    load = ClosedLoad(5, duration_s, 0.2)
    made = bystander_job(Job(Address("127.0.0.1", 1), "s", load, Path("samples"), seed=7), Path("bystander"))

    assert made.bystander
    assert made.samples == Path("bystander")
    assert (made.load.duration_s, made.load.warmup_s) == (duration_s, 0.2)
    assert made.load.arrivals_per_s == pytest.approx(per_s)  # type: ignore[union-attr]
