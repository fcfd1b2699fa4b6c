"""Who took the CPUs: what our own children use is ours, wherever they came from, and a stranger's is not."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bench.model.address import Address
from bench.model.plan import Setup
from bench.observe.neighbours import Neighbours
from bench.serve.server import Server
from bench.system.processes import Processes

pytestmark = [
    pytest.mark.alone,
    pytest.mark.skipif(
        not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2, reason="it takes two CPUs"
    ),
]

# Burns half a second of CPU time when it is told to, in a child of its own that is then gone, and says so.
BUSY = """
import subprocess, sys
burn = "import time\\nwhile time.process_time() < 0.5: pass"
for _ in sys.stdin:
    subprocess.run([sys.executable, "-S", "-c", burn], check=True)
    print("done", flush=True)
"""
QUIET = "import time; time.sleep(60)"
BURNT_S = 0.5
CLOCK_TICK_S = 0.01


@pytest.fixture
def server(tmp_path: Path, processes: Processes) -> Iterator[Server]:
    """An idle process in a server's place, on the first of our CPUs."""
    first, *_ = sorted(os.sched_getaffinity(0))
    log = tmp_path / "log"
    with processes.running([sys.executable, "-c", QUIET], log=log, cpus=(first,)) as child:
        yield Server(
            setup=Setup("idle", "command"),
            address=Address("127.0.0.1", 0),
            pid=child.pid,
            log=log,
            cpus=(first,),
            exit_status=child.poll,
        )


def pid_of(server: Server) -> int:
    assert server.pid is not None
    return server.pid


def burn(child: subprocess.Popen[str]) -> None:
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write("go\n")
    child.stdin.flush()
    assert child.stdout.readline() == "done\n"


def test_our_own_services_are_no_strangers(server: Server, processes: Processes) -> None:
    """What is left when a child of ours was busy is what was left without it: nothing of its half second."""
    with processes.running(
        [sys.executable, "-c", BUSY], log=server.log, cpus=server.cpus, talking=True
    ) as child:
        began_s, neighbours = time.monotonic(), Neighbours([pid_of(server)], server.cpus, (), processes)
        total = psutil.cpu_times(percpu=True)[server.cpus[0]]
        burn(child)
        now = psutil.cpu_times(percpu=True)[server.cpus[0]]
        busy_s = now.user + now.nice + now.system - total.user - total.nice - total.system
        others_s = neighbours.share() * (time.monotonic() - began_s)
        services_s = neighbours.services_s()

    assert services_s >= BURNT_S - 2 * CLOCK_TICK_S
    assert others_s == pytest.approx(busy_s - services_s, abs=0.1)


def test_a_stranger_is_one(server: Server, processes: Processes) -> None:
    with (
        Processes() as strangers,
        strangers.running(
            [sys.executable, "-c", BUSY], log=server.log, cpus=server.cpus, talking=True
        ) as child,
    ):
        began_s, neighbours = time.monotonic(), Neighbours([pid_of(server)], server.cpus, (), processes)
        burn(child)
        others_s = neighbours.share() * (time.monotonic() - began_s)

    assert neighbours.services_s() < 0.05  # the kernel counts in ticks of 10 ms
    assert others_s > BURNT_S - 0.1


@pytest.mark.parametrize("side", ["server", "generator"])
def test_the_busier_side_counts(side: str, server: Server, processes: Processes) -> None:
    """Half a second of a stranger's on the CPU of one side, and next to nothing on the other's."""
    generator = sorted(os.sched_getaffinity(0))[-1]
    place = server.cpus[0] if side == "server" else generator
    with (
        Processes() as strangers,
        strangers.running([sys.executable, "-c", BUSY], log=server.log, cpus=(place,), talking=True) as child,
    ):
        began_s, neighbours = (
            time.monotonic(),
            Neighbours([pid_of(server)], server.cpus, (generator,), processes),
        )
        burn(child)
        others_s = neighbours.share() * (time.monotonic() - began_s)

    assert others_s > BURNT_S - 0.1


def test_where_both_share_a_cpu_it_is_theirs_together(server: Server, processes: Processes) -> None:
    """What is left of all that the CPU did when a child of ours, as it were the generator, is taken off."""
    command = [sys.executable, "-c", BUSY]
    (cpu,) = server.cpus
    with (
        Processes() as strangers,
        strangers.running(command, log=server.log, cpus=server.cpus, talking=True) as stranger,
    ):
        began_s, total = time.monotonic(), psutil.cpu_times(percpu=True)[cpu]
        neighbours = Neighbours([pid_of(server)], server.cpus, server.cpus, processes, own_cpus=())
        with processes.running(command, log=server.log, cpus=server.cpus, talking=True) as ours:
            burn(stranger)
            burn(ours)
            now, its_own = psutil.cpu_times(percpu=True)[cpu], psutil.Process(ours.pid).cpu_times()
            others_s = neighbours.share() * (time.monotonic() - began_s)

    busy_s = now.user + now.nice + now.system - total.user - total.nice - total.system
    assert others_s == pytest.approx(busy_s - sum(its_own[:4]), abs=0.1)
    assert others_s > BURNT_S - 0.1


def test_what_we_use_on_a_cpu_of_our_own_is_not_taken_off_the_generators(
    server: Server, processes: Processes
) -> None:
    """We burn half a second elsewhere; to take it off would hide as much of a stranger's."""
    first, *_, generator = sorted(os.sched_getaffinity(0))
    with (
        Processes() as strangers,
        strangers.running(
            [sys.executable, "-c", BUSY], log=server.log, cpus=(generator,), talking=True
        ) as child,
    ):
        began_s = time.monotonic()
        apart = Neighbours([pid_of(server)], server.cpus, (generator,), processes, own_cpus=(first,))
        burn(child)
        until_s = time.process_time() + BURNT_S
        while time.process_time() < until_s:
            pass
        others_s = apart.share() * (time.monotonic() - began_s)

    assert others_s > BURNT_S - 0.1
