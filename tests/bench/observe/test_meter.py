"""A server read while it works, against what it counts itself; and a reader that goes away however a cell ends."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.model.plan import Setup
from bench.model.readings import steal_share
from bench.model.record import Resources
from bench.observe.meter import Meter
from bench.results.resources import resources
from bench.serve.server import Server, serving
from bench.system.processes import Processes

# Burns 20 ms of CPU time for each line, and answers with all that it has used so far, in seconds.
BURNING = """
import socketserver, sys, time

class Burning(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            until = time.process_time() + 0.02
            while time.process_time() < until:
                pass
            if line == b"\\r\\n":
                self.wfile.write(b"HTTP/1.1 200 OK\\r\\nContent-Length: 0\\r\\n\\r\\n")
                return
            if not line.startswith((b"GET", b"Host", b"Accept")):
                self.wfile.write(b"%f\\n" % time.process_time())

socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(("127.0.0.1", int(sys.argv[1])), Burning).serve_forever()
"""


@pytest.fixture
def server(tmp_path: Path, processes: Processes) -> Iterator[Server]:
    program = tmp_path / "burning.py"
    program.write_text(BURNING)
    command = (sys.executable, str(program), "{port}")
    with serving(Setup("burning", "command", command=command, health="/"), processes) as running:
        yield running


def samplers() -> int:
    return sum("_sample" in thread.name for thread in threading.enumerate())


def measured(meter: Meter) -> Resources:
    """Of a hundred answers that name no worker, on no CPUs in particular."""
    return resources(
        meter.snapshots,
        workers=meter.workers,
        answers={},
        answered=100,
        cpus=(),
        times=meter.times,
        telemetry={},
    )


def test_what_a_server_used_is_what_it_says_itself(server: Server) -> None:
    with (
        contextlib.closing(Meter(server.pid, server.port, 1.0)) as meter,
        socket.create_connection((server.address.host, server.port)) as connection,
        connection.makefile("rwb") as lines,
    ):

        def used_s() -> float:
            lines.write(b"burn\n")
            lines.flush()
            return float(lines.readline())

        before_s = used_s()
        meter.start()
        while (now_s := used_s()) < before_s + 0.8:
            pass
        meter.end()
    found = measured(meter)

    assert found.cpu_s is not None
    assert found.cpu_s == pytest.approx(now_s - before_s, rel=0.05)
    assert found.cpu_us_per_request == pytest.approx(found.cpu_s * 1e4)
    assert found.timeline[0].connections == 1
    assert {part.connections for part in found.timeline} <= {1, None}
    assert 2 <= len(found.timeline) <= 0.8 * 4 * 3, "four times a second, on whatever CPU was free"
    assert [worker.pid for worker in found.workers] == [server.pid]
    assert found.busy_share is None, "nothing was pinned"
    assert 0 <= steal_share(*meter.times, ()) < 1
    assert 0 < meter.own_cpu_s < 0.8


def test_sockets_are_counted_the_more_seldom_the_longer_it_takes(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def slow(port: int) -> int:
        asked.append(port)
        threading.Event().wait(0.01)
        return 7

    monkeypatch.setattr("bench.observe.meter.connections", slow)
    with contextlib.closing(Meter(server.pid, server.port, 1.0)) as meter:
        meter.start()
        threading.Event().wait(0.8)
        meter.end()
    found = measured(meter).timeline

    assert asked == [server.port], "10 ms are a thousandth of ten seconds"
    assert len(found) >= 2
    assert [part.connections for part in found] == [7] + [None] * (len(found) - 1)


@pytest.mark.parametrize("begun", [False, True], ids=["never begun", "begun"])
def test_the_reader_goes_away_when_a_cell_is_given_up(begun: bool, server: Server) -> None:
    before = samplers()
    with contextlib.closing(Meter(server.pid, server.port, 1.0)) as meter:
        assert samplers() == before + 1
        if begun:
            meter.start()
    assert samplers() == before
