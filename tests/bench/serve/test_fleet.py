"""Servers started side by side, one of which does not start."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path

import psutil

from bench.engines.channel import Channel
from bench.errors import ServerError
from bench.model.plan import Setup
from bench.serve.fleet import Start, fleet
from bench.serve.server import Server
from bench.system.processes import Processes
from scenarios.model import Request
from tests.bench.program import lives

# Answers its hash seed; a thread of it is older than the move to its CPUs.
PLAIN = """
import http.server, os, sys, threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(os.environ["PYTHONHASHSEED"].encode())
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
OWN = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else [0]


def plain(name: str, **more: object) -> Setup:
    return Setup(name, "command", command=("python", "-c", PLAIN, "{port}"), health="/", **more)  # type: ignore[arg-type]


BROKEN = Setup("broken", "command", command=("python", "-c", "raise SystemExit('no luck')"), health="/")


def test_two_on_sockets_and_one_on_ipv6_are_places_of_their_own() -> None:
    """Counters of the shares of a server, and its pace, go by its place."""
    app = "bench.machine.bare_app:app"
    starts = [
        Start(Setup(bind, "uvicorn", app=app, health="/", bind=bind), 1)
        for bind in ("unix", "unix", "::1", "127.0.0.1")
    ]
    with Processes() as processes, fleet(starts, processes, ()) as found:
        servers = [one for one in found if isinstance(one, Server)]
        assert len({one.address.place for one in servers}) == 4
        for one in servers:
            with closing(Channel(one.address, timeout_s=5)) as channel:
                assert channel.send(Request("GET", "/")).status == 200


def test_servers_are_there_in_the_order_of_their_starts_and_gone_in_the_end(tmp_path: Path) -> None:
    before = os.sched_getaffinity(0)
    starts = [
        Start(plain("one"), 11, tmp_path),
        Start(BROKEN, 22),
        Start(plain("two", env={"PYTHONHASHSEED": "5"}), 33),
        Start(plain("three", cpus=(OWN[-1],)), 44),
    ]
    with Processes() as processes:
        with fleet(starts, processes, OWN[:1]) as found:
            one, broken, two, three = found
            assert isinstance(one, Server)
            assert isinstance(two, Server)
            assert isinstance(three, Server)
            assert isinstance(broken, ServerError)
            assert "no luck" in str(broken)
            assert [server.setup.name for server in (one, two, three)] == ["one", "two", "three"]
            assert len({server.port for server in (one, two, three)}) == 3
            members = [psutil.Process(server.pid) for server in (one, two, three)]
            assert [member.environ()["PYTHONHASHSEED"] for member in members] == ["11", "5", "44"]
            assert members[0].cwd() == str(tmp_path)
            affinities = [
                {tuple(sorted(os.sched_getaffinity(thread.id))) for thread in member.threads()}
                for member in members
            ]
            assert affinities == [{(OWN[0],)}, {(OWN[0],)}, {(OWN[-1],)}]
            assert [server.cpus for server in (one, two, three)] == [(OWN[0],), (OWN[0],), (OWN[-1],)]
            assert all(len(member.threads()) >= 2 for member in members)
        assert not any(map(lives, members))
        assert processes.children == frozenset()
    assert os.sched_getaffinity(0) == before


def test_without_cpus_a_fleet_runs_where_it_may() -> None:
    with Processes() as processes, fleet([Start(plain("one"), 1)], processes, ()) as (one,):
        assert isinstance(one, Server)
        assert one.cpus == ()
        assert one.pid is not None
        assert os.sched_getaffinity(one.pid) == os.sched_getaffinity(0)


def test_nothing_to_start_is_an_empty_fleet() -> None:
    with Processes() as processes, fleet([], processes, (0,)) as found:
        assert found == []
