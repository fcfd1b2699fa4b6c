"""A ceiling on the rate: places by arithmetic, and requests as a server sees them come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
import pytest
import uvloop
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.engines import launch
from bench.engines.bursts import Bursts
from bench.engines.job import Job
from bench.engines.pace import Pace
from bench.model.address import Address
from bench.model.attachment import steady_rps
from bench.model.plan import ClosedLoad, OpenLoad
from bench.model.recording import gather
from bench.model.samples import OK, Samples
from bench.system.processes import Processes
from scenarios.model import Request
from scenarios.single import Always
from tests.bench.arrivals import counting, most_in_a_second

SECOND_NS = 10**9
GET = Always(Request("GET", "/ok"))
LATE = 2
"""Requests that may come late enough for the server to see them in another second than they were sent in."""


# --- places --------------------------------------------------------------------------------------


@settings(max_examples=200, derandomize=True, deadline=None)
@given(st.integers(1, 2000), st.lists(st.integers(0, 400_000_000), min_size=1, max_size=400))
def test_no_second_has_more_places_than_the_ceiling(most_rps: int, gaps_ns: list[int]) -> None:
    """Whatever the gaps between those who ask are; a second is half open, as one after the other are."""
    pace, now_ns, places = Pace(most_rps), 10**12, []
    for gap_ns in gaps_ns:
        now_ns += gap_ns if most_rps < 20 else gap_ns // most_rps
        place_ns = pace.take_ns(now_ns)
        assert place_ns >= now_ns
        places.append(place_ns)
    assert places == sorted(places)
    at = np.array(places)
    in_second = np.searchsorted(at, at + SECOND_NS, side="left") - np.arange(len(at))
    assert in_second.max() <= most_rps


@pytest.mark.parametrize("most_rps", [0.5, 1, 7, 20, 100, 5000])
def test_those_who_always_ask_get_nine_tenths_of_it_or_more(most_rps: float) -> None:
    pace = Pace(most_rps)
    last_ns = [pace.take_ns(0) for _ in range(1000)][-1]
    assert 999 / (last_ns / 1e9) == pytest.approx(steady_rps(most_rps), rel=0.12)
    assert steady_rps(most_rps) >= 0.9 * most_rps


def test_after_a_rest_a_tenth_of_a_seconds_requests_may_leave_at_once() -> None:
    pace = Pace(100)
    pace.take_ns(0)
    places = [pace.take_ns(5 * SECOND_NS) for _ in range(12)]
    assert [place == 5 * SECOND_NS for place in places] == [True] * 10 + [False] * 2


# --- requests ------------------------------------------------------------------------------------


def closed(port: int, folder: Path, most_rps: float, users: int, sessions: int) -> Samples:
    job = Job(Address("127.0.0.1", port), "ok", ClosedLoad(users, 0), folder / "samples", most_rps=most_rps)
    bursts = Bursts(job, GET, users)

    async def drive() -> Samples:
        try:
            await bursts.closed(sessions)
        finally:
            found = bursts.close()
        return found

    return uvloop.run(drive())


def test_a_closed_load_keeps_to_it_and_its_waits_are_no_response_times(tmp_path: Path) -> None:
    began_s = time.monotonic()
    with counting() as server:
        samples = closed(server.port, tmp_path, 50, users=8, sessions=80)
        arrivals = server.arrivals_ns
    took_s = time.monotonic() - began_s
    assert len(arrivals) == samples.sent == len(samples.done_ns) == 80
    assert (samples.outcome == OK).all()
    assert took_s > (80 - 5) / 50
    assert most_in_a_second(arrivals) <= 50 + LATE
    gap_ns = SECOND_NS / steady_rps(50)
    assert np.median(samples.done_ns - samples.intended_ns) < gap_ns / 2
    assert (samples.sent_ns - samples.intended_ns < gap_ns).all()


def test_all_loads_of_a_process_on_one_address_share_it(tmp_path: Path) -> None:
    """Two lanes of one server, one after the other: the second begins where the first left off."""
    with counting() as server:
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            closed(server.port, tmp_path / name, 60, users=4, sessions=50)
        arrivals = server.arrivals_ns
    assert len(arrivals) == 100
    assert most_in_a_second(arrivals) <= 60 + LATE


def test_without_a_ceiling_nobody_waits(tmp_path: Path) -> None:
    with counting() as server:
        closed(server.port, tmp_path, 0, users=8, sessions=400)
        arrivals = server.arrivals_ns
    assert most_in_a_second(arrivals) > 100


def launched(port: int, folder: Path, load: ClosedLoad | OpenLoad, most_rps: float) -> Samples:
    scenarios = folder / "own.py"
    scenarios.write_text(
        "from scenarios.model import Request, Scenario\n"
        "def two(rng):\n    yield Request('GET', '/a')\n    yield Request('GET', '/b')\n"
        "SCENARIOS = {'two': Scenario('two', two)}\n"
    )
    job = Job(
        Address("127.0.0.1", port),
        "two",
        load,
        folder / "samples",
        scenarios_file=scenarios,
        most_rps=most_rps,
    )
    with Processes() as processes:
        watch = launch.Watch(lambda: None, lambda: None, lambda _: None)
        return gather(launch.run("native", [job], processes, watch)[0])


@pytest.mark.parametrize(
    "load", [ClosedLoad(6, 1.5, 0.5), OpenLoad(60, 1.5, 0.5)], ids=["closed", "more than it carries"]
)
def test_a_generator_process_keeps_to_it_and_counts_what_it_sent(
    load: ClosedLoad | OpenLoad, tmp_path: Path
) -> None:
    """Sessions of two requests: what is over at the end is neither sent nor counted."""
    with counting() as server:
        samples = launched(server.port, tmp_path, load, 80)
        arrivals = server.arrivals_ns
    assert samples.sent == len(arrivals) == len(samples.done_ns)
    assert 2 * 60 < len(arrivals) <= 2 * 80 + 8
    assert most_in_a_second(arrivals) <= 80 + LATE
    lag_ms = (samples.sent_ns - samples.intended_ns) / 1e6
    is_late = np.percentile(lag_ms, 90) > 100
    assert is_late == isinstance(load, OpenLoad), "arrivals were due, users just pause"


def test_a_client_that_waits_for_its_place_can_be_closed(tmp_path: Path) -> None:
    with counting() as server:
        job = Job(Address("127.0.0.1", server.port), "ok", ClosedLoad(3, 0), tmp_path / "samples", most_rps=1)
        bursts = Bursts(job, GET, 3)

        async def drive() -> Samples:
            burst = asyncio.ensure_future(bursts.closed(3))
            while not bursts.sent:
                await asyncio.sleep(0.01)
            burst.cancel()
            return bursts.close()

        samples = uvloop.run(drive())
    assert samples.sent == 1


def test_seconds_are_counted_by_their_fullest() -> None:
    """The witness itself."""
    rng = Random(1)
    at = sorted(rng.randrange(5 * SECOND_NS) for _ in range(200))

    def slowly(at: Sequence[int]) -> int:
        return max(sum(first <= other < first + SECOND_NS for other in at) for first in at)

    assert most_in_a_second(at) == slowly(at)
