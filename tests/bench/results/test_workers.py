"""One worker on its timeline, from readings whose slices were worked out by hand."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.model.readings import MOST_SLICES, Answers, Reading, Snapshot, Telemetry
from bench.model.record import Latency, WorkerTimeline
from bench.results.workers import imbalance, slice_bounds, worker

S = 1_000_000_000
MS = 1_000_000
PID = 21


def snapshot(at_s: float, reading: Reading | None = None) -> Snapshot:
    return Snapshot(round(at_s * S), (reading,) if reading else ())


def reading(cpu_s: float = 0.0, **more: int) -> Reading:
    return Reading(pid=PID, cpu_ns=round(cpu_s * S), **({"rss_bytes": 50, "threads": 2} | more))


def steady(*at_s: float) -> list[Snapshot]:
    return [snapshot(at, reading()) for at in at_s]


def report(at_s: float, lag_ms: float = 0.0, **more: object) -> Telemetry:
    figures = {
        "tokens": 40,
        "tokens_busy": 0,
        "tokens_waiting": 0,
        "pool": 10,
        "pool_busy": 0,
        "pool_waiting": 0,
        "collections": (0, 0, 0),
        "gc_ms": 0.0,
        "gc_pause_ms": 0.0,
    }
    return Telemetry(at_ns=round(at_s * S), loop_lag_ms=lag_ms, **(figures | more))  # type: ignore[arg-type]


def timeline(
    snapshots: list[Snapshot], *telemetry: Telemetry, answers: Answers | None = None
) -> WorkerTimeline:
    return worker(snapshots, PID, answers, telemetry).timeline


def answers_at(*at_s: float) -> Answers:
    return Answers(
        np.array([round(at * S) for at in at_s], np.int64), np.ones(len(at_s), np.int64), Latency(p50=3.0)
    )


def test_shares_and_rates_are_over_each_slice_and_sums_over_all() -> None:
    found = worker(
        [
            snapshot(10, reading(5.0, run_wait_ns=7 * MS, switches=100, preemptions=5)),
            snapshot(10.5, reading(5.25, run_wait_ns=107 * MS, switches=150, preemptions=5)),
            snapshot(12.5, reading(6.85, run_wait_ns=107 * MS, switches=950, preemptions=45, threads=9)),
        ],
        PID,
        None,
        (),
    )
    line = found.timeline
    assert line.t_s == (0.5, 2.5)
    assert line.cpu_share == (0.5, 0.8)
    assert line.run_wait_share == (0.2, 0.0)
    assert line.switches_per_s == (100, 400)
    assert line.preemptions_per_s == (0, 20)
    assert line.threads == (2, 9)
    assert (found.run_wait_s, found.switches, found.preemptions) == (0.1, 850, 40)


def test_a_thread_that_ends_takes_its_counts_away_which_is_no_gain() -> None:
    found = worker(
        [snapshot(at, reading(run_wait_ns=wait, switches=wait)) for at, wait in enumerate((50, 80, 20, 30))],
        PID,
        None,
        (),
    )
    assert found.switches == 30 + 0 + 10
    assert found.timeline.switches_per_s == (30, 0, 10)


def test_requests_are_counted_in_the_slice_in_which_they_were_answered() -> None:
    line = timeline(steady(0, 0.5, 2.5), answers=answers_at(0.1, 0.2, 0.49, 0.6))
    assert line.throughput_rps == (6.0, 0.5)


def test_a_worker_without_answers_serves_nothing_where_others_tell_and_is_unknown_where_none_do() -> None:
    silent = worker(steady(0, 1), PID, answers_at(), ())
    unknown = worker(steady(0, 1), PID, None, ())
    assert (silent.requests, silent.timeline.throughput_rps) == (0, (0.0,))
    assert (unknown.requests, unknown.timeline.throughput_rps, unknown.response_ms) == (None, (), None)


def test_a_slice_has_the_largest_that_was_said_in_it() -> None:
    line = timeline(
        steady(0, 0.2, 0.4),
        report(0.05, 3.0, tokens_busy=40, tokens_waiting=7),
        report(0.2, 1.0, tokens_busy=12, pool_busy=10),
        report(0.3, 2.0, pool_waiting=4, gc_pause_ms=1.25),
    )
    assert line.loop_lag_ms == (3.0, 2.0)
    assert (line.tokens_busy, line.tokens_waiting) == ((40, 0), (7, 0))
    assert (line.pool_busy, line.pool_waiting) == ((10, 0), (0, 4))
    assert line.gc_pause_ms == (0.0, 1.25)


def test_where_a_blocked_loop_kept_silent_the_next_report_speaks_even_from_beyond_the_end() -> None:
    line = timeline(
        steady(0, 1, 2, 3, 4), report(0.5, 1.0), report(2.9, 2350.0), report(4.2, 1250.0), report(4.3, 0.0)
    )
    assert line.loop_lag_ms == (1.0, 2350.0, 2350.0, 1250.0)


def test_a_probe_that_fell_silent_leaves_gaps_and_no_zeros() -> None:
    assert timeline(steady(0, 1, 2), report(0.5, 1.0)).loop_lag_ms == (1.0, None)


def test_an_app_without_a_probe_has_no_such_figures() -> None:
    found = worker(steady(0, 1), PID, None, ())
    line = found.timeline
    assert (line.loop_lag_ms, line.tokens_busy, line.pool_waiting, line.gc_pause_ms) == ((), (), (), ())
    assert (found.tokens, found.pool, found.collections, found.gc_ms) == (None, None, (), None)


def test_collections_are_those_of_the_measured_part() -> None:
    found = worker(
        steady(1, 3),
        PID,
        None,
        [
            report(0.5, collections=(7, 2, 1), gc_ms=50.0),
            report(0.95, collections=(10, 3, 1), gc_ms=61.0),
            report(1.5, collections=(14, 3, 1), gc_ms=63.0),
            report(2.9, collections=(30, 5, 2), gc_ms=81.5),
            report(3.1, collections=(99, 99, 99), gc_ms=99.0),
        ],
    )
    assert found.collections == (20, 2, 1)
    assert found.gc_ms == 20.5


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=400))
def test_a_timeline_has_few_slices_that_cover_all_of_the_measured_part(gaps_ms: list[int]) -> None:
    at_s = [0.0]
    for gap in gaps_ms:
        at_s.append(round(at_s[-1] + gap / 1e3, 3))
    snapshots = steady(*at_s)
    bounds = slice_bounds(snapshots)
    assert (bounds[0], bounds[-1]) == (snapshots[0], snapshots[-1])
    assert 1 <= len(bounds) - 1 <= MOST_SLICES
    line = timeline(snapshots, report(0.001), answers=answers_at(*at_s[1:-1]))
    columns = [getattr(line, field.name) for field in fields(line)]
    assert {len(column) for column in columns} == {len(bounds) - 1}
    widths = np.diff([0.0, *line.t_s])
    assert np.dot(line.throughput_rps, widths) == pytest.approx(len(at_s) - 2, rel=0.1, abs=0.2)


def test_a_sliver_at_the_end_joins_the_slice_before() -> None:
    assert [one.at_ns / S for one in slice_bounds(steady(0, 0.1, 0.2, 0.3, 0.301))] == [0, 0.1, 0.2, 0.301]


@pytest.mark.parametrize(
    ("amounts", "expected"),
    [((5, 5), 1.0), ((9, 1), 1.8), ((6, 0, 0), 3.0), ((4,), 1.0), ((0, 0), None), ((), None)],
    ids=["even", "nine to one", "one has it all", "one alone", "nothing to share", "nobody"],
)
def test_the_imbalance_index_is_the_largest_over_the_mean(
    amounts: tuple[int, ...], expected: float | None
) -> None:
    assert imbalance(amounts) == expected
