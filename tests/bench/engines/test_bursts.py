"""Bursts against a server that keeps account."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
import uvloop

from bench.engines.bursts import Bursts, run_bursts
from bench.engines.job import Job
from bench.errors import EngineError
from bench.model.address import Address
from bench.model.plan import ClosedLoad
from bench.model.samples import OK, Samples, read
from bench.system.ports import free_port
from scenarios.files import load
from scenarios.model import Flow, Pause, Request
from tests.bench.engines.outcomes import outcomes
from tests.bench.engines.peer import Peer

_FLOWS = Path(__file__).with_name("flows.py")


@pytest.fixture
def drive(peer: Peer, tmp_path: Path) -> Callable[..., tuple[Samples, list[Any]]]:
    """Runs bursts of a scenario over some connections; the samples, and what each burst gave."""

    def run(
        scenario: str, users: int, *calls: tuple[str, Any], lasting: bool = False, **more: Any
    ) -> tuple[Samples, list[Any]]:
        job = Job(Address("127.0.0.1", peer.port), scenario, ClosedLoad(users, 0), tmp_path / "samples")
        job = replace(job, **more)

        async def all_of_them() -> tuple[Samples, list[Any]]:
            bursts = Bursts(job, load(_FLOWS)[scenario].flow, users, lasting=lasting)
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
    job = Job(Address("127.0.0.1", peer.port), "ok", ClosedLoad(3, 0), tmp_path / "samples")

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


@pytest.mark.parametrize("scenario", ["silent", "drip"])
@pytest.mark.parametrize("call", [("closed", 40), ("paced", [0] * 40)])
def test_requests_that_have_no_answer_in_time_are_timeouts_and_cut_the_burst_short(
    scenario: str, call: tuple[str, Any], drive: Any
) -> None:
    """Two connections: each waits once, and nothing else is sent."""
    samples, (edges_ns,) = drive(scenario, 2, call, timeout_s=0.3)
    assert outcomes(samples) == {"timeout": 2}
    assert ((samples.done_ns - samples.sent_ns) / 1e9 >= 0.3).all()
    assert (samples.first_ns < samples.done_ns).tolist() == [scenario == "drip"] * 2
    assert (len(samples.gaps.gap_ns) > 0) == (scenario == "drip"), "those of a stream without end are kept"
    assert 0.3 <= (edges_ns[1] - edges_ns[0]) / 1e9 < 2


def test_a_burst_after_one_that_was_cut_short_is_as_any_other(drive: Any) -> None:
    samples, _ = drive("falls-silent", 1, ("closed", 1), ("closed", 1), timeout_s=0.3)
    assert outcomes(samples) == {"ok": 40, "timeout": 2}


@pytest.mark.parametrize("call", [("closed", 10_000), ("paced", [0] * 10_000)])
@pytest.mark.parametrize("scenario", ["no-answer", "reset"])
def test_a_server_that_drops_connections_is_not_asked_all_the_time(
    scenario: str, call: tuple[str, Any], peer: Peer, drive: Any
) -> None:
    """Each of three clients tries up to twelve times: nine at once, then with pauses of about 20, 40 and 80 ms."""
    samples, _ = drive(scenario, 3, call)
    assert set(outcomes(samples)) == {"reset"}
    assert 12 <= len(samples.done_ns) <= 36
    assert np.sort(samples.sent_ns)[-1] - np.sort(samples.sent_ns)[0] > 0.5 * 140e6


def test_a_server_that_refuses_is_not_asked_all_the_time(drive: Any) -> None:
    samples, _ = drive("ok", 3, ("closed", 10_000), address=Address("127.0.0.1", free_port()))
    assert set(outcomes(samples)) == {"refused"}
    assert 4 <= len(samples.done_ns) <= 12


def test_a_server_that_drops_every_second_connection_is_asked_again_at_once(peer: Peer, drive: Any) -> None:
    samples, ((start_ns, end_ns),) = drive("half", 1, ("closed", 100))
    assert outcomes(samples) == {"ok": 50, "reset": 50}
    assert (end_ns - start_ns) / 1e9 < 100 * 0.020 / 2


def test_sessions_that_never_end_go_on_from_burst_to_burst(peer: Peer, drive: Any) -> None:
    """Each of three connections logs in once; a burst has so many requests."""
    samples, _ = drive("lasts", 3, ("closed", 3), ("closed", 30), ("closed", 20), lasting=True)
    labels = Counter(samples.labels[number] for number in samples.label)
    assert labels == {"log in": 3, "go on": 50}
    assert (peer.seen["/slow"], peer.seen["/ok"]) == (3, 50)
    assert outcomes(samples) == {"ok": 53}


def test_sessions_that_do_end_are_followed_by_others_where_bursts_count_requests(drive: Any) -> None:
    samples, _ = drive("session", 2, ("closed", 40), lasting=True)
    labels = Counter(samples.labels[number] for number in samples.label)
    assert 30 <= sum(labels.values()) <= 32, "the end of each session counts like a request, and is none"
    assert max(labels.values()) - min(labels.values()) <= 2


def test_out_of_open_files_is_an_outcome_of_its_own(peer: Peer, tmp_path: Path) -> None:
    program = (
        "import resource, sys, uvloop\n"
        "from pathlib import Path\n"
        "from bench.engines.bursts import Bursts\n"
        "from bench.engines.job import Job\n"
        "from bench.model.address import Address\n"
        "from bench.model.plan import ClosedLoad\n"
        "from scenarios.model import Request\n"
        "from scenarios.single import Always\n"
        "async def drive():\n"
        "    job = Job(Address('127.0.0.1', int(sys.argv[1])), 's', ClosedLoad(60, 0), Path(sys.argv[2]))\n"
        "    bursts = Bursts(job, Always(Request('GET', '/slow')), 60)\n"
        "    resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))\n"
        "    await bursts.closed(60)\n"
        "    bursts.leave()\n"
        "uvloop.run(drive())\n"
    )
    path = tmp_path / "samples"
    subprocess.run([sys.executable, "-c", program, str(peer.port), str(path)], check=True, timeout=60)
    found = outcomes(read(path))
    assert set(found) == {"ok", "out-of-files"}
    assert found["ok"] >= 20


def test_a_session_that_waits_for_a_connection_when_it_is_stopped_is_not_left_out(
    peer: Peer, tmp_path: Path
) -> None:
    """Two were due at once over one connection: the second has waited for the first, a quarter of a second."""
    job = Job(Address("127.0.0.1", peer.port), "slow", ClosedLoad(1, 0), tmp_path / "samples")

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
    job = Job(Address("127.0.0.1", peer.port), "slow", ClosedLoad(2, 0), tmp_path / "samples")

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


def test_what_a_flow_prints_does_not_get_into_what_a_command_answers(
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def loud() -> int:
        print("going", end="")
        return 7

    assert run_bursts(loud()) == 7
    assert capsys.readouterr() == ("", "going")


@pytest.mark.parametrize("lasting", [False, True])
def test_a_burst_that_is_cut_short_waits_for_no_pause(
    lasting: bool, peer: Peer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pauses(_rng: Random) -> Flow:
        while True:
            yield Request("GET", "/ok")
            yield Pause(3600)

    monkeypatch.setattr("bench.engines.bursts._WITHIN_NS", 100_000_000)
    job = Job(Address("127.0.0.1", peer.port), "s", ClosedLoad(2, 0), tmp_path / "samples", timeout_s=0.05)

    async def drive() -> tuple[bool, Samples]:
        bursts = Bursts(job, pauses, 2, lasting=lasting)
        for _ in range(2):  # the second one finds them in their pause
            await asyncio.wait_for(bursts.closed(2), 20)
        return bursts.was_cut_short, bursts.close()

    cut_short, samples = uvloop.run(drive())
    assert cut_short
    assert set(samples.outcome.tolist()) == {OK}
    assert len(samples.outcome) == peer.seen["/ok"] == 4
