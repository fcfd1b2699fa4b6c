"""A master, four workers and a server on hosts of their own, each in a network namespace: one clock 30 s ahead, one
link slow, one worker killed.

Who does not have these can run it with `sudo`; elsewhere it is skipped and says why.
"""

from __future__ import annotations

import contextlib
import os
from operator import itemgetter

import numpy as np
import pytest

from bench.model import recording
from bench.system.waiting import wait_until
from tests.bench.locust.fleets import ANSWER_S, TELLER, USERS, WORKERS, WRITER, Fleet, Outcome
from tests.bench.locust.networks import clock_ahead, missing, network

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


@pytest.fixture(scope="module")
def uneven(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """One worker's clocks are ahead, by 30 s and by 5000 s; another's link takes 40 ms each way."""
    folder = tmp_path_factory.mktemp("uneven")
    with network(2 + WORKERS) as hosts, contextlib.ExitStack() as stack:
        fleet = Fleet(hosts, folder, TELLER, WRITER)
        with fleet.serving():
            stack.enter_context(fleet.slow_link(fleet.workers[1], 0.04))
            stack.enter_context(fleet.worker(0, monotonic_s=5000, env=clock_ahead(folder / "ahead", 30)))
            for number in range(1, WORKERS):
                stack.enter_context(fleet.worker(number))
            master = stack.enter_context(fleet.lead("4s"))
            status = master.wait(90)
    return fleet.outcome(status, fleet.workers)


def test_counts_equal_the_servers_to_the_request(uneven: Outcome) -> None:
    assert uneven.status == 0, uneven.log
    assert uneven.told["failures"] == 0
    assert uneven.told["requests"] == sum(uneven.counts.values()) > 100
    assert sorted(one["requests"] for one in uneven.told["figures"]) == sorted(uneven.counts.values())
    assert {one["users"] for one in uneven.told["figures"]} == {USERS // WORKERS}


def test_a_clock_that_is_ahead_is_named_and_bends_no_figure(uneven: Outcome) -> None:
    *others, ahead = sorted(uneven.told["figures"], key=itemgetter("ahead_ms"))
    assert ahead["requests"] == uneven.counts[uneven.hosts[0].address]
    assert ahead["ahead_ms"] == pytest.approx(30_000, abs=100)
    assert [one["ahead_ms"] for one in others] == pytest.approx([0.0] * 3, abs=100)
    (caveat,) = uneven.told["caveats"]
    assert caveat[0] == "clock-skew"
    assert "30.0 s ahead" in caveat[1]
    assert uneven.told["rps"] == pytest.approx(uneven.told["requests"] / uneven.told["span_s"])
    assert 3 < uneven.told["span_s"] < 6
    assert max(uneven.told["seconds"]) - min(uneven.told["seconds"]) < 7


def test_a_slow_link_shows_as_that_workers(uneven: Outcome) -> None:
    *others, slow = sorted(uneven.told["figures"], key=itemgetter("round_trip_ms"))
    assert slow["requests"] == uneven.counts[uneven.hosts[1].address] == min(uneven.counts.values())
    assert 80 < slow["round_trip_ms"] < 300
    assert slow["p99_ms"] > 100
    assert max(one["round_trip_ms"] for one in others) < 40
    assert all(one["cpu_share"] > 0 and one["lag_ms"] >= 0 for one in uneven.told["figures"])


def test_rows_of_all_machines_are_on_the_masters_clock(uneven: Outcome) -> None:
    files = sorted((uneven.folder / "master").glob("1-*.samples"))
    assert len(files) == WORKERS
    rows = [recording.gather(recording.record([path])) for path in files]
    assert sorted(len(one.done_ns) for one in rows) == sorted(uneven.counts.values())
    assert sum(one["rows"] for one in uneven.told["figures"]) == uneven.told["requests"]
    now_ns = uneven.told["now_ns"]
    for one in rows:
        assert now_ns - 20e9 < one.sent_ns.min() <= one.done_ns.max() < now_ns
    firsts = [int(one.sent_ns.min()) for one in rows]
    assert max(firsts) - min(firsts) < 1e9  # all began at one moment
    loaded_s = (max(int(one.done_ns.max()) for one in rows) - min(firsts)) / 1e9
    assert (
        loaded_s - 0.1 < uneven.told["span_s"] < loaded_s + 1
    )  # Locust's rates are of the time that had load


def test_merged_percentiles_equal_those_of_all_rows(uneven: Outcome) -> None:
    files = sorted((uneven.folder / "master").glob("1-*.samples"))
    whole = recording.gather(recording.record(files))
    times_ms = (whole.done_ns - whole.sent_ns) / 1e6
    for text, merged in uneven.told["percentiles"].items():
        assert merged == pytest.approx(float(np.percentile(times_ms, 100 * float(text))), rel=0.001)


@pytest.fixture(scope="module")
def bereft(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """One worker is killed in the middle of a test."""
    folder = tmp_path_factory.mktemp("bereft")
    with network(2 + WORKERS) as hosts, contextlib.ExitStack() as stack:
        fleet = Fleet(hosts, folder, TELLER, WRITER)
        with fleet.serving():
            children = [stack.enter_context(fleet.worker(number)) for number in range(WORKERS)]
            master = stack.enter_context(fleet.lead("9s"))
            spool = folder / "worker-2"
            assert wait_until(lambda: any(spool.glob("1-*.samples")), 60), fleet.log("worker-2")
            assert not wait_until(lambda: master.poll() is not None, 2.5)
            os.killpg(children[2].pid, 9)
            status = master.wait(90)
    return fleet.outcome(status, fleet.workers)


def test_a_worker_that_is_killed_is_named_with_what_was_lost(bereft: Outcome) -> None:
    assert bereft.status == 1
    (caveat,) = bereft.told["caveats"]
    (lost,) = [one for one in bereft.told["figures"] if one["is_lost"]]
    assert caveat[0] == "worker-lost"
    assert caveat[1] in bereft.log
    assert all(text in caveat[1] for text in (lost["name"], "3 users", f"{lost['requests']:,} requests"))
    others = sum(one["requests"] for one in bereft.told["figures"] if one is not lost)
    seen = bereft.counts[bereft.hosts[2].address]
    assert others == sum(bereft.counts.values()) - seen
    assert 0 < lost["requests"] <= seen
    assert (
        seen - lost["requests"] <= 3 * 1.5 / ANSWER_S
    )  # what three users send in a report's second, and a half
