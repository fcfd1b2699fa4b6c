"""The arithmetic of queues, by hand: 10 ms of waiting, 40 threads, 2 workers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench.model.record import Record
from bench.results.cells import gather
from bench.results.study.ladder import ladders
from bench.results.study.plateaus import ONE, TOKENS, USERS, Bound, Plateau, bounds, plateaus
from bench.stats.estimate import Estimate
from tests.bench.results.study.made import busy, cells, io_records

WAITING = {
    "async: only its users bound it": ("async", (Bound(USERS, 12_800.0),)),
    "sync: 80 threads of two workers": ("sync", (Bound(USERS, 12_800.0), Bound(TOKENS, 8000.0))),
    "offload: the same threads": ("offload", (Bound(USERS, 12_800.0), Bound(TOKENS, 8000.0))),
    "misuse: one at a time in each worker": ("misuse", (Bound(USERS, 12_800.0), Bound(ONE, 200.0))),
}


@pytest.mark.parametrize(("variant", "expected"), WAITING.values(), ids=WAITING)
def test_what_waits_for_10_ms_is_bound_by_users_threads_or_the_loop(
    variant: str, expected: tuple[Bound, ...]
) -> None:
    found = bounds(variant, 128, alone_s=0.01, held_s=0.01, waits=True, workers=2, tokens=80)
    assert [(each.law, pytest.approx(each.rps)) for each in found] == [(b.law, b.rps) for b in expected]


def test_what_computes_holds_a_worker_however_it_is_written() -> None:
    for variant in ("async", "sync"):
        found = bounds(variant, 8, alone_s=0.002, held_s=0.001, waits=False, workers=1, tokens=40)
        assert [(each.law, pytest.approx(each.rps)) for each in found] == [(USERS, 4000), (ONE, 1000)]


def test_a_server_that_does_not_tell_its_threads_is_bound_by_its_users_alone() -> None:
    found = bounds("sync", 8, alone_s=0.01, held_s=0.01, waits=True, workers=1, tokens=None)
    assert [each.law for each in found] == [USERS]


def by_place(records: tuple[Record, ...]) -> dict[tuple[str, int], Plateau]:
    (ladder,) = ladders(gather(records))
    return {(one.variant, one.users): one for one in plateaus(ladder)}


def test_io_is_held_against_what_10_ms_allow() -> None:
    found = by_place(io_records())
    assert (found["async", 8].least.law, found["async", 8].least.rps) == (USERS, pytest.approx(800))
    assert found["async", 8].share == pytest.approx(780 / 800)
    assert found["async", 8].met
    assert found["async", 8].why == ""
    assert (found["sync", 128].least.law, found["sync", 128].least.rps) == (TOKENS, pytest.approx(4000))
    assert (found["misuse", 8].least.law, found["misuse", 8].met) == (ONE, True)
    assert found["misuse", 8].least.rps == pytest.approx(100)


@pytest.mark.parametrize(
    ("rps", "met"),
    [(681.0, True), (679.0, False), (919.0, True), (921.0, False)],
    ids=["85 %", "a little less", "115 %", "a little more"],
)
def test_a_plateau_is_met_within_15_percent_of_it(rps: float, met: bool) -> None:
    """Of the 800 requests/s that 8 users can have who wait for 10 ms."""
    found = replace(by_place(io_records())["async", 8], measured=Estimate(rps, rps, rps, 3))
    assert found.least.rps == pytest.approx(800)
    assert (found.met, found.why == "") == (met, met)


def test_a_plateau_that_is_not_met_says_why() -> None:
    unmet = by_place(io_records())["sync", 128]
    assert (unmet.share, unmet.met) == (pytest.approx(0.25), False)
    assert unmet.why == "a request took 128 ms, 0.080 ms of it CPU time"


def test_a_server_without_cpu_left_cannot_meet_its_plateau() -> None:
    records = tuple(
        busy(one, 0.98)
        if one.cell.scenario == "io-sync" and one.cell.load == cells("x", 128, 1)[0].cell.load
        else one
        for one in io_records()
    )
    why = by_place(records)["sync", 128].why
    assert why.startswith("the server used 98% of 1 core")
    assert why.endswith("80.0 µs of CPU a request allow 12,500 req/s a core")


def test_what_works_is_measured_at_1_user() -> None:
    """Alone it answers in 2 ms, 1 ms of which is CPU time: 8 users could have 4000, one core has 1000."""
    rows = [("cpu-async", 1, 500.0), ("cpu-async", 8, 950.0), ("cpu-sync", 1, 480.0), ("cpu-sync", 8, 700.0)]
    records = [
        one for name, users, rate in rows for one in cells(name, users, rate, rate, p50=2.0, cpu_us=1000.0)
    ]
    found = by_place(tuple(records))
    assert set(found) == {("async", 8), ("sync", 8)}
    assert [(each.law, pytest.approx(each.rps)) for each in found["async", 8].bounds] == [
        (USERS, 4000),
        (ONE, 1000),
    ]
    assert found["async", 8].met
    assert not found["sync", 8].met
