from __future__ import annotations

from bench.model.record import Record
from tests.bench.results.study.made import cells, io_records
from tests.bench.results.study.making import GROWS, made, of


def test_a_rule_has_its_strongest_figure_and_says_where_it_comes_from() -> None:
    rule = of("I/O of 10 ms: write it async def", made(io_records()))
    assert rule.shown
    assert rule.figure == "I/O of 10 ms at 128 users: async 3.00 × the requests of sync"
    assert rule.records == "uvicorn: io-async, io-sync; native, 128 users; 3 rounds"
    assert rule.ratios[0].text.startswith("3.00 ×")


def test_of_several_levels_the_strongest_is_told() -> None:
    rows = [
        ("cpu-async", 8, 200.0),
        ("cpu-sync", 8, 100.0),
        ("cpu-async", 32, 400.0),
        ("cpu-sync", 32, 100.0),
    ]
    found = made(*[cells(name, users, rate, rate, rate) for name, users, rate in rows])
    figure = of("1 ms of Python: write it async def", found).figure
    assert figure == "1 ms of Python at 32 users: async 4.00 × the requests of sync"


def test_blocking_the_loop_costs_requests_and_makes_others_wait() -> None:
    found = made(io_records())
    loss = of("I/O of 10 ms: never block the event loop", found)
    assert loss.figure == "I/O of 10 ms at 8 users: misuse 0.13 × the requests of async"
    wait = of("I/O of 10 ms: who blocks the loop makes all others wait", found)
    assert wait.figure == "I/O of 10 ms at 1 user: misuse 45.0 × the wait of a bystander at p99 of async"


def test_what_the_repeats_do_not_bear_out_is_said_plainly_and_last() -> None:
    level = [*cells("cpu-async", 8, 100, 110, 120), *cells("cpu-sync", 8, 105, 115, 99)]
    found = made(io_records(), tuple(level))
    rule = of("1 ms of Python: async def or def", found)
    assert not rule.shown
    assert rule.figure.startswith("1 ms of Python at 8 users: async 1.03 × the requests of sync")
    assert [rule.shown for rule in found] == sorted((rule.shown for rule in found), reverse=True)


def test_two_that_change_places_give_a_rule_each_and_the_place() -> None:
    """Twice as much at 8 users, half as much at 32: at 16 they are even."""
    rows = [
        ("cpu-async", 8, 200.0),
        ("cpu-sync", 8, 100.0),
        ("cpu-async", 32, 100.0),
        ("cpu-sync", 32, 200.0),
    ]
    found = made(*[cells(name, users, rate, rate, rate) for name, users, rate in rows])
    assert of("1 ms of Python: write it async def", found).figure.startswith(
        "1 ms of Python at 8 users: async 2.00 ×"
    )
    assert of("1 ms of Python: write it def", found).figure.startswith(
        "1 ms of Python at 32 users: async 0.50 ×"
    )
    place = of("1 ms of Python: async and sync change places", found)
    assert place.figure == "at about 16 users"
    assert place.records == "uvicorn: cpu-async, cpu-sync; native, 8 and 32 users; 3 rounds"


def test_a_group_on_two_setups_names_them() -> None:
    def on(setup: str) -> tuple[Record, ...]:
        return (*cells("cpu-async", 8, 9, 9, setup=setup), *cells("cpu-sync", 8, 3, 3, setup=setup))

    figures = [
        rule.figure for rule in made(on("uvicorn"), on("uvicorn-postgres")) if "write it" in rule.advice
    ]
    assert sorted(figures) == [
        "1 ms of Python at 8 users, uvicorn-postgres: async 3.00 × the requests of sync",
        "1 ms of Python at 8 users, uvicorn: async 3.00 × the requests of sync",
    ]


def test_a_bystander_whose_wait_grew_with_the_cell_has_no_ratio() -> None:
    calm = cells("io-async", 8, 780, 784, victim_p99=2.0)
    grown = cells("io-misuse", 8, 98, 97, victim_p99=1820.0, caveats=GROWS)
    rule = of("I/O of 10 ms: who blocks the loop makes all others wait", made(calm, grown))
    assert rule.shown
    assert rule.figure == (
        "I/O of 10 ms at 8 users: at p99 a bystander waits at least 1,820 ms next to io-misuse, "
        "2.00 ms next to io-async"
    )
    assert rule.ratios[0].text == "–"


def test_of_several_levels_one_whose_wait_did_not_grow_is_told() -> None:
    """Its ratio is a third of the other's, but it is one."""
    calm = [cells("io-async", users, 780, 784, victim_p99=2.0) for users in (1, 8)]
    still = cells("io-misuse", 1, 98, 97, victim_p99=300.0)
    grown = cells("io-misuse", 8, 98, 97, victim_p99=900.0, caveats=GROWS)
    rule = of("I/O of 10 ms: who blocks the loop makes all others wait", made(*calm, still, grown))
    assert rule.figure == "I/O of 10 ms at 1 user: misuse 150 × the wait of a bystander at p99 of async"


def test_waits_that_grew_and_show_nothing_have_no_ratio_either() -> None:
    """The ranges of the repeats overlap."""

    def level(scenario: str, *waits: float) -> tuple[Record, ...]:
        rows = [
            cells(scenario, 8, 780, 784, victim_p99=wait, caveats=GROWS)[at] for at, wait in enumerate(waits)
        ]
        return tuple(rows)

    found = made(level("io-async", 900.0, 1100.0), level("io-sync", 1000.0, 1050.0))
    rule = of("I/O of 10 ms: which of them spares others", found)
    assert not rule.shown
    assert "×" not in rule.figure
    assert "for as long as the cells lasted" in rule.figure
