"""Rules besides the ladders': more threads, and twins at a fixed rate."""

from __future__ import annotations

from tests.bench.builders import OPEN, repeats
from tests.bench.results.study.made import cells, io_records
from tests.bench.results.study.making import GROWS, made, of


def test_threads_are_compared_where_only_their_number_differs() -> None:
    few = cells("io-sync", 128, 400, 404, 396, setup="few", tokens=10)
    rule = of("I/O of 10 ms in def: 40 threads rather than 10", made(io_records(), few))
    assert rule.figure == "I/O of 10 ms at 128 users: 2.50 × the requests"
    assert rule.records == "uvicorn, few: io-sync; native, 128 users; 3 rounds"


def test_workers_are_no_threads() -> None:
    two = cells("io-sync", 128, 2000, 2010, 1990, setup="uvicorn-2", tokens=40, workers=(1, 1))
    assert not [rule for rule in made(io_records(), two) if "threads" in rule.advice]


def test_twins_at_a_fixed_rate_are_held_against_the_reference() -> None:
    late = repeats("uvicorn", "io-misuse", 60, 60, load=OPEN, p99=60.0, victim_p99=40.0)
    soon = repeats("uvicorn", "io-async", 60, 60, load=OPEN, p99=12.0, victim_p99=2.0)
    found = made(late, soon)
    assert [rule.figure for rule in found] == [
        "I/O of 10 ms at 400 arrivals/s: misuse 5.00 × the response at p99 of async",
        "I/O of 10 ms at 400 arrivals/s: misuse 20.0 × the wait of a bystander at p99 of async",
    ]
    assert found[0].advice == "I/O of 10 ms at a fixed rate: misuse makes the response at p99 longer"
    assert found[0].records == "uvicorn: io-misuse, io-async; native, 400 arrivals/s; 2 rounds"


def test_at_a_fixed_rate_a_wait_that_grew_has_no_ratio() -> None:
    late = repeats("uvicorn", "io-misuse", 60, 60, load=OPEN, p99=60.0, victim_p99=1820.0, caveats=GROWS)
    soon = repeats("uvicorn", "io-async", 60, 60, load=OPEN, p99=12.0, victim_p99=2.0)
    assert made(late, soon)[1].figure == (
        "I/O of 10 ms at 400 arrivals/s: at p99 a bystander waits at least 1,820 ms next to io-misuse, "
        "2.00 ms next to io-async"
    )
