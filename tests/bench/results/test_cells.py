from __future__ import annotations

import pytest

from bench.model.plan import ClosedLoad, OpenLoad
from bench.model.record import Caveat
from bench.results.cells import across, by_context, by_place, gather, peak, twins
from bench.stats.estimate import Estimate, geometric_mean
from bench.stats.metrics import CPU, MEMORY, THROUGHPUT, VICTIM_P99
from tests.bench.builders import CLOSED, OPEN, record, repeats


def test_records_of_one_cell_come_together_in_the_order_of_their_repeats() -> None:
    records = [record(throughput=10.0 * number, repeat=number) for number in (2, 0, 1)]
    (cell,) = gather(records)
    assert [found.cell.repeat for found in cell.records] == [0, 1, 2]
    assert cell.estimate(THROUGHPUT) == Estimate(10.0, 0.0, 20.0, 3)


def test_another_setup_scenario_engine_or_load_is_another_cell() -> None:
    others = [
        record(),
        record("granian-1"),
        record(scenario="io-async"),
        record(engine="locust"),
        record(load=OPEN),
        record(load=ClosedLoad(32, 9.0)),
    ]
    assert len(gather(others)) == len(others)
    assert gather([]) == ()


def test_cells_are_ordered_native_first_closed_first_small_loads_first() -> None:
    records = [
        record(engine="locust"),
        record(load=OpenLoad(50, 3.0)),
        record(load=ClosedLoad(64, 3.0)),
        record(scenario="noop-sync"),
        record("granian-1"),
        record(scenario="io-misuse"),
        record(scenario="io-async"),
        record(),
    ]
    assert [(cell.engine, cell.load.label, cell.scenario, cell.setup) for cell in gather(records)] == [
        ("native", "32 users", "io-async", "uvicorn"),
        ("native", "32 users", "io-misuse", "uvicorn"),
        ("native", "32 users", "noop-async", "granian-1"),
        ("native", "32 users", "noop-async", "uvicorn"),
        ("native", "32 users", "noop-sync", "uvicorn"),
        ("native", "64 users", "noop-async", "uvicorn"),
        ("native", "50 arrivals/s", "noop-async", "uvicorn"),
        ("locust", "32 users", "noop-async", "uvicorn"),
    ]


def test_a_load_is_named_with_its_duration_only_where_two_would_read_the_same() -> None:
    records = [record(), record(load=ClosedLoad(32, 9.0)), record(load=OPEN)]
    assert [cell.where for cell in gather(records)] == [
        "native, 32 users for 3 s",
        "native, 32 users for 9 s",
        "native, 400 arrivals/s",
    ]


def test_one_invalid_repeat_makes_the_cell_invalid() -> None:
    good = gather([record(repeat=0), record(repeat=1)])[0]
    bad = gather([record(repeat=0), record(repeat=1, valid=False)])[0]
    assert (good.valid, bad.valid) == (True, False)


def test_an_invalid_cell_is_compared_with_nothing() -> None:
    good = gather(repeats("a", "noop-async", 10, 11))[0]
    bad = gather(repeats("b", "noop-async", 20, 21, valid=False))[0]
    better = gather(repeats("c", "noop-async", 20, 22))[0]
    assert bad.against(good, THROUGHPUT) is None
    assert good.against(bad, THROUGHPUT) is None
    found = better.against(good, THROUGHPUT)
    assert found is not None
    assert (found.ratio, found.low, found.high, found.rounds) == pytest.approx((2.0, 2.0, 2.0, 2))
    assert better.against(good, VICTIM_P99) is None, "not measured"


def test_caveats_of_all_repeats_once_by_code() -> None:
    one, two = Caveat("steal", "3 %"), Caveat("lag", "2 ms")
    cell = gather([record(caveats=(one,)), record(repeat=1, caveats=(one, two))])[0]
    assert cell.caveats == (two, one)
    assert cell.codes == ("lag", "steal")


def test_group_and_variant_are_split_at_the_last_hyphen() -> None:
    cells = {
        cell.scenario: cell for cell in gather([record(scenario=name) for name in ("db-orm-async", "ping")])
    }
    assert (cells["db-orm-async"].group, cells["db-orm-async"].variant) == ("db-orm", "async")
    assert (cells["ping"].group, cells["ping"].variant) == ("ping", "ping")


def test_across_merges_the_repeats_that_all_cells_have() -> None:
    one = gather(repeats("a", "noop-async", 2, 8, 100))[0]
    two = gather(repeats("a", "db-orm-async", 8, 2))[0]
    assert across([one, two], THROUGHPUT, geometric_mean) == Estimate(4.0, 4.0, 4.0, 2)
    assert across([one, two], THROUGHPUT, peak) == Estimate(8.0, 8.0, 8.0, 2)
    assert across([], THROUGHPUT, peak) is None


def test_across_needs_every_figure_for_a_mean_and_any_for_a_peak() -> None:
    one = gather([record(cpu_us=None, rss=4_000_000)])[0]
    two = gather([record(scenario="io-async", cpu_us=50.0, rss=0)])[0]
    assert across([one, two], CPU, geometric_mean) is None
    assert across([one, two], MEMORY, peak) == Estimate(4.0, 4.0, 4.0, 1)


def test_setups_are_compared_within_a_context_and_scenarios_within_a_place() -> None:
    cells = gather([record(), record("granian-1"), record(scenario="io-async"), record(load=OPEN)])
    assert {key: len(found) for key, found in by_context(cells).items()} == {
        ("noop-async", "native", CLOSED): 2,
        ("io-async", "native", CLOSED): 1,
        ("noop-async", "native", OPEN): 1,
    }
    assert {key: len(found) for key, found in by_place(cells).items()} == {
        ("uvicorn", "native", CLOSED): 2,
        ("granian-1", "native", CLOSED): 1,
        ("uvicorn", "native", OPEN): 1,
    }


def twin_names(*scenarios: str) -> list[list[str]]:
    return [
        [cell.scenario for cell in found]
        for found in twins(gather([record(scenario=name) for name in scenarios]))
    ]


def test_twins_stand_with_their_reference_first() -> None:
    assert twin_names("io-misuse", "io-sync", "io-offload", "io-async", "json-orjson", "json-model") == [
        ["io-async", "io-sync", "io-offload", "io-misuse"],
        ["json-model", "json-orjson"],
    ]


def test_different_work_is_no_set_of_twins() -> None:
    assert twin_names("items-list", "items-crud", "io-async", "db-orm-sync", "db-core-misuse") == []


def test_twins_share_setup_engine_and_load() -> None:
    cells = gather(
        [
            record(),
            record("granian-1", "noop-sync"),
            record(scenario="noop-sync", engine="locust"),
            record(scenario="noop-sync", load=OPEN),
        ]
    )
    assert twins(cells) == ()
