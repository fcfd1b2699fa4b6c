"""What a leader knows of one generator, from answers and reports that were made up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bench.locust.clocks import ClockExchange
from bench.locust.member import FleetWorker, Identity

S = 1_000_000_000
OURS = "boot-1 4026531834"


def identity(**changes: Any) -> Identity:
    fields: dict[str, Any] = {"host": "load-2", "clock": "boot-2 1", "wall_ns": 100 * S, "steady_ns": 100 * S}
    return Identity(**{**fields, **changes})


def exchange(offset_ns: int, round_trip_ns: int = 2000) -> ClockExchange:
    there_ns = round_trip_ns // 2
    return ClockExchange(0, offset_ns + there_ns, offset_ns + there_ns, round_trip_ns)


def report(
    requests: int, *, errors: int = 0, users: int = 5, times: dict[float, int] | None = None
) -> dict[str, Any]:
    return {
        "user_count": users,
        "stats_total": {"num_requests": requests, "num_failures": errors, "response_times": times or {}},
        "bench": {"cpu_s": 0.4, "span_s": 1.0, "lag_ms": float(requests)},
    }


@pytest.fixture
def member() -> FleetWorker:
    one = FleetWorker(3)
    one.begin(10 * S)
    return one


def test_one_that_never_answered_has_a_number_and_no_clock(member: FleetWorker) -> None:
    found = member.figures(OURS, 0)
    assert (found.name, found.round_trip_ms, found.ahead_ms, found.cpu_share) == (
        "worker #3",
        None,
        None,
        None,
    )
    assert member.steady_ahead_ns(OURS, 0) is None


def test_reports_add_up(member: FleetWorker) -> None:
    member.answered(exchange(7 * S), identity())
    member.reported(report(100, errors=2, users=4, times={1.0: 98, 50.0: 3}), 11 * S)
    member.reported(report(50, users=9, times={1.0: 50}), 12 * S)
    found = member.figures(OURS, 107 * S)
    assert (found.name, found.users, found.requests, found.errors) == ("load-2 #3", 9, 150, 2)
    assert (found.cpu_share, found.lag_ms, found.p99_ms) == (0.4, 100.0, 50.0)
    assert (found.round_trip_ms, found.ahead_ms, found.is_lost) == (0.002, 0.0, False)


def test_a_clock_is_ahead_by_its_offset_and_by_its_time_of_day(member: FleetWorker) -> None:
    """Its monotonic clock is 7 s ahead, and its time of day another 100 s; ours is 77 s: 30 s ahead in all."""
    member.answered(exchange(7 * S), identity(steady_ns=101 * S))
    assert member.ahead_ns(OURS, 77 * S) == 30 * S
    assert member.steady_ahead_ns(OURS, 77 * S) == 31 * S


def test_on_one_machine_the_clock_is_the_same_whatever_messages_say(member: FleetWorker) -> None:
    member.answered(exchange(5_000_000, 12_000_000), identity(clock=OURS))
    assert member.clock_offset_ns(OURS) == 0
    assert member.clock_shift(OURS).to_ours(np.array([5])).tolist() == [5]


def test_a_name_that_another_machine_takes_has_the_clock_of_that(member: FleetWorker) -> None:
    member.answered(exchange(7 * S, 10), identity())
    member.answered(exchange(9 * S, 1000), identity(host="load-3", clock="boot-3 1"))
    assert member.clock_offset_ns(OURS) == 9 * S


def test_a_lost_one_says_what_is_lost(member: FleetWorker) -> None:
    member.answered(exchange(0), identity())
    member.reported(report(400, users=25), 12 * S)
    loss = member.lose(15 * S)
    assert (loss.users, loss.requests, loss.rate_per_s, loss.silent_s) == (25, 400, 200.0, 3.0)
    assert all(word in loss.text for word in ("load-2 #3", "25 users", "400 requests", "3.0 s"))
    assert member.figures(OURS, 0).is_lost


def test_a_new_test_forgets_the_figures_and_knows_the_clock(member: FleetWorker) -> None:
    member.answered(exchange(7 * S), identity())
    member.reported(report(100), 11 * S)
    member.lose(12 * S)
    member.begin(20 * S)
    found = member.figures(OURS, 0)
    assert (found.requests, found.users, found.p99_ms, found.is_lost) == (0, 0, None, False)
    assert member.clock_offset_ns(OURS) == 7 * S
