"""Servers that run already: found, watched, measured next to others, and left as they were."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import psutil
import pytest

from bench.errors import ServerError
from bench.model.plan import Setup
from bench.serve.attached import attach
from bench.serve.fleet import Start, fleet
from bench.serve.server import Server, server_ended
from bench.system.ports import free_port
from bench.system.processes import Processes
from tests.bench.arrivals import Witness, counting
from tests.bench.program import lives, poll

OWN = sorted(os.sched_getaffinity(0)) if sys.platform == "linux" else [0]


@pytest.fixture
def witness() -> Iterator[Witness]:
    with counting() as running:
        yield running


def setup_of(witness: Witness, path: str = "", **more: float) -> Setup:
    return Setup("mine", "running", address=f"{witness.url}{path}", **more)  # type: ignore[arg-type]


def test_a_server_is_found_with_its_process_and_without_a_request(witness: Witness) -> None:
    server = attach(setup_of(witness, "/api/", most_rps=50))
    assert (server.address.host, server.port, server.pid) == ("127.0.0.1", witness.port, witness.process.pid)
    found = server.attachment
    assert found is not None
    assert (server.address.authority, server.address.prefix) == (f"127.0.0.1:{witness.port}", "/api")
    assert (found.unread, found.elsewhere, found.most_rps) == ("", False, 50)
    assert found.affinity == tuple(OWN)
    assert server.cpus == ()
    assert witness.notes == []


def test_a_server_that_somebody_pinned_has_these_cpus(witness: Witness) -> None:
    os.sched_setaffinity(witness.process.pid, OWN[:1])
    server = attach(setup_of(witness))
    expected = tuple(OWN[:1]) if len(OWN) > 1 else ()
    assert server.cpus == expected
    assert server.attachment is not None
    assert server.attachment.affinity == tuple(OWN[:1])


def test_it_is_there_until_its_process_is_gone(witness: Witness) -> None:
    server = attach(setup_of(witness))
    assert server.exit_status() is None
    witness.process.kill()
    assert poll(lambda: server.exit_status() is not None, within_s=5), "a zombie is gone, too"
    assert witness.url in str(server_ended(server))


def test_one_whose_process_is_not_known_is_there_until_its_port_refuses() -> None:
    with counting(name="ssh") as forwarder:
        server = attach(setup_of(forwarder))
        assert server.pid is None
        assert server.attachment is not None
        assert "ssh" in server.attachment.unread
        assert server.exit_status() is None
        forwarder.process.kill()
        forwarder.process.wait()
        assert poll(lambda: server.exit_status() is not None, within_s=5)


def test_nobody_there_is_an_error_with_the_address() -> None:
    address = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(ServerError) as error:
        attach(Setup("mine", "running", address=address))
    assert f"nothing listens on {address}" in str(error.value)


def test_a_name_that_leads_elsewhere_by_now_is_not_loaded() -> None:
    with pytest.raises(ServerError) as error:
        attach(Setup("mine", "running", address="http://203.0.113.1:8000"))
    assert "no longer a loopback address" in str(error.value)


def test_a_fleet_leaves_it_where_it_is_and_running(witness: Witness) -> None:
    started = Setup(
        "started",
        "command",
        command=("python", "-m", "http.server", "{port}", "--bind", "{host}"),
        health="/",
    )
    gone = Setup("gone", "running", address=f"http://127.0.0.1:{free_port()}")
    process = psutil.Process(witness.process.pid)
    with Processes() as processes:
        for _ in range(2):
            starts = [Start(setup_of(witness), 1), Start(started, 2), Start(gone, 3)]
            with fleet(starts, processes, OWN[:1]) as (mine, ours, missing):
                assert isinstance(mine, Server)
                assert isinstance(ours, Server)
                assert isinstance(missing, ServerError)
                assert (mine.pid, mine.cpus) == (witness.process.pid, ())
                assert ours.cpus == tuple(OWN[:1])
                assert process.cpu_affinity() == OWN
                assert ours.pid is not None
                child = psutil.Process(ours.pid)
            assert lives(process)
            assert not lives(child)
    assert lives(process)
    assert attach(setup_of(witness)).exit_status() is None
