"""Whose CPU time is a stranger's where a server ran already, wherever it may run."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from bench.measure.neighbourhood import watch_neighbours
from bench.measure.workbench import Workbench
from bench.model.address import Address
from bench.model.attachment import Attachment
from bench.model.plan import Setup
from bench.serve.server import Server
from bench.system.processes import Processes

BURN = """
import sys, time
sys.stdin.readline()
while time.process_time() < 0.5: pass
print(flush=True)
sys.stdin.read()
"""
OWN = tuple(sorted(os.sched_getaffinity(0))) if sys.platform == "linux" else (0,)
BENCH = Workbench(setups={}, scenarios={}, generator_cpus=OWN[-1:], own_cpus=OWN[:1])


def busy_s() -> float:
    """What all CPUs have done for processes."""
    times = psutil.cpu_times(percpu=True)
    return sum(times[cpu].user + times[cpu].nice + times[cpu].system for cpu in OWN)


@dataclass(frozen=True)
class Burnt:
    """While a process burnt half a second on the generator's CPU: what others took, and what was done in all."""

    others_s: float
    busy_s: float


def burn(attachment: Attachment, is_server: bool, processes: Processes) -> Burnt:
    """Let a server burn, or a stranger; `others_s` is on one CPU of those that are watched."""
    pipe = subprocess.PIPE
    with subprocess.Popen([sys.executable, "-c", BURN], stdin=pipe, stdout=pipe, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        os.sched_setaffinity(child.pid, OWN[-1:])
        server = Server(
            setup=Setup("s", "running"),
            address=Address("127.0.0.1", 80),
            pid=child.pid if is_server else None,
            log=Path("log"),
            cpus=(),
            exit_status=lambda: None,
            attachment=attachment,
        )
        began_s, busy_before_s = time.monotonic(), busy_s()
        neighbours = watch_neighbours([server], BENCH, processes)
        child.stdin.write("go\n")
        child.stdin.flush()
        child.stdout.readline()
        found = Burnt(neighbours.share() * (time.monotonic() - began_s), busy_s() - busy_before_s)
        child.stdin.close()
    return found


@pytest.mark.alone
@pytest.mark.skipif(len(OWN) < 2, reason="takes a CPU for each side")
def test_a_server_on_the_generators_cpu_is_no_stranger_where_it_may_run_there(processes: Processes) -> None:
    """Both sides share their CPUs then, and the half second of the server is taken off them."""
    found = burn(Attachment(affinity=OWN), True, processes)
    assert found.others_s == pytest.approx((found.busy_s - 0.5) / len(OWN), abs=0.1)


@pytest.mark.alone
@pytest.mark.skipif(len(OWN) < 2, reason="takes a CPU for each side")
def test_with_a_server_elsewhere_only_the_generators_cpu_is_watched(processes: Processes) -> None:
    assert burn(Attachment(elsewhere=True), False, processes).others_s > 0.4
