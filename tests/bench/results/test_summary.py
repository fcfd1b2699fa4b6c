"""Summaries of samples whose figures were worked out by hand."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.model import recording
from bench.model.gaps import Gaps
from bench.model.plan import Stage
from bench.model.record import Latency, RequestSummary
from bench.model.samples import SampleFile, Samples
from bench.results.summary import answers_by_worker, summarise

MS = 1_000_000
START, END = 1_000 * MS, 2_000 * MS  # one second
OUTCOMES = ("ok", "status-500", "timeout", "unfinished")


def samples(
    *rows: tuple[float, float, float],
    label: Sequence[int] = (),
    outcome: Sequence[int] = (),
    worker: Sequence[int] = (),
    connect: Sequence[float] = (),
    shed: int = 0,
    end_ns: int = END,
) -> Samples:
    """Rows of (intended, sent, done) in milliseconds from the start of a measured part of one second.

    The column `connect` is in milliseconds, too. A column that is left out is all zeros.
    """
    intended, sent, done = (
        np.array([START + round(row[place] * MS) for row in rows], dtype=np.int64) for place in range(3)
    )
    zeros = [0] * len(rows)
    return Samples(
        intended_ns=intended,
        connect_ns=np.array([round(ms * MS) for ms in connect or zeros], dtype=np.int64),
        sent_ns=sent,
        first_ns=done,
        done_ns=done,
        label=np.array(label or zeros, dtype=np.int64),
        outcome=np.array(outcome or zeros, dtype=np.int64),
        worker=np.array(worker or zeros, dtype=np.int64),
        labels=("GET /a", "GET /b"),
        outcomes=OUTCOMES,
        start_ns=START,
        end_ns=end_ns,
        shed=shed,
    )


def test_three_times_of_one_request() -> None:
    found = summarise(samples((0, 2, 7)))
    assert (found.response_ms.p50, found.service_ms.p50, found.lag_ms.p50) == (7, 5, 2)


def test_connecting_is_a_time_of_its_own_and_no_lag() -> None:
    """Due at 0, 3 ms for a connection, sent at 5, answered at 9: 2 ms of lag. The other request had a connection."""
    found = summarise(samples((0, 5, 9), (10, 10, 11), connect=[3, 0]))
    assert (found.response_ms.max, found.service_ms.max, found.lag_ms.max) == (9, 4, 2)
    assert (found.connect_ms.mean, found.connect_ms.max) == (3, 3)
    assert summarise(samples((0, 5, 9))).connect_ms == Latency()


def test_latency_of_nothing_is_nothing_and_no_zero() -> None:
    found = summarise(samples())
    assert (found.requests, found.throughput_rps, found.response_ms) == (0, 0.0, Latency())
    assert (found.mean_concurrency, found.curve_ms) == (None, ())


@settings(max_examples=50, derandomize=True, deadline=None)
@given(
    st.lists(st.tuples(st.floats(-200, 1200), st.floats(0, 50), st.floats(0, 300)), min_size=1, max_size=40)
)
def test_response_is_service_plus_lag_and_never_below_service(
    drawn: list[tuple[float, float, float]],
) -> None:
    found = summarise(samples(*((at, at + lag, at + lag + service) for at, lag, service in drawn)))
    if found.requests:
        assert found.response_ms.mean == pytest.approx(found.service_ms.mean + found.lag_ms.mean, abs=1e-5)  # type: ignore[operator]
        for name in Latency.__slots__:
            if name != "p999":  # they are far too few for it
                assert getattr(found.response_ms, name) >= getattr(found.service_ms, name) - 1e-9
    assert found.requests == sum(0 <= round(at * MS) < 1000 * MS for at, _, _ in drawn)


def test_what_counts_at_the_edges_of_the_measured_part() -> None:
    found = summarise(
        samples(
            (-10, -10, -5),  # all before
            (-10, -10, 5),  # sent before, answered in it: throughput, but no latency
            (-1, -1, 0),  # answered at the very start: likewise
            (0, 0, 10),  # at the very start
            (500, 500, 510),
            (995, 995, 1000),  # answered at the very end, which is outside: latency, but no throughput
            (1000, 1000, 1001),  # all after
        )
    )
    assert found.requests == 3
    assert found.throughput_rps == 4.0
    assert (found.response_ms.max, found.response_ms.mean) == (10, pytest.approx(25 / 3))


def test_throughput_is_per_second_of_the_measured_part() -> None:
    assert summarise(samples(*[(0, 0, 1)] * 6, end_ns=START + 250 * MS)).throughput_rps == 24.0


def test_errors_by_kind_are_no_throughput_but_their_times_count() -> None:
    found = summarise(
        samples(
            (0, 0, 1),
            (0, 0, 1),
            (0, 0, 1),
            (0, 0, 101),
            (0, 0, 900),
            (-50, -50, -40),
            outcome=[0, 1, 1, 2, 3, 1],
            shed=4,
        )
    )
    assert (found.requests, found.errors, found.throughput_rps) == (5, 4, 1.0)
    assert found.errors_by_kind == {"status-500": 2, "timeout": 1, "unfinished": 1}
    assert (found.unfinished, found.shed, found.response_ms.max) == (1, 4, 900)


def test_requests_by_label() -> None:
    found = summarise(
        samples((0, 0, 1), (0, 0, 3), (0, 0, 10), (-9, -9, 7), label=[0, 0, 1, 1], outcome=[0, 1, 0, 0])
    )
    assert {
        name: (part.requests, part.errors, part.response_ms.mean) for name, part in found.by_request.items()
    } == {
        "GET /a": (2, 1, 2.0),
        "GET /b": (1, 0, 10.0),
    }


def test_the_victim_is_summed_up_on_its_own() -> None:
    victim = samples((0, 0, 4), (100, 100, 106), (-1, -1, 500), outcome=[0, 2, 0])
    found = summarise(samples((0, 0, 1)), victim)
    assert found.victim is not None
    assert found.victim == RequestSummary(
        requests=2,
        errors=1,
        response_ms=found.victim.response_ms,
        shed=0,
        under_way=found.victim.under_way,
        errors_by_kind={"timeout": 1},
        throughput_rps=2.0,
    )
    assert (found.victim.response_ms.mean, found.victim.response_ms.max) == (5.0, 6.0)
    assert summarise(samples((0, 0, 1))).victim is None
    assert found.requests == 1


def test_good_answers_by_worker() -> None:
    found = samples(
        (0, 0, 1),
        (0, 0, 1),
        (0, 0, 1),
        (0, 0, 1),
        (0, 0, 2000),
        (0, 0, 1),
        worker=[11, 11, 12, 0, 11, 12],
        outcome=[0, 0, 0, 0, 0, 1],
    )
    by_pid = answers_by_worker(found)
    assert {pid: answers.counts.sum() for pid, answers in by_pid.items()} == {11: 2, 12: 1}
    assert answers_by_worker(samples((0, 0, 1))) == {}


def test_each_worker_has_its_own_response_times() -> None:
    by_pid = answers_by_worker(samples((0, 2, 4), (1, 1, 7), (5, 5, 900), worker=[11, 11, 12]))
    assert (by_pid[11].response_ms.mean, by_pid[11].response_ms.max) == (5.0, 6.0)
    assert by_pid[12].response_ms.p50 == 895.0
    assert by_pid[11].done_ns == pytest.approx([START + 4 * MS, START + 7 * MS], abs=MS)
    assert by_pid[11].counts.tolist() == [1, 1]


def test_who_was_under_way_at_either_end_reconciles_what_was_sent_with_what_was_answered() -> None:
    """Four were due in it and one at its start was left over; three ended in it, one of them badly, and two did not."""
    found = summarise(
        samples(
            (-20, -20, 5),
            (-20, -20, -1),
            (0, 0, 10),
            (500, 500, 700),
            (990, 990, 1000),
            (999, 999, 4000),
            (1000, 1000, 1001),
            outcome=[0, 0, 0, 1, 0, 3, 0],
        )
    )
    assert (found.requests, found.answered, found.under_way) == (4, 3, (1, 2))


def test_timeline_bins_hold_what_was_answered_in_them() -> None:
    """24 bins of a second: 41.67 ms each."""
    found = summarise(
        samples(
            (0, 0, 10),
            (0, 0, 30),
            (0, 0, 41.6),
            (0, 0, 41.7),
            (900, 900, 999.9),
            (-30, -30, 20),
            (990, 990, 1000),
            outcome=[0, 1, 0, 0, 0, 0, 0],
        )
    ).timeline
    assert len(found) == 24
    assert [bin.t_s for bin in found] == pytest.approx([place / 24 for place in range(24)], abs=1e-4)
    counts = [round(bin.throughput_rps / 24) for bin in found]
    assert counts == [3, 1, *[0] * 21, 1]
    assert [bin.errors for bin in found] == [1, *[0] * 23]
    assert found[0].p50_ms == pytest.approx((30 + 41.6) / 2)
    assert (found[2].p50_ms, found[2].p99_ms) == (None, None)


@pytest.mark.parametrize(
    ("count", "furthest"),
    [
        (9, None),
        (10, 0.0),
        (19, 25.0),
        (20, 50.0),
        (99, 75.0),
        (100, 90.0),
        (1000, 99.0),
        (2000, 99.5),
        (10000, 99.9),
    ],
    ids=str,
)
def test_the_curve_goes_as_far_as_ten_samples_lie_beyond(count: int, furthest: float | None) -> None:
    curve = summarise(samples(*[(0, 0, 1 + number / count) for number in range(count)])).curve_ms
    assert (curve[-1][0] if curve else None) == furthest


def test_the_curve_is_of_the_response_time() -> None:
    curve = dict(summarise(samples(*[(0, number, number + 1) for number in range(101)])).curve_ms)
    assert (curve[0.0], curve[50.0], curve[90.0]) == (1, 51, 91)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([(0, 0, 500)], 0.5),
        ([(0, 0, 500), (250, 250, 750)], 1.0),
        ([(-400, -400, 100)], 0.1),
        ([(900, 900, 1500)], 0.1),
        ([(-100, -100, 1200)], 1.0),
        ([(-100, -100, -50), (1100, 1100, 1200)], 0.0),
        ([(0, 300, 500)], 0.5),
    ],
    ids=[
        "half the time",
        "two that overlap",
        "began before",
        "ends after",
        "spans it all",
        "outside adds nothing",
        "waiting to be sent counts",
    ],
)
def test_mean_concurrency_is_the_time_in_the_system_over_the_time(
    rows: list[tuple[float, float, float]], expected: float
) -> None:
    assert summarise(samples(*rows)).mean_concurrency == pytest.approx(expected)


def test_littles_law_holds_for_users_who_send_again_at_once() -> None:
    """Four users, ten milliseconds each: 400 requests a second, four under way."""
    found = summarise(samples(*[(10.0 * turn, 10.0 * turn, 10.0 * turn + 10) for turn in range(100)] * 4))
    assert found.mean_concurrency == pytest.approx(4)
    assert math.isclose(found.requests * found.response_ms.mean / 1e3, 4)  # type: ignore[operator]


def test_each_stage_of_a_load_that_changes_is_summed_up_by_itself() -> None:
    """250 ms at a level of 10, then 750 ms that climb from 20 to 40."""
    stages = (Stage(0.0, 0.25, 10, 10), Stage(0.25, 0.75, 20, 40))
    given_ = samples(
        (0, 0, 4),
        (100, 100, 108),
        (249, 249, 251),
        (250, 250, 260),
        (990, 990, 1010),
        (-5, -5, 1),
        outcome=[0, 1, 0, 0, 0, 0],
    )
    first, second = summarise(given_, stages=stages).stages
    assert (first.t_s, first.duration_s, first.level, second.level) == (0.0, 0.25, 10, 30)
    assert [(part.requests, part.errors) for part in (first, second)] == [(3, 1), (2, 0)]
    assert [part.throughput_rps for part in (first, second)] == pytest.approx([2 / 0.25, 2 / 0.75])
    assert (first.response_ms.max, second.response_ms.max) == (8, 20)
    assert summarise(given_, stages=stages[:1]).stages == ()


@pytest.mark.parametrize(
    ("sent", "lost"), [(None, 0), (3, 0), (5, 2)], ids=["not counted", "all", "two are missing"]
)
def test_what_was_sent_and_has_no_sample_is_lost(sent: int | None, lost: int) -> None:
    rows = np.arange(3, dtype=np.int64) * 1_000_000
    samples = Samples(
        intended_ns=rows,
        connect_ns=rows * 0,
        sent_ns=rows,
        first_ns=rows + 500_000,
        done_ns=rows + 500_000,
        label=rows * 0,
        outcome=rows * 0,
        worker=rows * 0,
        labels=("GET /",),
        outcomes=("ok",),
        start_ns=0,
        end_ns=10_000_000,
        sent=sent,
    )
    assert summarise(samples).lost == lost


# --- what a closed loop hides


def closed_loop(*answered: float) -> Samples:
    """One user, whose every request is sent when the one before is answered: at these milliseconds."""
    return samples(*((sent, sent, done) for sent, done in itertools.pairwise((0.0, *answered))))


def test_a_freeze_hides_from_the_percentiles_but_not_from_the_share_of_time() -> None:
    """800 answers of 1 ms, and one of 200 ms: p99 is 1 ms, and a fifth of the time nothing was answered."""
    found = summarise(closed_loop(*range(1, 401), *range(600, 1001)))
    assert found.response_ms.p99 == pytest.approx(1.0)
    assert found.stalled_share == pytest.approx(0.2)
    assert found.longest_stall_ms == pytest.approx(200)
    assert (found.time_weighted_ms.p50, found.time_weighted_ms.p90) == pytest.approx((1.0, 200.0))
    assert found.time_weighted_ms.p99 == pytest.approx(200.0)


def test_a_stretch_of_up_to_ten_times_p99_is_no_stall() -> None:
    assert summarise(closed_loop(*range(1, 401), *range(410, 1001))).stalled_share == 0
    assert summarise(closed_loop(*range(1, 401), *range(412, 1001))).stalled_share == pytest.approx(0.012)


def test_a_server_that_is_gone_stalls_though_it_refuses_at_once() -> None:
    """Right for 600 ms; then refused every 50 ms, which takes no time: nothing is answered for 400 ms."""
    right = [(at, at, at + 1) for at in range(600)]
    refused = [(at, at, at + 0.1) for at in range(600, 1000, 50)]
    found = summarise(samples(*right, *refused, outcome=[0] * 600 + [2] * 8))
    assert found.response_ms.p99 == pytest.approx(1.0)
    assert found.stalled_share == pytest.approx(0.4, abs=0.001)


def test_a_time_in_which_nobody_waits_is_no_stall() -> None:
    """An open loop with a request every 100 ms that takes 1 ms: most of the time there is nothing to answer."""
    assert summarise(samples(*((at, at, at + 1) for at in range(0, 1000, 100)))).stalled_share == 0


def test_a_stall_at_the_end_counts_as_far_as_the_measured_part_goes() -> None:
    """The last request is sent at 900 ms and answered at 1,500: 100 ms of that lie in the measured part."""
    found = summarise(closed_loop(*range(1, 901), 1500))
    assert found.stalled_share == pytest.approx(0.1)
    assert summarise(samples()).stalled_share == 0


def test_times_are_weighted_by_how_long_they_lie_in_the_measured_part() -> None:
    """A request of 600 ms, half of which lies before the start, and three of 100 ms: equal shares of time."""
    found = summarise(samples((-300, -300, 300), (300, 300, 400), (400, 400, 500), (500, 500, 600)))
    assert found.time_weighted_ms.mean == pytest.approx((600 + 100) / 2)
    assert (found.time_weighted_ms.p50, found.time_weighted_ms.p90) == pytest.approx((100, 600))


@settings(max_examples=50, derandomize=True, deadline=None)
@given(st.lists(st.integers(1, 50), min_size=1, max_size=60))
def test_weighting_by_time_repeats_each_time_as_often_as_it_is_long(times: list[int]) -> None:
    """The same percentile from a list in which a time of n ms stands n times."""
    ends = list(itertools.accumulate(times))
    scale = 1000 / max(1000, ends[-1])
    found = summarise(closed_loop(*(end * scale for end in ends))).time_weighted_ms
    drawn = sorted(time * scale for time in times for _ in range(time))
    assert found.p90 == pytest.approx(drawn[math.ceil(0.9 * len(drawn)) - 1], rel=1e-5)


def test_of_a_victim_it_is_known_how_many_were_under_way_in_each_third() -> None:
    """None, then one for half of the second third, then two throughout the last one and beyond."""
    victim = samples((500, 500, 500 + 1000 / 6), (2000 / 3, 700, 3000), (2000 / 3, 700, 3000))
    found = summarise(samples((0, 0, 1)), victim).victim
    assert found is not None
    assert found.under_way == pytest.approx((0.0, 0.5, 2.0), abs=0.01)


# --- answers in pieces ---------------------------------------------------------------------------

PIECES = st.tuples(
    st.floats(-100, 1100), st.integers(0, 40), st.integers(0, 40), st.integers(0, 1), st.integers(0, 3)
)


def percentiles_ms(times_ns: Sequence[int]) -> tuple[float, ...]:
    return tuple(np.percentile(times_ns, (50, 90, 95, 99)) / 1e6)


def shown_ms(found: Latency) -> tuple[float | None, ...]:
    return (found.p50, found.p90, found.p95, found.p99)


@settings(max_examples=60, derandomize=True, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=40))
def test_first_bytes_and_gaps_have_the_percentiles_of_the_raw_rows(
    drawn: list[tuple[float, int, int, int, int]],
) -> None:
    """Of each answer: its intended start, the ms to its first byte and from there to its end, its name, its gaps."""
    whole = samples(
        *((at, at, at + first + rest) for at, first, rest, *_ in drawn), label=[row[3] for row in drawn]
    )
    firsts = whole.intended_ns + np.array([row[1] for row in drawn], np.int64) * MS
    gaps = [
        (done_ns + number, 1000 * (number + 1), label)
        for done_ns, label, row in zip(whole.done_ns.tolist(), whole.label.tolist(), drawn, strict=True)
        for number in range(row[4])
    ]
    columns = np.array(gaps, np.int64).reshape(-1, 3).T
    whole = replace(whole, first_ns=firsts, gaps=Gaps(at_ns=columns[0], gap_ns=columns[1], label=columns[2]))
    found = summarise(whole)
    for number, name in enumerate(whole.labels):
        one = found.by_request[name]
        rows = [
            (first - at, done - at)
            for at, first, done, label in zip(
                whole.intended_ns.tolist(), firsts.tolist(), whole.done_ns.tolist(), whole.label, strict=True
            )
            if label == number and START <= at < END
        ]
        if any(first < done for first, done in rows):
            assert one.first_byte_ms is not None
            assert shown_ms(one.first_byte_ms) == pytest.approx(percentiles_ms([first for first, _ in rows]))
        else:
            assert one.first_byte_ms is None
        mine = [gap_ns for at, gap_ns, label in gaps if label == number and START <= at < END]
        assert one.gaps == len(mine)
        if mine:
            assert one.gap_ms is not None
            assert shown_ms(one.gap_ms) == pytest.approx(percentiles_ms(mine))
            assert one.gap_ms.max == max(mine) / 1e6
        else:
            assert one.gap_ms is None
    counts = [one.gaps for one in found.by_request.values()]
    assert (found.gap_ms is None) == (sum(counts) == 0)
    assert (found.first_byte_ms is None) == all(
        one.first_byte_ms is None for one in found.by_request.values()
    )


# --- samples that stay in their file -------------------------------------------------------------

TIMES = st.tuples(st.floats(-200, 1200), st.floats(0, 50), st.floats(0, 300), st.integers(0, 1))


@settings(max_examples=40, derandomize=True, deadline=None)
@given(st.lists(TIMES, min_size=1, max_size=60))
def test_samples_that_stay_in_their_file_have_the_same_summary(
    drawn: list[tuple[float, float, float, int]],
) -> None:
    """Counts, rates and stalls alike, and percentiles within 0.1 %."""
    drawn = sorted(drawn, key=lambda row: sum(row[:3]))
    stages = [Stage(0.0, 0.5, 1, 2), Stage(0.5, 0.5, 3, 4)]
    whole = samples(
        *((at, at + lag, at + lag + service) for at, lag, service, _ in drawn),
        outcome=[outcome for *_, outcome in drawn],
        label=[number % 2 for number in range(len(drawn))],
    )
    whole = replace(
        whole,
        first_ns=(whole.sent_ns + whole.done_ns) // 2,
        gaps=Gaps(at_ns=whole.done_ns, gap_ns=whole.done_ns - whole.sent_ns, label=whole.label),
    )
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(recording, "_PART_ROWS", 7)
        stored = recording.record([write(Path(folder, "samples"), whole)], most_rows=0)
        found = asdict(summarise(stored, stored, stages))
    expected = asdict(summarise(whole, whole, stages))
    assert list(numbers(found)) == pytest.approx(list(numbers(expected)), rel=1e-3, abs=1e-5)


def write(path: Path, whole: Samples) -> Path:
    file = SampleFile(path)
    for text in whole.labels:
        file.label(text)
    for text in whole.outcomes:
        file.outcome(text)
    columns = (whole.intended_ns, whole.connect_ns, whole.sent_ns, whole.first_ns, whole.done_ns)
    marks = whole.outcome << 16 | whole.label
    for row in np.stack((*columns, marks), 1).tolist():
        file.append(tuple(row))
    for at_ns, gap_ns, label in zip(whole.gaps.at_ns, whole.gaps.gap_ns, whole.gaps.label, strict=True):
        file.gaps.add(int(label), (int(at_ns - gap_ns), int(at_ns)))
    file.close(start_ns=whole.start_ns, end_ns=whole.end_ns, shed=whole.shed, cpu_s=whole.cpu_s)
    return path


def numbers(found: object) -> Iterator[float]:
    """All numbers in it, -1 where there is none."""
    if isinstance(found, dict):
        found = [found[key] for key in sorted(found)]
    if isinstance(found, list | tuple):
        for one in found:
            yield from numbers(one)
    elif not isinstance(found, str):
        yield -1.0 if found is None else float(found)  # type: ignore[arg-type]


@pytest.mark.alone
def test_an_hour_at_5000_requests_a_second_needs_less_than_100_mb_on_either_side(tmp_path: Path) -> None:
    """The response times are lognormal: exp(14) ns is their median, and exp(14 + 2.3263) their p99."""
    command = [sys.executable, "-m", "tests.bench.results.soak", str(tmp_path)]
    said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout.split()
    generator, both, requests, answered, by_worker = map(int, said[:5])
    assert generator < 100e6
    assert both < 100e6
    assert answered == by_worker == 18_000_000 - 1, "the last ended when the measured part did"
    assert 18_000_000 - 20 < requests < 18_000_000
    assert float(said[5]) == pytest.approx(math.exp(14) / 1e6, rel=2e-3)
    assert float(said[6]) == pytest.approx(math.exp(14 + 2.3263) / 1e6, rel=5e-3)
