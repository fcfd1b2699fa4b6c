"""Who listens on a port: real processes with real sockets, alone, with workers, and where nobody can tell."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.observe.listeners import find_listener, find_unix_listener
from bench.system.ports import free_port

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says")

ALONE = """
import os, socket, sys
host, port, family, dual = sys.argv[1:]
listening = socket.create_server((host, int(port)), family=int(family), dualstack_ipv6=dual == "dual")
os.write(1, b"ready\\n"); sys.stdin.read()
"""
SHARED = """
import os, socket, sys
listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
children = []
for _ in range(2):
    if (pid := os.fork()) == 0:
        sys.stdin.read(); os._exit(0)
    children.append(pid)
os.write(1, b"ready\\n"); sys.stdin.read()
"""
APART = """
import os, socket, sys
for _ in range(2):
    if os.fork() == 0:
        listening = socket.create_server(("127.0.0.1", int(sys.argv[1])), reuse_port=True)
        os.write(1, b"ready\\n"); sys.stdin.read(); os._exit(0)
sys.stdin.read()
"""
"""Each worker has a socket of its own, and their parent none."""
OWN = """
import os, socket, sys
listening = socket.create_server(("127.0.0.1", int(sys.argv[1])), reuse_port=True)
os.write(1, b"ready\\n"); sys.stdin.read()
"""
NAMED = """
import os, socket, sys
open("/proc/self/comm", "w").write("docker-proxy")
listening = socket.create_server(("127.0.0.1", int(sys.argv[1])))
os.write(1, b"ready\\n"); sys.stdin.read()
"""


@contextlib.contextmanager
def listening(program: str, *arguments: object, count: int = 1) -> Iterator[int]:
    """The pid of a program that listens: it says so `count` times."""
    command = [sys.executable, "-c", program, *map(str, arguments)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        for _ in range(count):
            assert process.stdout.readline() == "ready\n"
        yield process.pid
        process.stdin.close()


V4, V6 = int(socket.AF_INET), int(socket.AF_INET6)
ADDRESSES = {
    "its own address": ("127.0.0.1", V4, "", "127.0.0.1"),
    "another loopback address": ("127.0.0.2", V4, "", "127.0.0.2"),
    "all addresses": ("0.0.0.0", V4, "", "127.0.0.1"),
    "IPv6": ("::1", V6, "", "::1"),
    "all addresses of IPv6": ("::", V6, "", "::1"),
    "both": ("::", V6, "dual", "127.0.0.1"),
}


@pytest.mark.parametrize(("bound", "family", "dual", "asked"), ADDRESSES.values(), ids=ADDRESSES.keys())
def test_the_process_that_listens_is_found(bound: str, family: int, dual: str, asked: str) -> None:
    port = free_port(bound)
    with listening(ALONE, bound, port, family, dual) as pid:
        assert find_listener(asked, port).pid == pid
        assert find_listener(asked, port).unread == ""


def test_one_of_another_address_is_not_it() -> None:
    port = free_port()
    with listening(ALONE, "127.0.0.2", port, V4, "") as other:
        assert find_listener("127.0.0.1", port).pid is None
        with listening(ALONE, "127.0.0.1", port, V4, "") as pid:
            assert find_listener("127.0.0.1", port).pid == pid != other


def test_of_master_and_workers_it_is_the_master() -> None:
    port = free_port()
    with listening(SHARED, port) as pid:
        assert find_listener("127.0.0.1", port).pid == pid


def test_workers_with_sockets_of_their_own_are_found_by_their_parent() -> None:
    port = free_port()
    with listening(APART, port, count=2) as pid:
        assert find_listener("127.0.0.1", port).pid == pid


def test_servers_that_only_share_the_port_are_nobody() -> None:
    """Their parent, this test, runs the same program: so one of them gets another parent."""
    port = free_port()
    with listening(OWN, port) as one, listening(APART, port, count=2):
        found = find_listener("127.0.0.1", port)
        assert found.pid is None
        assert str(one) in found.unread


def test_a_program_that_only_passes_a_port_on_is_nobody() -> None:
    port = free_port()
    with listening(NAMED, port) as pid:
        found = find_listener("127.0.0.1", port)
        assert found.pid is None
        assert "docker-proxy" in found.unread
        assert str(pid) in found.unread


def test_where_nobody_listens_the_reason_says_so() -> None:
    found = find_listener("127.0.0.1", free_port())
    assert found.pid is None
    assert found.unread


@pytest.mark.skipif(os.geteuid() != 0, reason="to become another user takes root")
def test_a_process_of_another_user_cannot_be_seen() -> None:
    """Looked for as `nobody`, who may not see the files of ours."""
    port = free_port()
    look = (
        "import os, bench.observe.listeners as here; os.setuid(65534); "
        f"print(here.find_listener('127.0.0.1', {port}))"
    )
    root = Path(__file__).parents[3]
    with listening(ALONE, "127.0.0.1", port, V4, ""):
        command = [sys.executable, "-c", look]
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root, timeout=30)
    assert "pid=None" in done.stdout
    assert "another user" in done.stdout


UNIX = """
import os, socket, sys
listening = socket.socket(socket.AF_UNIX)
listening.bind(sys.argv[1]); listening.listen()
if os.fork() == 0:
    sys.stdin.read(); os._exit(0)
os.write(1, b"ready\\n"); sys.stdin.read()
"""


def test_of_master_and_workers_on_a_unix_socket_the_master_is_found(tmp_path: Path) -> None:
    path = str(tmp_path / "app.sock")
    with listening(UNIX, path) as pid:
        assert find_unix_listener(path).pid == pid
    assert find_unix_listener(path).pid is None
    assert "its socket" in find_unix_listener(path).unread
