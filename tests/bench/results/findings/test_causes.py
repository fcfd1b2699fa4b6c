"""Causes named from figures just beyond their limits, and not from those just within."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from bench.model.plan import OpenLoad
from bench.model.record import Latency, Record, Worker, WorkerTimeline
from bench.results.findings.causes import of_record
from tests.bench.results.findings.loaded import lane, measured, worker


def named(record: Record) -> Mapping[str, str]:
    return {cause.kind: cause.figures for cause in of_record(record)}


def test_a_calm_record_names_no_cause() -> None:
    calm = lane(
        loop_lag_ms=(1.0, 2.0, 1.0),
        tokens_busy=(3, 4, 3),
        tokens_waiting=(0, 0, 0),
        gc_pause_ms=(0.1, 0.2, 0),
    )
    assert named(measured(worker(timeline=calm))) == {}


def test_an_app_without_a_probe_names_nothing_from_inside() -> None:
    assert named(measured(worker(timeline=lane()))) == {}


@pytest.mark.parametrize(
    ("lags", "cpu_s", "run_wait_s", "expected"),
    [
        ((20.0, 20.0, 20.0), 0.2, 0.0, True),
        ((19.9, 19.9, 19.9), 0.2, 0.0, False),
        ((99.9, 99.9, 99.9), 1.6, 0.0, False),
        ((100.0, 100.0, 100.0), 1.6, 0.0, True),
        ((900.0, 900.0, 900.0), 1.8, 0.0, False),
        ((900.0, 900.0, 900.0), 0.9, 0.9, False),
        ((1.0, 900.0, 1.0), 1.8, 0.0, False),
        ((99.9, 99.9, 99.9), 0.2, 1.41, False),
        ((20.0, None, 20.0), 0.2, 0.0, True),
        ((1.0, 100.0, 1.0), 0.2, 0.0, True),
        ((1.0, 99.9, 1.0), 0.2, 0.0, False),
    ],
    ids=[
        "late though it computes nothing",
        "a little late",
        "late under much load",
        "held under much load",
        "late as its CPU is full",
        "late as others fill its CPU",
        "late once as its CPU is full",
        "late as others have the CPU",
        "with a gap",
        "held once",
        "held once, but briefly",
    ],
)
def test_a_late_loop_is_blocked_when_load_does_not_explain_it(
    lags: tuple[float | None, ...], cpu_s: float, run_wait_s: float, expected: bool
) -> None:
    one = worker(cpu_s=cpu_s, run_wait_s=run_wait_s, timeline=lane(loop_lag_ms=lags))
    assert ("loop-blocked" in named(measured(one))) is expected


OFFERED = OpenLoad(560.0, 12.0)
SLICES = 24  # of half a second


def of_slices(at: Callable[[int], float]) -> tuple[float, ...]:
    return tuple(at(place) for place in range(SLICES))


def offered(one: Worker, p99: float) -> Record:
    made = measured(one, p99=p99, busy=min(1.0, one.cpu_s / OFFERED.duration_s + 0.01))
    return replace(made, cell=replace(made.cell, load=OFFERED))


def slices(lags: tuple[float, ...], cpu: tuple[float, ...]) -> WorkerTimeline:
    return WorkerTimeline(t_s=of_slices(lambda place: (place + 1) / 2), loop_lag_ms=lags, cpu_share=cpu)


def test_an_overloaded_worker_is_short_of_cpu_and_its_loop_is_late_for_that_alone() -> None:
    """98 % of its core for 12 s; the queue makes the loop later and later, up to 2.4 s."""
    late = slices(of_slices(lambda place: 100.0 * (place + 1)), (0.98,) * SLICES)
    assert list(named(offered(worker(cpu_s=11.76, timeline=late), p99=2400.0))) == ["cpu-saturated"]


def test_a_loop_whose_cpu_the_hypervisor_took_was_not_blocked() -> None:
    """Half of the core used and 45 % of it stolen: nothing is left to be idle in."""
    one = offered(worker(cpu_s=6.0, timeline=slices((200.0,) * SLICES, (0.5,) * SLICES)), p99=390.0)
    assert list(named(one)) == ["loop-blocked"]
    stolen = replace(one, resources=replace(one.resources, steal_share=0.45))
    assert named(stolen) == {}


def test_a_handler_that_sleeps_on_the_loop_blocks_it() -> None:
    """time.sleep of 200 ms in one slice of two; the worker computes for 4 % of the time."""
    held = slices(of_slices(lambda place: 200.0 if place % 2 else 2.0), (0.04,) * SLICES)
    assert list(named(offered(worker(cpu_s=0.48, timeline=held), p99=390.0))) == ["loop-blocked"]


def test_a_handler_that_computes_on_the_loop_blocks_it_though_the_worker_has_time_left() -> None:
    """300 ms of computing in one slice of three, and 100 ms a slice else: 30 % of the core in all."""
    cpu = of_slices(lambda place: 0.7 if place % 3 == 0 else 0.1)
    assert sum(cpu) / SLICES == pytest.approx(0.3)
    held = slices(of_slices(lambda place: 300.0 if place % 3 == 0 else 3.0), cpu)
    assert list(named(offered(worker(cpu_s=3.6, timeline=held), p99=310.0))) == ["loop-blocked"]


def test_a_single_block_counts_beside_a_tail_that_it_explains() -> None:
    one = worker(timeline=lane(loop_lag_ms=(1.0, 150.0, 1.0)))
    assert "loop-blocked" in named(measured(one, p99=300.0))
    assert "loop-blocked" not in named(measured(one, p99=301.0))


def test_a_loop_that_waited_for_a_cpu_was_not_blocked() -> None:
    """A wait of 0.2 s a second is 100 ms of a slice of half a second: two thirds of the 150 ms."""
    waited, little = ((0.0, share, 0.0) for share in (0.2, 0.14))
    lags = (1.0, 150.0, 1.0)
    assert named(measured(worker(timeline=lane(loop_lag_ms=lags, run_wait_share=waited)))) == {}
    assert "loop-blocked" in named(measured(worker(timeline=lane(loop_lag_ms=lags, run_wait_share=little))))


def test_a_pause_for_collection_is_named_as_such_and_no_block() -> None:
    one = worker(timeline=lane(loop_lag_ms=(1.0, 150.0, 1.0), gc_pause_ms=(0.0, 140.0, 0.0)))
    assert named(measured(one, p99=200.0)) == {
        "collections": "a collection took 140 ms, with a p99 of 200 ms"
    }


@pytest.mark.parametrize(
    ("pause", "p99", "expected"),
    [(20.0, 40.0, True), (19.9, 30.0, False), (25.0, 50.1, False)],
    ids=["half of the tail", "too short for a word", "less than half of the tail"],
)
def test_a_collection_counts_when_it_makes_the_tail(pause: float, p99: float, expected: bool) -> None:
    one = worker(timeline=lane(gc_pause_ms=(0.0, pause, None)))
    assert ("collections" in named(measured(one, p99=p99))) is expected


@pytest.mark.parametrize(
    ("kind", "busy", "waiting", "limit"),
    [
        ("threads-exhausted", "tokens_busy", "tokens_waiting", "tokens"),
        ("pool-exhausted", "pool_busy", "pool_waiting", "pool"),
    ],
)
def test_a_pool_is_exhausted_when_somebody_waits_half_of_the_time(
    kind: str, busy: str, waiting: str, limit: str
) -> None:
    def one(*waiters: float | None) -> Record:
        columns: dict[str, tuple[float | None, ...]] = {busy: (40, 40, 40), waiting: waiters}
        return measured(worker(timeline=lane(**columns), **{limit: 40}))

    assert named(one(0, 30, 88))[kind].startswith("typically 40 of 40 ")
    assert " and 30 " in named(one(0, 30, 88))[kind]
    assert kind not in named(one(0, 0, 88))


def test_a_worker_is_overloaded_when_its_answers_take_twice_as_long() -> None:
    fast, slow = worker(1, requests=300, response_ms=Latency(p50=5.0)), worker(2, cpu_s=0.6, requests=100)
    twice, less = (replace(slow, response_ms=Latency(p50=p50)) for p50 in (10.0, 9.9))
    assert named(measured(fast, twice)) == {
        "worker-overloaded": "its p50 is 10.0 ms, the others' 5.00 ms; of 2 workers it had 25% of the requests "
        "(imbalance 1.50) and 75% of the CPU time (imbalance 1.50)"
    }
    assert named(measured(fast, less)) == {}


def test_a_worker_with_most_of_what_is_under_way_is_said_to_have_it() -> None:
    """As many requests, but 9 ms each beside 1 ms: of ten requests under way nine wait for it."""
    fast, slow = (worker(pid, response_ms=Latency(mean=ms, p50=ms)) for pid, ms in ((1, 1.0), (2, 9.0)))
    (said,) = named(measured(fast, slow)).values()
    assert "of 2 workers it had 90% of what was under way, 50% of the requests (imbalance 1.00) and " in said


def test_a_handful_of_answers_makes_no_slow_worker() -> None:
    fast = worker(1, response_ms=Latency(p50=5.0))
    assert "worker-overloaded" in named(measured(fast, worker(2, requests=20, response_ms=Latency(p50=90.0))))
    assert named(measured(fast, worker(2, requests=19, response_ms=Latency(p50=90.0)))) == {}


def test_a_worker_is_overloaded_when_it_is_full_and_the_others_are_not() -> None:
    """Of two seconds 1.6 beside 0.78: 80 % and 39 %."""
    one, other = worker(1, cpu_s=1.6, requests=None), worker(2, cpu_s=0.78, requests=None)
    found = named(measured(one, other, cpus=(0, 1)))
    assert found == {
        "worker-overloaded": "it used 80% of a core, the others 39%; of 2 workers it had 67% of the CPU time "
        "(imbalance 1.34)"
    }
    assert named(measured(one, replace(other, cpu_s=0.8), cpus=(0, 1))) == {}


@pytest.mark.parametrize(
    ("cpu_s", "busy", "run_wait_s", "expected"),
    [
        (1.8, None, 0.0, True),
        (1.79, 1.0, 0.0, False),
        (0.8, 0.95, 1.0, True),
        (0.8, 0.94, 1.0, False),
        (0.8, 1.0, 0.99, False),
    ],
    ids=["nine tenths of its core", "a little less", "others fill its CPU", "there is room", "it wants less"],
)
def test_the_cpu_is_saturated_by_the_server_or_around_it(
    cpu_s: float, busy: float | None, run_wait_s: float, expected: bool
) -> None:
    one = measured(worker(cpu_s=cpu_s, run_wait_s=run_wait_s), busy=busy)
    assert ("cpu-saturated" in named(one)) is expected


def test_a_cpu_that_strangers_fill_is_not_one_that_the_server_needs_more_of() -> None:
    one = measured(worker(cpu_s=0.8, run_wait_s=1.0), busy=1.0)
    shared = replace(one, resources=replace(one.resources, others_share=0.5))
    assert ("cpu-saturated" in named(one), "cpu-saturated" in named(shared)) == (True, False)


@pytest.mark.parametrize(
    ("cpus", "expected"),
    [((0,), True), ((0, 1, 2, 3), False), ((), False)],
    ids=["two workers share one core", "two of four cores", "not pinned: a core each"],
)
def test_workers_can_use_a_core_each_where_there_are_so_many(cpus: tuple[int, ...], expected: bool) -> None:
    one = measured(worker(1, cpu_s=1.0), worker(2, cpu_s=0.9), cpus=cpus)
    assert ("cpu-saturated" in named(one)) is expected


def test_the_generator_is_saturated_above_the_limit_of_its_caveat() -> None:
    assert named(measured(worker(), generator=0.81, engine="locust")) == {
        "generator-saturated": "the locust engine used 81% of its core"
    }
    assert named(measured(worker(), generator=0.80)) == {}
