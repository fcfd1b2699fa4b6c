"""In-process and HTTP, joined: the made-up benchmarks are in whole microseconds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.model.plan import Setup
from bench.results.cells import gather
from bench.results.micro import Benchmark
from bench.results.results import understand
from bench.results.study.costs import Parts, RequestCost, costs, split
from bench.results.study.ladder import ladders
from tests.bench.builders import run
from tests.bench.results.study.made import cells, endpoint, micro

PLAIN = Setup("uvicorn", "uvicorn")


def joined(
    *names: str, setup: Setup = PLAIN, users: int = 1, p50: float = 1.0, more: tuple[Benchmark, ...] = ()
) -> dict[str, RequestCost]:
    records = [one for name in names for one in cells(name, users, 9, 9, p50=p50, setup=setup.name)]
    made = run(*records, setups=(setup,))
    return {one.cell.scenario: one for one in costs(understand(made, micro(*more)), ladders(gather(records)))}


def us(parts: Parts) -> tuple[float, float, float]:
    return tuple(round(part_s * 1e6, 6) for part_s in (parts.framework_s, parts.hop_s, parts.work_s))  # type: ignore[return-value]


def test_nothing_is_all_framework_and_in_a_thread_all_hop() -> None:
    """110 and 360 µs, less the 10 that asking costs; of 1000 over HTTP the rest is the server's."""
    found = joined("noop-async", "noop-sync")
    assert us(found["noop-async"].parts) == (100, 0, 0)
    assert us(found["noop-sync"].parts) == (100, 250, 0)
    assert found["noop-async"].server_s == pytest.approx(900e-6)
    assert found["noop-sync"].server_s == pytest.approx(650e-6)


def test_the_work_is_what_is_left_without_framework_and_hop() -> None:
    more = (
        endpoint("io-async", 810),
        endpoint("io-sync", 860),
        endpoint("io-offload", 790),
        endpoint("io-misuse", 510),
    )
    found = joined("io-async", "io-sync", "io-offload", "io-misuse", more=more)
    assert us(found["io-async"].parts) == (100, 0, 700)
    assert us(found["io-sync"].parts) == (100, 250, 500)
    assert us(found["io-offload"].parts) == (100, 80, 600)
    assert us(found["io-misuse"].parts) == (100, 0, 400)


def test_a_setup_is_joined_with_benchmarks_of_its_loop_and_database() -> None:
    wrong = (endpoint("db-orm-async", 10_000), endpoint("db-orm-async", 20_000, "postgres", concurrency=50))
    right = (endpoint("db-orm-async", 610, "postgres"), endpoint("db-orm-sync", 960, "postgres"))
    postgres = Setup("pg", "uvicorn", services=("postgres",))
    found = joined("db-orm-async", "db-orm-sync", setup=postgres, more=(*wrong, *right))
    assert us(found["db-orm-async"].parts) == (100, 0, 500)
    assert us(found["db-orm-sync"].parts) == (100, 250, 600)
    assert joined("noop-async", "noop-sync", setup=Setup("other", "uvicorn", loop="asyncio")) == {}


def test_what_was_not_measured_both_ways_is_not_joined() -> None:
    assert joined("cpu-async", "cpu-sync") == {}
    assert joined("noop-async", "noop-sync", users=8) == {}


def test_a_call_that_takes_longer_than_http_leaves_nothing_for_the_server() -> None:
    assert joined("noop-async", "noop-sync", p50=0.05)["noop-async"].server_s == 0


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=50, derandomize=True)
def test_the_parts_make_the_whole_and_none_is_negative(
    whole_s: float, framework_s: float, hop_s: float
) -> None:
    parts = split(whole_s, framework_s, hop_s)
    assert parts.whole_s == pytest.approx(whole_s)
    assert min(parts.framework_s, parts.hop_s, parts.work_s) >= 0
