"""The size of a slice by hand; and a lane against a server that keeps account, in a process that is read: our own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import EngineError
from bench.measure.lane import Lane, size
from bench.measure.slices import LaneSlice
from bench.model.plan import Cell, ClosedLoad
from bench.model.recording import gather
from bench.model.samples import Samples
from bench.serve.server import Server
from scenarios.model import Flow, Request, Scenario, contains
from scenarios.single import Always
from tests.bench.engines.peer import Peer, server_at

# users, sessions per second in the rehearsal -> sessions of a slice, and seconds with as many unmeasured ones as users
SIZES = {
    "20 ms of one user": (1, 1000.0, 20, 0.021),
    "20 ms of many": (32, 10_000.0, 192, 0.0224),
    "two sessions for each user take longer": (8, 500.0, 16, 0.048),
    "whole sessions for each user": (8, 1900.0, 40, 48 / 1900),
    "hardly any": (1, 0.5, 2, 6.0),
}


@pytest.mark.parametrize(("users", "rate_per_s", "sessions", "turn_s"), SIZES.values(), ids=SIZES)
def test_a_slice_is_long_enough_and_not_longer(
    users: int, rate_per_s: float, sessions: int, turn_s: float
) -> None:
    found = size(users, rate_per_s)
    assert (found.warm, found.sessions) == (users, sessions)
    assert found.turn_s == pytest.approx(turn_s)


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.integers(1, 600), st.floats(0.1, 100_000))
def test_any_slice_has_whole_sessions_for_each_user_and_at_least_two(users: int, rate_per_s: float) -> None:
    found = size(users, rate_per_s)
    assert found.sessions % users == 0
    assert found.sessions >= 2 * users
    assert found.sessions == 2 * users or abs(found.sessions - 0.02 * rate_per_s) <= users / 2 + 1e-6


# --- against a server ----------------------------------------------------------------------------

HELLO = contains(b"hello")
OK = Scenario("ok", Always(Request("GET", "/ok", check=HELLO)))
WITH_VICTIM = Scenario("ok", OK.flow, victim=Always(Request("GET", "/pieces", check=HELLO)))


def lane(server: Server, scenario: Scenario, folder: Path, users: int = 3) -> Lane:
    cell = Cell("peer", scenario.name, "native", ClosedLoad(users, 0.0))
    return Lane(cell, server, scenario, folder, seed=1, scenarios_file=None)


class Driven(NamedTuple):
    """A lane's result with all requests at hand."""

    samples: Samples
    slices: tuple[LaneSlice, ...]
    pings: Samples | None


def driven(one: Lane, *rotations: int) -> Driven:
    async def drive() -> Driven:
        try:
            await one.rehearse()
            for rotation in rotations:
                await one.slice(rotation)
        finally:
            found = one.close()
        pings = None if found.pings is None else gather(found.pings)
        return Driven(gather(found.samples), found.slices, pings)

    return uvloop.run(drive())


def test_a_lane_keeps_every_request_and_the_slices_in_their_order(tmp_path: Path) -> None:
    with Peer() as peer:
        one = lane(server_at(peer.port, os.getpid()), OK, tmp_path)
        found = driven(one, 0, 2, 3)
        seen, connections = peer.seen["/ok"], peer.connections
    assert (len(found.samples.done_ns), found.samples.sent) == (seen, seen)
    assert connections == 3, "they stay from slice to slice"
    assert [part.rotation for part in found.slices] == [0, 2, 3]
    assert one.slices == 3
    edges = [edge for part in found.slices for edge in (part.start_ns, part.end_ns)]
    assert edges == sorted(edges)
    for part in found.slices:
        due_ns = found.samples.intended_ns
        inside = (due_ns >= part.start_ns) & (due_ns <= part.end_ns)
        assert inside.sum() == one.size.sessions == part.requests
        assert (found.samples.done_ns[inside] <= part.end_ns).all()
        assert part.cpu_ns > 0
        assert part.own_cpu_ns > 0
        assert part.pings == 0
    assert found.pings is None


def test_slices_on_several_workers_have_connections_of_their_own(tmp_path: Path) -> None:
    program = "import os, signal; os.fork() and os.fork(); print(flush=True); signal.pause()"
    parent = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert parent.stdout is not None
        for _ in range(3):
            parent.stdout.readline()
        with Peer() as peer:
            found = driven(lane(server_at(peer.port, parent.pid), OK, tmp_path), 0, 1)
            connections = peer.connections
    finally:
        os.killpg(parent.pid, signal.SIGKILL)
        parent.communicate()
    assert connections == 3 * (1 + len(found.slices)), "those of the rehearsal, and of each slice"


def test_a_victim_is_probed_in_slices_alone(tmp_path: Path) -> None:
    with Peer() as peer:
        found = driven(lane(server_at(peer.port, os.getpid()), WITH_VICTIM, tmp_path), 0, 1)
        seen = peer.seen["/pieces"]
    assert found.pings is not None
    assert len(found.pings.done_ns) == sum(part.pings for part in found.slices) == seen
    assert all(part.pings >= 1 for part in found.slices)


def test_a_lane_whose_server_has_ended_says_so(tmp_path: Path) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    with Peer() as peer, pytest.raises(EngineError, match="has ended"):
        driven(lane(server_at(peer.port, ended.pid), OK, tmp_path), 0)


def test_a_broken_scenario_is_an_error(tmp_path: Path) -> None:
    def raises(rng: Random) -> Flow:
        yield Request("GET", "/ok")
        raise ValueError("no such luck")

    broken = Scenario("broken", raises)
    with Peer() as peer:
        one = lane(server_at(peer.port, os.getpid()), broken, tmp_path)
        with pytest.raises(EngineError, match="no such luck"):
            driven(one)


# --- servers that do not answer, and sessions that do not end ------------------------------------

SILENT = Scenario("silent", Always(Request("GET", "/silent", check=HELLO)))


def waiting(port: int, scenario: Scenario, folder: Path) -> Lane:
    cell = Cell("peer", scenario.name, "native", ClosedLoad(3, 0.0, timeout_s=0.3))
    return Lane(cell, server_at(port, os.getpid()), scenario, folder, seed=1, scenarios_file=None)


def test_a_lane_whose_server_is_silent_has_timeouts_and_is_over(tmp_path: Path) -> None:
    with Peer() as peer:
        one = waiting(peer.port, SILENT, tmp_path)
        found = driven(one, 0)
    assert [found.samples.outcomes[number] for number in found.samples.outcome] == ["timeout"] * 6
    assert one.is_over
    assert one.failure is None
    (part,) = found.slices
    assert (part.requests, 0.3 <= part.span_ns / 1e9 < 2) == (3, True)


def test_a_lane_of_sessions_that_never_end_logs_in_once_a_user(tmp_path: Path) -> None:
    def lasting(rng: Random) -> Flow:
        yield Request("GET", "/slow", name="log in", check=HELLO)
        while True:
            yield Request("GET", "/ok", name="go on", check=HELLO)

    with Peer() as peer:
        cell = Cell("peer", "lasting", "native", ClosedLoad(3, 0.0))
        one = Lane(
            cell,
            server_at(peer.port, os.getpid()),
            Scenario("lasting", lasting),
            tmp_path,
            seed=1,
            scenarios_file=None,
            lasting=True,
        )
        found = driven(one, 0, 1)
        assert (peer.seen["/slow"], peer.connections) == (3, 3)
        assert len(found.samples.done_ns) == 3 + peer.seen["/ok"]
    for part in found.slices:
        assert part.requests == one.size.sessions
        assert part.span_ns < 0.25e9, "nobody logs in again"
