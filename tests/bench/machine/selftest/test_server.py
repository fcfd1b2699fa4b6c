"""A truth server does as it is asked to and writes down what it did: a real one, over sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.machine.selftest.behaviours import (
    BODY,
    WRONG_BODY,
    Behaviour,
    Closing,
    Constant,
    Dribbling,
    Faulty,
    Reply,
    encode,
)
from bench.machine.selftest.log import read_log
from bench.machine.selftest.server import writes
from bench.model.plan import Setup
from bench.serve.server import serving
from bench.system.home import own_command
from bench.system.processes import Processes

REQUEST = b"GET /data HTTP/1.1\r\nHost: here\r\n\r\n"


@contextmanager
def truth(behaviour: Behaviour, processes: Processes, log: Path) -> Iterator[socket.socket]:
    """A connection to a server that has been looked at already, which is not in its log."""
    module = own_command("bench.machine.selftest.server", "{host}", "{port}")
    setup = Setup("truth", "command", command=(*module, encode(behaviour), str(log)), health="/up")
    with serving(setup, processes) as server:
        with socket.create_connection((server.address.host, server.port), timeout=10) as look:
            assert ask(look).endswith(BODY)
        with socket.create_connection((server.address.host, server.port), timeout=10) as connection:
            yield connection


def ask(connection: socket.socket) -> bytes:
    """What comes for a request, up to a whole body or the end of the connection."""
    connection.sendall(REQUEST)
    said = b""
    while not said.endswith((BODY, WRONG_BODY)):
        piece = connection.recv(4096)
        if not piece:
            break
        said += piece
    return said


def test_each_request_is_written_down(processes: Processes, tmp_path: Path) -> None:
    before_ns = time.monotonic_ns()
    with truth(Constant(20.0), processes, tmp_path / "log") as connection:
        assert ask(connection) == b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" + BODY
        ask(connection)
    log = read_log(tmp_path / "log")

    assert list(log.kinds) == ["ok", "ok"]
    assert len(set(log.connections)) == 1
    assert before_ns < log.arrived_ns[0] < log.answered_ns[0] < log.arrived_ns[1] < log.answered_ns[1]
    for arrived_ns, due_ns, answered_ns in zip(log.arrived_ns, log.due_ns, log.answered_ns, strict=True):
        assert due_ns == arrived_ns + 20_000_000 <= answered_ns


ENDS: dict[str, tuple[Behaviour, bytes, str]] = {
    "drops": (Faulty(0.0, "reset", 1.0), b"", "reset"),
    "cut": (Faulty(0.0, "truncated", 1.0), BODY, "truncated"),
    "wrong": (Faulty(0.0, "wrong-body", 1.0), WRONG_BODY, "wrong-body"),
    "error": (Faulty(0.0, "status-500", 1.0), BODY, "status-500"),
    "closes": (Closing(0.0, announced=True), BODY, "ok"),
    "closes untold": (Closing(0.0, announced=False), BODY, "ok"),
}


@pytest.mark.parametrize(("behaviour", "end", "kind"), ENDS.values(), ids=ENDS)
def test_an_answer_ends_as_it_is_to(
    behaviour: Behaviour, end: bytes, kind: str, processes: Processes, tmp_path: Path
) -> None:
    with truth(behaviour, processes, tmp_path / "log") as connection:
        said = ask(connection)
        gone = kind in ("reset", "truncated") or isinstance(behaviour, Closing)
        if gone:
            assert connection.recv(1) == b""
    log = read_log(tmp_path / "log")

    assert said.endswith(end)
    assert said.startswith(b"HTTP/1.1 500") == (kind == "status-500")
    assert (b"Connection: close" in said) == (behaviour == Closing(0.0, announced=True))
    assert (b"Content-Length: 900" in said) == (kind == "truncated")
    assert list(log.kinds) == [kind]
    assert log.answered_ns[0] >= log.arrived_ns[0]


def test_a_body_dribbles(processes: Processes, tmp_path: Path) -> None:
    with truth(Dribbling(3, 30.0), processes, tmp_path / "log") as connection:
        assert ask(connection).endswith(BODY)
    log = read_log(tmp_path / "log")

    assert log.answered_ns[0] - log.arrived_ns[0] >= 30_000_000


def test_the_pieces_are_the_whole_and_the_last_comes_at_the_end() -> None:
    parts = writes(Reply(1000, pieces=4, over_ns=400))

    assert [at_ns for at_ns, _ in parts] == [1000, 1100, 1200, 1300, 1400]
    assert b"".join(part for _, part in parts) == writes(Reply(1000))[0][1]
    assert parts[0][1].endswith(b"\r\n\r\n")
    assert all(part for _, part in parts)


def test_the_log_is_written_at_the_end_only(processes: Processes, tmp_path: Path) -> None:
    with truth(Constant(), processes, tmp_path / "log") as connection:
        ask(connection)
        assert not (tmp_path / "log").exists()
    assert (tmp_path / "log").exists()
