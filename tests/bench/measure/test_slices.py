"""Slices laid end to end: some drawn by hand, and any others against what one loop over the requests finds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.measure.slices import (
    LaneSlice,
    columns,
    lay_out,
    lay_out_pings,
    snapshots,
    span_ns,
    telemetry_in,
)
from bench.model.evidence import SeenFailure
from bench.model.gaps import Gaps
from bench.model.readings import Reading, Snapshot, Telemetry
from bench.model.recording import gather
from bench.model.samples import Samples

MS = 1_000_000


def samples(*due_ns: int, failed: tuple[int, ...] = (), sent: int | None = None) -> Samples:
    """Requests that were sent 10 ns after they were due, and ended after 20 more; those at `failed` failed."""
    due = done = np.array(due_ns, np.int64)
    return Samples(
        intended_ns=due,
        connect_ns=np.full(len(done), 4, np.int64),
        sent_ns=due + 10,
        first_ns=due + 30,
        done_ns=due + 30,
        label=np.zeros(len(done), np.int64),
        outcome=np.array([int(number in failed) for number in range(len(done))], np.int64),
        worker=np.arange(len(done), dtype=np.int64),
        labels=("GET /",),
        outcomes=("ok", "status-500"),
        start_ns=0,
        end_ns=1 << 62,
        sent=sent,
    )


def processes(*cpu_ns: int, pids: tuple[int, ...] = (7, 8), **more: int) -> Snapshot:
    """One process for each number: its CPU time."""
    return Snapshot(
        0,
        tuple(
            Reading(pid=pid, cpu_ns=used, rss_bytes=5, threads=1, **more)
            for pid, used in zip(pids, cpu_ns, strict=False)
        ),
    )


def part(
    rotation: int,
    start_ns: int,
    end_ns: int,
    requests: int = 4,
    *,
    used: tuple[Snapshot, Snapshot] | None = None,
    pings: int = 0,
    own_cpu_ns: int = 0,
) -> LaneSlice:
    before, after = used or (processes(0), processes(1000))
    return LaneSlice(
        rotation=rotation,
        start_ns=start_ns,
        end_ns=end_ns,
        before=before,
        after=after,
        requests=requests,
        pings=pings,
        own_cpu_ns=own_cpu_ns,
    )


TWO = (part(0, 100, 200), part(2, 500, 650))
EDGES = (99, 100, 101, 200, 201, 499, 500, 501, 650, 651)


# --- requests ------------------------------------------------------------------------------------


def test_requests_of_the_slices_are_moved_together() -> None:
    """The slices are 100 ns and 150 ns long; 100 and 500 began one, so their times do not count."""
    found = gather(lay_out(samples(*EDGES), TWO))
    assert found.worker.tolist() == [1, 2, 3, 6, 7, 8]
    assert found.intended_ns.tolist() == [0, 1, 100, 100, 101, 250]
    assert (found.start_ns, found.end_ns, span_ns(TWO)) == (0, 251, 250)
    assert found.timed is not None
    assert found.timed.tolist() == [False, True, True, False, True, True]
    assert (found.done_ns - found.intended_ns).tolist() == [30] * 6
    assert (found.done_ns - found.sent_ns).tolist() == [20] * 6
    assert found.connect_ns.tolist() == [4] * 6


@pytest.mark.parametrize(
    ("sent", "expected"), [(None, None), (10, 6), (13, 9)], ids=["not counted", "all there", "three lost"]
)
def test_what_was_sent_and_left_no_sample_stays_lost(sent: int | None, expected: int | None) -> None:
    assert lay_out(samples(*EDGES, sent=sent), TWO).sent == expected


def test_the_generators_time_is_that_of_all_slices() -> None:
    two = (part(0, 100, 200, own_cpu_ns=4 * MS), part(1, 500, 650, own_cpu_ns=MS))
    assert lay_out(samples(*EDGES), two).cpu_s == pytest.approx(0.005)


def test_pings_belong_to_the_slice_in_which_they_were_due() -> None:
    found = gather(lay_out_pings(samples(99, 100, 200, 201, 670), TWO))
    assert found.worker.tolist() == [1, 2]
    assert found.intended_ns.tolist() == [0, 100]
    assert found.done_ns.tolist() == [30, 130]
    assert found.timed is None
    assert (found.start_ns, found.end_ns) == (0, 251)


spans = st.lists(st.tuples(st.integers(1, 40), st.integers(1, 60)), min_size=1, max_size=6)
moments = st.lists(st.integers(-5, 700), max_size=40).map(sorted)


@settings(max_examples=150, derandomize=True, deadline=None)
@given(spans, moments)
def test_any_slices_keep_their_own_requests_in_their_order(
    drawn: list[tuple[int, int]], due: list[int]
) -> None:
    """Each slice after a gap: of every request one loop finds the slice, and how long all before it are."""
    slices, at = [], 0
    for number, (gap, length) in enumerate(drawn):
        slices.append(part(number, at + gap, at + gap + length))
        at += gap + length
    expected: list[tuple[int, int]] = []
    counts = []
    before = 0
    for one in slices:
        here = [
            (place, before + moment - one.start_ns)
            for place, moment in enumerate(due)
            if one.start_ns <= moment <= one.end_ns
        ]
        expected += here
        counts.append(len(here))
        before += one.end_ns - one.start_ns

    found = gather(lay_out(samples(*due), slices))
    assert list(zip(found.worker.tolist(), found.intended_ns.tolist(), strict=True)) == expected
    assert found.end_ns == before + 1
    assert list(columns(samples(*due), slices).requests) == counts


# --- columns -------------------------------------------------------------------------------------


def test_columns_hold_good_answers_per_second_and_cpu_time_per_request_of_the_burst() -> None:
    """Three good answers in 100 ns, two in 150 ns; 12 us over 4 requests, 7 us less 2 pings of 3 us over 2."""
    used = [(processes(5000, 1000), processes(15_000, 3000)), (processes(0), processes(7000))]
    two = (
        part(0, 100, 200, used=used[0]),
        part(2, 500, 650, requests=2, used=used[1], pings=2),
    )
    found = columns(samples(*EDGES, failed=(7,)), two, ping_us=3.0)
    assert found.rotation == (0, 2)
    assert found.requests == (3, 2)
    assert found.t_s == (0.0, 0.0), "to a tenth of a millisecond"
    assert found.throughput_rps == pytest.approx((3e7, 2 / 150e-9), rel=1e-9)
    assert found.cpu_us_per_request == (3.0, 0.5)


@pytest.mark.parametrize(
    ("requests", "pings"), [(0, 0), (4, 1)], ids=["no request", "the pings are more than all of it"]
)
def test_cpu_time_of_which_nothing_is_left_is_not_known(requests: int, pings: int) -> None:
    one = part(0, 100, 200, requests=requests, pings=pings)
    assert columns(samples(150), (one,), ping_us=2.0).cpu_us_per_request == (None,)


# --- readings ------------------------------------------------------------------------------------


def test_snapshots_count_what_was_used_in_the_slices_alone() -> None:
    """8 us and 2 us of one process, of another 4 us and 6 us."""
    before = processes(1000, 50_000, run_wait_ns=10, switches=100, preemptions=7)
    after = processes(9000, 54_000, run_wait_ns=50, switches=140, preemptions=7)
    later = processes(90_000, 60_000, run_wait_ns=90, switches=90, preemptions=9)
    last = processes(92_000, 66_000, run_wait_ns=290, switches=96, preemptions=5)
    two = (part(0, 100, 200, used=(before, after)), part(1, 500, 650, used=(later, last)))
    found = snapshots(two)
    assert [one.at_ns for one in found] == [0, 100, 250]
    assert [[reading.cpu_ns for reading in one.processes] for one in found] == [
        [0, 0],
        [8000, 4000],
        [10000, 10000],
    ]
    first = [one.processes[0] for one in found]
    assert [reading.run_wait_ns for reading in first] == [0, 40, 240]
    assert [reading.switches for reading in first] == [0, 40, 46]
    assert [reading.preemptions for reading in first] == [0, 0, 0], "a count that falls adds nothing"


def test_processes_come_and_go() -> None:
    """One that came in a burst has nothing to begin from; one that went is not there any more."""
    came = (processes(0), processes(1000, 500))
    went = (processes(2000, 600), processes(800, pids=(8,)))
    found = snapshots((part(0, 0, 10, used=came), part(1, 20, 30, used=went)))
    assert [{one.pid: one.cpu_ns for one in taken.processes} for taken in found] == [
        {7: 0},
        {7: 1000, 8: 0},
        {8: 200},
    ]


def test_reports_of_workers_belong_to_the_slice_in_which_they_were_made() -> None:
    reports = [
        Telemetry(
            at_ns=at_ns,
            loop_lag_ms=float(at_ns),
            tokens=40,
            tokens_busy=0,
            tokens_waiting=0,
            pool=5,
            pool_busy=0,
            pool_waiting=0,
            collections=(0, 0, 0),
            gc_ms=0.0,
            gc_pause_ms=0.0,
        )
        for at_ns in EDGES
    ]
    found = telemetry_in({3: reports, 4: []}, TWO)
    assert [(one.at_ns, one.loop_lag_ms) for one in found[3]] == [
        (0, 100),
        (1, 101),
        (100, 200),
        (100, 500),
        (101, 501),
        (250, 650),
    ]
    assert found[4] == ()


def test_failures_are_timed_from_the_first_slice_on() -> None:
    failure = SeenFailure(kind="timeout", request="GET /", done_ns=1_250, sent=b"")
    rows = replace(samples(1_000, 1_010), failures=(failure,))
    slices = [part(0, 1_000, 1_100), part(1, 1_200, 1_300)]
    assert [one.done_ns for one in lay_out(rows, slices).failures] == [250]
    assert [one.done_ns for one in lay_out_pings(rows, slices).failures] == [250]


def test_gaps_outside_of_slices_are_left_out_and_the_others_move_with_their_slice() -> None:
    slices = [part(0, 1_000, 1_100), part(1, 2_000, 2_050)]
    gaps = Gaps(
        at_ns=np.array([999, 1_000, 1_100, 1_500, 2_010]),
        gap_ns=np.array([1, 2, 3, 4, 5]),
        label=np.zeros(5, np.int64),
    )
    found = gather(lay_out(replace(samples(1_000), gaps=gaps), slices)).gaps
    assert (found.at_ns.tolist(), found.gap_ns.tolist()) == ([0, 100, 110], [2, 3, 5])
