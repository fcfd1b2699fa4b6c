from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.model.readings import Answers, CpuTimes, Reading, Snapshot, Telemetry, steal_share
from bench.model.record import Latency, Resources
from bench.results.resources import resources

S = 1_000_000_000
MB = 1_000_000


def snapshot(at_s: float, *readings: tuple[int, float, int, int]) -> Snapshot:
    """Readings of (pid, CPU seconds, RSS in MB, threads)."""
    processes = tuple(
        Reading(pid=pid, cpu_ns=round(cpu_s * S), rss_bytes=rss * MB, threads=threads)
        for pid, cpu_s, rss, threads in readings
    )
    return Snapshot(round(at_s * S), processes)


def answers(counts: dict[int, int]) -> dict[int, Answers]:
    return {
        pid: Answers(np.zeros(1, np.int64), np.array([count]), Latency()) for pid, count in counts.items()
    }


def times(
    at_s: float, idle_s: float = 0.0, steal_s: tuple[float, float] = (0.0, 0.0), **more: float
) -> CpuTimes:
    """Two CPUs, the first of which was idle for so long."""
    return CpuTimes(at_ns=round(at_s * S), used_s=(0.0, 0.0), idle_s=(idle_s, 0.0), steal_s=steal_s, **more)


def used(*snapshots: Snapshot, **more: object) -> Resources:
    given = {"workers": (), "answers": {}, "answered": 1000, "cpus": (0,), "telemetry": {}}
    given["times"] = (times(0), times(1))
    return resources(snapshots, **(given | more))  # type: ignore[arg-type]


def test_cpu_per_request_counts_the_whole_tree_and_only_the_measured_part() -> None:
    found = used(
        snapshot(10, (1, 7.0, 10, 1), (2, 3.0, 50, 4)), snapshot(12, (1, 7.1, 10, 1), (2, 4.4, 60, 4))
    )
    assert found.cpu_s == pytest.approx(1.5)
    assert found.cpu_us_per_request == pytest.approx(1500)


def test_cpu_per_request_of_no_request_is_unknown() -> None:
    assert used(snapshot(0, (1, 0, 1, 1)), snapshot(1, (1, 1, 1, 1)), answered=0).cpu_us_per_request is None


def test_a_process_born_in_between_counts_from_its_birth() -> None:
    found = used(
        snapshot(0, (1, 5.0, 10, 1)),
        snapshot(1, (1, 5.0, 10, 1), (9, 0.25, 30, 1)),
        snapshot(2, (9, 0.75, 30, 1)),
    )
    assert found.cpu_s == pytest.approx(0.75)
    assert [part.cpu_share for part in found.timeline] == pytest.approx([0.25, 0.5])


def test_a_process_that_dies_counts_to_its_last_reading() -> None:
    found = used(
        snapshot(0, (1, 5.0, 10, 1), (2, 1.0, 10, 1)),
        snapshot(1, (1, 5.2, 10, 1), (2, 1.3, 10, 1)),
        snapshot(2, (1, 5.4, 10, 1)),
    )
    assert found.cpu_s == pytest.approx(0.7)


def test_no_process_left_to_read_is_no_more_cpu() -> None:
    assert used(snapshot(0, (1, 5, 1, 1)), snapshot(1)).cpu_s == 0.0


def test_where_no_process_was_ever_seen_nothing_is_known() -> None:
    found = used(snapshot(0), snapshot(1))
    assert (found.cpu_s, found.cpu_us_per_request, found.rss_peak_bytes) == (None, None, None)
    assert (found.workers, found.timeline) == ((), ())


def test_memory_peaks_over_the_tree_at_one_moment() -> None:
    """70 + 40 at once; the largest of each on its own would be 80 + 40."""
    found = used(snapshot(0, (1, 0, 70, 1), (2, 0, 40, 1)), snapshot(1, (1, 0, 80, 1), (2, 0, 20, 1)))
    assert found.rss_peak_bytes == 110 * MB


@pytest.mark.parametrize(
    ("cpus", "expected"),
    [((0,), 0.1), ((1,), 0.3), ((0, 1), 0.2), ((), 0.2), ((7,), 0.0)],
    ids=["one CPU", "the other", "both", "not pinned: all of them", "not there"],
)
def test_steal_is_a_share_of_the_time_of_the_chosen_cpus(cpus: tuple[int, ...], expected: float) -> None:
    """In two seconds 0.2 s of the first CPU and 0.6 s of the second."""
    both = times(10, steal_s=(5.0, 7.0)), times(12, steal_s=(5.2, 7.6))
    assert steal_share(*both, cpus) == pytest.approx(expected)
    found = used(snapshot(10), snapshot(12), cpus=cpus, times=both)
    assert found.steal_share == pytest.approx(expected)
    assert found.cpus == cpus


def test_the_pings_of_a_victim_are_no_requests_and_their_cost_is_taken_off() -> None:
    """0.5 s of CPU for 1,000 requests and 200 pings; a ping alone takes 500 us, so that 0.4 s is the requests'."""
    two = snapshot(0, (1, 0.0, 10, 1)), snapshot(1, (1, 0.5, 10, 1))
    found = used(*two, pings=200, ping_cpu_us=500.0)
    assert found.cpu_us_per_request == pytest.approx(400)
    assert (found.cpu_s, found.ping_cpu_us) == (pytest.approx(0.5), 500.0)


@pytest.mark.parametrize(
    "ping_cpu_us", [None, 1250.0, 3000.0], ids=["not known", "half of all", "more than all"]
)
def test_where_pings_cost_nobody_knows_what_or_most_of_it_nothing_is_left_to_say(
    ping_cpu_us: float | None,
) -> None:
    two = snapshot(0, (1, 0.0, 10, 1)), snapshot(1, (1, 0.5, 10, 1))
    assert used(*two, pings=200, ping_cpu_us=ping_cpu_us).cpu_us_per_request is None


def test_the_time_that_a_quota_stopped_us_is_that_of_the_measured_part() -> None:
    both = times(0, throttled_s=2.0), times(1, throttled_s=2.25)
    assert used(snapshot(0), snapshot(1), times=both).throttled_s == pytest.approx(0.25)


def test_the_timeline_has_a_slice_for_each_pair_of_snapshots() -> None:
    found = used(
        snapshot(10, (1, 1.0, 10, 2)),
        snapshot(10.5, (1, 1.25, 20, 3), (2, 0.0, 5, 1)),
        snapshot(12.5, (1, 1.75, 15, 3), (2, 1.0, 5, 1)),
    )
    assert [(part.t_s, part.rss_bytes, part.threads) for part in found.timeline] == [
        (0.5, 25 * MB, 4),
        (2.5, 20 * MB, 4),
    ]
    assert [part.cpu_share for part in found.timeline] == pytest.approx([0.5, 0.75])


def test_workers_have_their_own_requests_cpu_memory_and_threads() -> None:
    found = used(
        snapshot(0, (1, 9.0, 10, 1), (21, 2.0, 50, 2), (22, 2.0, 50, 2)),
        snapshot(1, (1, 9.0, 10, 1), (21, 2.5, 55, 7), (22, 2.25, 51, 2)),
        workers=(22, 21),
        answers=answers({21: 70, 22: 30}),
    )
    assert [
        (worker.pid, worker.requests, worker.cpu_s, worker.rss_peak_bytes, worker.threads_peak)
        for worker in found.workers
    ] == [(21, 70, 0.5, 55 * MB, 7), (22, 30, 0.25, 51 * MB, 2)]


def test_a_worker_that_answered_nothing_has_zero_requests() -> None:
    two = snapshot(0, (21, 0, 1, 1), (22, 0, 1, 1)), snapshot(1, (21, 0, 1, 1), (22, 0, 1, 1))
    found = used(*two, workers=(21, 22), answers=answers({21: 5}))
    assert [worker.requests for worker in found.workers] == [5, 0]


def test_answers_that_name_no_worker_leave_requests_unknown() -> None:
    found = used(snapshot(0, (21, 0, 1, 1)), snapshot(1, (21, 0, 1, 1)), workers=(21,))
    assert [worker.requests for worker in found.workers] == [None]


def test_a_process_that_answers_is_a_worker_even_if_it_has_children_and_a_stranger_is_not() -> None:
    found = used(
        snapshot(0, (1, 0, 1, 1)), snapshot(1, (1, 0, 1, 1)), workers=(), answers=answers({1: 4, 777: 9})
    )
    assert [(worker.pid, worker.requests) for worker in found.workers] == [(1, 4)]


def test_connections_are_those_at_the_start_of_a_slice() -> None:
    first, second, third = (
        replace(snapshot(at, (1, 0, 1, 1)), connections=opened) for at, opened in enumerate((33, 40, 2))
    )
    assert [part.connections for part in used(first, second, third).timeline] == [33, 40]
    assert [
        part.connections for part in used(snapshot(0, (1, 0, 1, 1)), snapshot(1, (1, 0, 1, 1))).timeline
    ] == [None]


def test_telemetry_goes_to_its_own_worker() -> None:
    two = snapshot(0, (21, 0, 1, 1), (22, 0, 1, 1)), snapshot(1, (21, 0, 1, 1), (22, 0, 1, 1))
    report = Telemetry(
        at_ns=S // 2,
        loop_lag_ms=7.0,
        tokens=40,
        tokens_busy=3,
        tokens_waiting=0,
        pool=10,
        pool_busy=2,
        pool_waiting=0,
        collections=(0, 0, 0),
        gc_ms=0.0,
        gc_pause_ms=0.0,
    )
    first, second = used(*two, workers=(21, 22), telemetry={22: (report,)}).workers
    assert (first.timeline.loop_lag_ms, second.timeline.loop_lag_ms) == ((), (7.0,))
    assert (first.tokens, second.tokens) == (None, 40)


@pytest.mark.parametrize(
    ("idle_s", "cpus", "expected"),
    [(0.5, (0,), 0.75), (2.0, (0, 1), 0.5), (2.05, (0,), 0.0), (0.5, (), None)],
    ids=["one CPU", "two", "a tick too many", "not pinned: the CPUs are not the server's"],
)
def test_the_servers_cpus_are_busy_when_they_are_not_idle(
    idle_s: float, cpus: tuple[int, ...], expected: float | None
) -> None:
    both = times(0, idle_s=100.0), times(2, idle_s=100 + idle_s)
    assert used(snapshot(0), snapshot(2), cpus=cpus, times=both).busy_share == expected
