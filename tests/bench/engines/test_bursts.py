"""Bursts against a server that keeps account."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import uvloop

from bench.engines.bursts import Bursts
from bench.engines.job import Job
from bench.errors import EngineError
from bench.model.plan import ClosedLoad
from bench.model.samples import OK, Samples
from scenarios.files import load
from tests.bench.engines.peer import Peer

_FLOWS = Path(__file__).with_name("flows.py")


@pytest.fixture
def drive(peer: Peer, tmp_path: Path) -> Callable[..., tuple[Samples, list[Any]]]:
    """Runs bursts of a scenario over some connections; the samples, and what each burst gave."""

    def run(scenario: str, users: int, *calls: tuple[str, Any]) -> tuple[Samples, list[Any]]:
        job = Job("127.0.0.1", peer.port, scenario, ClosedLoad(users, 0), tmp_path / "samples")

        async def all_of_them() -> tuple[Samples, list[Any]]:
            bursts = Bursts(job, load(_FLOWS)[scenario].flow, users)
            try:
                given = [await getattr(bursts, name)(argument) for name, argument in calls]
            finally:
                samples = bursts.close()
            return samples, given

        return uvloop.run(all_of_them())

    return run


def test_a_burst_is_exactly_as_many_sessions_over_as_many_connections(peer: Peer, drive: Any) -> None:
    samples, ((start_ns, end_ns),) = drive("ok", 4, ("closed", 103))
    assert (peer.seen["/ok"], peer.connections, len(samples.done_ns)) == (103, 4, 103)
    assert (samples.outcome == OK).all()
    assert start_ns <= samples.sent_ns.min()
    assert end_ns == samples.done_ns.max()


def test_connections_stay_from_one_burst_to_the_next(peer: Peer, drive: Any) -> None:
    drive("ok", 3, ("closed", 9), ("paced", [0] * 9), ("closed", 2))
    assert (peer.seen["/ok"], peer.connections) == (20, 3)


def test_a_burst_after_reconnecting_opens_every_connection_anew(peer: Peer, tmp_path: Path) -> None:
    job = Job("127.0.0.1", peer.port, "ok", ClosedLoad(3, 0), tmp_path / "samples")

    async def drive() -> Samples:
        bursts = Bursts(job, load(_FLOWS)["ok"].flow, 3)
        await bursts.closed(9)
        bursts.reconnect()
        await bursts.closed(9)
        return bursts.close()

    samples = uvloop.run(drive())
    assert (peer.seen["/ok"], peer.connections) == (18, 6)
    assert (samples.outcome == OK).sum() == 18, "none was lost with its connection"


def test_sessions_of_several_requests_are_whole(peer: Peer, drive: Any) -> None:
    samples, _ = drive("session", 2, ("closed", 5))
    assert len(samples.done_ns) == 15


def test_paced_sessions_are_due_when_they_are_said_to_be(drive: Any) -> None:
    offsets_ns = [0, 3_000_000, 3_000_000, 20_000_000]
    samples, ((begin_ns, _),) = drive("ok", 4, ("paced", offsets_ns))
    due_ns = sorted(samples.intended_ns - begin_ns)
    assert due_ns == offsets_ns
    assert (samples.sent_ns >= samples.intended_ns).all()


def test_a_session_that_waits_for_a_connection_was_due_all_the_same(drive: Any) -> None:
    """Each answer takes a quarter of a second, and there is one connection: the third waits for half a second."""
    samples, _ = drive("slow", 1, ("paced", [0, 0, 0]))
    response_s = np.sort(samples.done_ns - samples.intended_ns) / 1e9
    assert len(set(samples.intended_ns)) == 1
    assert response_s[1] >= 0.5
    assert response_s[2] >= 0.75


def test_wrong_answers_are_counted_and_end_nothing(drive: Any) -> None:
    samples, _ = drive("status-503", 2, ("closed", 6))
    assert [samples.outcomes[number] for number in samples.outcome] == ["status-503"] * 6


def test_a_broken_flow_ends_the_burst_with_its_error(drive: Any) -> None:
    with pytest.raises(EngineError, match="raised"):
        drive("raises", 2, ("closed", 4))


def test_a_server_that_falls_silent_ends_the_burst_with_an_error(
    drive: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bench.engines.bursts._WITHIN_S", 0.2)
    with pytest.raises(EngineError, match=r"did not end within 0\.2 s"):
        drive("silent", 2, ("closed", 4))


def test_a_session_that_waits_for_a_connection_when_it_is_stopped_is_not_left_out(
    peer: Peer, tmp_path: Path
) -> None:
    """Two were due at once over one connection: the second has waited for the first, a quarter of a second."""
    job = Job("127.0.0.1", peer.port, "slow", ClosedLoad(1, 0), tmp_path / "samples")

    async def drive() -> Samples:
        bursts = Bursts(job, load(_FLOWS)["slow"].flow, 1)
        pacing = asyncio.ensure_future(bursts.paced([0, 0, 3_600_000_000_000]))
        while not peer.seen["/slow"]:
            await asyncio.sleep(0.001)
        bursts.stop()
        await asyncio.wait_for(pacing, 5)
        return bursts.close()

    samples = uvloop.run(drive())
    assert peer.seen["/slow"] == 2
    assert max(samples.done_ns - samples.intended_ns) >= 500_000_000


def test_paced_sessions_that_are_stopped_come_to_their_end_and_no_other_starts(
    peer: Peer, tmp_path: Path
) -> None:
    """One is under way for a quarter of a second when it is stopped, another is due in an hour."""
    job = Job("127.0.0.1", peer.port, "slow", ClosedLoad(2, 0), tmp_path / "samples")

    async def drive() -> Samples:
        bursts = Bursts(job, load(_FLOWS)["slow"].flow, 2)
        pacing = asyncio.ensure_future(bursts.paced([0, 3_600_000_000_000]))
        while not peer.seen["/slow"]:
            await asyncio.sleep(0.001)
        bursts.stop()
        await asyncio.wait_for(pacing, 5)
        return bursts.close()

    samples = uvloop.run(drive())
    assert (len(samples.done_ns), peer.seen["/slow"]) == (1, 1)
    assert samples.outcome.tolist() == [OK]
