"""Users who come and go in one event loop; test_crowd_process.py leads them from outside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import numpy as np

from bench.engines.bursts import run_bursts
from bench.engines.common import Common
from bench.engines.crowd import Crowd
from bench.engines.job import Job
from bench.model.address import Address
from bench.model.plan import ClosedLoad
from bench.model.samples import Samples, read
from scenarios.model import Flow, Request
from scenarios.single import Always
from tests.bench.engines.outcomes import outcomes
from tests.bench.engines.peer import Peer

_NEVER_NS = 1 << 62
OK, SILENT = Always(Request("GET", "/ok")), Always(Request("GET", "/silent"))


def lead(
    peer: Peer,
    folder: Path,
    flow: Callable[[Random], Flow],
    steps: Callable[[Crowd], Awaitable[None]],
    think_ns: int = 0,
) -> Samples:
    """The rows of a crowd that takes some steps and is closed."""
    path = folder / "rows.samples"

    async def run() -> None:
        job = Job(Address("127.0.0.1", peer.port), "led", ClosedLoad(0, 0.0, 0.0), path)
        common, seeds = Common(job, flow, _NEVER_NS), Random(1)
        crowd = Crowd(common, think_ns, lambda: Random(seeds.getrandbits(64)))
        await steps(crowd)
        crowd.close()
        common.file.close(start_ns=0, end_ns=_NEVER_NS, shed=0, cpu_s=0.0)

    run_bursts(run())
    return read(path)


async def come(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.005)


def test_it_begins_without_users_and_close_leaves_none(peer: Peer, tmp_path: Path) -> None:
    async def steps(crowd: Crowd) -> None:
        assert crowd.clients == []
        crowd.set(3)
        assert len(crowd.clients) == 3
        await come(lambda: peer.seen["/silent"] == 3)

    rows = lead(peer, tmp_path, SILENT, steps)
    assert outcomes(rows) == {"unfinished": 3}


def test_who_came_last_goes_first(peer: Peer, tmp_path: Path) -> None:
    async def steps(crowd: Crowd) -> None:
        crowd.set(2)
        first = crowd.clients
        crowd.set(4)
        await come(lambda: peer.open == 4)
        crowd.set(2)
        await come(lambda: not crowd.leaving)
        assert crowd.clients == first

    rows = lead(peer, tmp_path, OK, steps)
    assert outcomes(rows)["ok"] >= peer.seen["/ok"] - 2
    assert set(outcomes(rows)) <= {"ok", "unfinished"}


def test_users_at_a_pace_do_not_march_in_step(peer: Peer, tmp_path: Path) -> None:
    """Of 100 users about 50 have their first session in the first half of the interval; the seed is fixed."""

    async def steps(crowd: Crowd) -> None:
        crowd.set(100, every_ns=200_000_000)
        await come(lambda: peer.seen["/ok"] >= 150)

    rows = lead(peer, tmp_path, OK, steps)
    due_ns = np.sort(rows.intended_ns)[:100]
    first_half = np.count_nonzero(due_ns < due_ns[0] + 100_000_000)
    assert 30 < first_half < 70
    assert len(np.unique(due_ns)) == 100


def test_who_waits_for_the_next_session_goes_at_once(peer: Peer, tmp_path: Path) -> None:
    async def steps(crowd: Crowd) -> None:
        crowd.set(5)
        await come(lambda: peer.seen["/ok"] == 5)
        await come(lambda: all(client.sent_ns == 0 for client in crowd.clients))
        crowd.set(0)
        assert not crowd.leaving

    assert outcomes(lead(peer, tmp_path, OK, steps, think_ns=3600_000_000_000)) == {"ok": 5}
