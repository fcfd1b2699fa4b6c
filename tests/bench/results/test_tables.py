from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from bench.model.record import Caveat, Latency, Record, StageSummary
from bench.results import tables as tables
from bench.results.cells import gather
from bench.results.results import Results
from bench.results.tables import rank, stage_table
from bench.stats.table import Table
from tests.bench.builders import OPEN, record, repeats, results


def column(table: Table, name: str, unit: str | None = None) -> list[str]:
    (place,) = [
        at for at, found in enumerate(table.columns) if found.name == name and unit in (None, found.unit)
    ]
    return [row.entries[place] for row in table.rows]


def ranks(*records: Sequence[Record]) -> dict[str, str]:
    table = tables.ranking(results(*[one for some in records for one in some]))
    return dict(zip(column(table, "setup"), column(table, "rank"), strict=True))


# --- summary -------------------------------------------------------------------------------------


def test_a_summary_row_has_the_medians_of_the_repeats() -> None:
    table = tables.summary(
        results(
            record(throughput=990, repeat=0, p50=2, p99=6, cpu_us=80, rss=90_000_000, errors=1),
            record(throughput=1000, repeat=1, p50=3, p99=7, cpu_us=90, rss=91_000_000, errors=2),
            record(throughput=1030, repeat=2, p50=4, p99=9, cpu_us=99, rss=95_000_000),
        )
    )
    assert [(found.name, found.unit) for found in table.columns] == [
        ("setup", ""),
        ("scenario", ""),
        ("throughput", "req/s"),
        ("range", "%"),
        ("p50", "ms"),
        ("p99", "ms"),
        ("CPU", "µs/req"),
        ("memory", "MB"),
        ("errors", ""),
    ]
    assert [row.entries for row in table.rows] == [
        ("uvicorn", "noop-async", "1,000", "4.0", "3.00", "7.00", "90.0", "91.0", "3")
    ]
    assert [row.section for row in table.rows] == ["native, 32 users"]


def test_the_summary_has_the_best_setup_first_and_invalid_ones_last() -> None:
    table = tables.summary(
        results(
            *repeats("slow", "noop-async", 10, 11),
            *repeats("fast", "noop-async", 30, 31),
            *repeats("wrong", "noop-async", 90, 91, valid=False, caveats=(Caveat("errors", "all"),)),
            *repeats("middling", "noop-async", 20, 21),
        )
    )
    assert column(table, "setup") == ["fast", "middling", "slow", "wrong"]
    assert [row.invalid for row in table.rows] == [False, False, False, True]
    assert table.rows[-1].codes == ("errors",)


def test_an_empty_run_has_an_empty_summary() -> None:
    assert tables.summary(results()).rows == ()
    assert tables.summary(results()).notes == ()


# --- p99 by time ---------------------------------------------------------------------------------


def headings(table: Table) -> list[str]:
    return [column.name for column in table.columns]


def test_p99_by_time_stands_next_to_p99_where_it_is_more_than_twice_as_long() -> None:
    """A freeze that 32 of 20,000 requests met: 1 % of them were slower than 0.21 ms, of their time than 700 ms."""
    table = tables.summary(
        results(
            record("frozen", throughput=900, p50=0.1, p99=0.21, p99_by_time=700.0),
            record("steady", throughput=800, p50=2.0, p99=6.0, p99_by_time=12.0),
        )
    )
    assert headings(table)[4:8] == ["p50", "p99", "p99 by time", "CPU"]
    assert column(table, "p99 by time", "ms") == ["700", ""]
    assert column(table, "CPU") == ["80.0", "80.0"]
    assert [note for note in table.notes if note.startswith("p99 by time")]


def test_p99_by_time_takes_no_room_where_it_says_nothing() -> None:
    for cells in (
        [record(p99=6.0, p99_by_time=12.0)],
        [record(p99=6.0)],
        [record(p99=6.0, p99_by_time=900.0, load=OPEN)],  # whose arrivals do not wait for the server
    ):
        table = tables.summary(results(*cells))
        assert "p99 by time" not in headings(table)
        assert not [note for note in table.notes if note.startswith("p99 by time")]


def test_p99_by_time_is_the_median_of_the_repeats() -> None:
    three = [
        record(repeat=at, p99=6.0, p99_by_time=by_time) for at, by_time in enumerate((8.0, 400.0, 500.0))
    ]
    assert column(tables.summary(results(*three)), "p99 by time") == ["400"]


@pytest.mark.parametrize("make", [tables.ranking, tables.twin_table])
def test_p99_by_time_stands_in_every_table_of_closed_loads(make: Callable[[Results], Table]) -> None:
    cells = [
        record(setup, scenario, p99=6.0, p99_by_time=by_time)
        for setup in ("a", "b")
        for scenario, by_time in (("io-async", 7.0), ("io-sync", 60.0))
    ]
    table = make(results(*cells))
    assert sorted(column(table, "p99 by time")) == ["", "", "60.0", "60.0"]
    assert {len(row.entries) for row in table.rows} == {len(table.columns)}
    assert [note for note in table.notes if note.startswith("p99 by time")]
    plain = make(
        results(*(replace(one, summary=replace(one.summary, time_weighted_ms=Latency())) for one in cells))
    )
    assert "p99 by time" not in headings(plain)


# --- ranking -------------------------------------------------------------------------------------


def test_setups_that_cannot_be_told_apart_share_a_rank() -> None:
    assert ranks(
        repeats("a", "noop-async", 100, 110, 120),
        repeats("b", "noop-async", 95, 105, 115),
        repeats("c", "noop-async", 80, 85, 90),
        repeats("d", "noop-async", 70, 75, 82),
        repeats("e", "noop-async", 10, 11, 12),
    ) == {"a": "1", "b": "1", "c": "3", "d": "3", "e": "5"}


def test_rows_stand_in_the_order_of_their_ranks() -> None:
    """b has the second median, but a is better than b alone: c, whose repeats reach further, shares a's rank."""
    found = ranks(
        repeats("a", "noop-async", 100, 100, 110),
        repeats("b", "noop-async", 90, 91, 92),
        repeats("c", "noop-async", 50, 80, 120),
    )
    assert list(found.items()) == [("a", "1"), ("c", "1"), ("b", "2")]


def test_a_rank_counts_only_who_is_better_by_evidence() -> None:
    """b overlaps with both a and c, which do not overlap."""
    assert ranks(
        repeats("a", "noop-async", 100, 110),
        repeats("b", "noop-async", 90, 105),
        repeats("c", "noop-async", 80, 95),
    ) == {"a": "1", "b": "1", "c": "2"}


def test_an_invalid_setup_is_never_ranked_and_displaces_nobody() -> None:
    assert ranks(
        repeats("fast", "noop-async", 900, 910, valid=False),
        repeats("a", "noop-async", 100, 110),
        repeats("b", "noop-async", 50, 55),
    ) == {"a": "1", "b": "2", "fast": "–"}


def test_one_invalid_repeat_is_enough_to_lose_the_rank() -> None:
    mixed = (record("a", throughput=900, repeat=0), record("a", throughput=910, repeat=1, valid=False))
    assert ranks(mixed, repeats("b", "noop-async", 50, 55), repeats("c", "noop-async", 40, 45)) == {
        "b": "1",
        "c": "2",
        "a": "–",
    }


def test_single_repeats_have_no_rank() -> None:
    assert ranks(repeats("a", "noop-async", 100), repeats("b", "noop-async", 1)) == {"a": "~", "b": "~"}
    assert rank(gather([record()]), gather([record()])[0]) is None


def test_open_loads_rank_by_p99_as_their_rate_is_given() -> None:
    def cell(setup: str, throughput: float, *p99s: float) -> list[Record]:
        return [
            record(setup, throughput=throughput, repeat=at, load=OPEN, p99=p99) for at, p99 in enumerate(p99s)
        ]

    found = tables.ranking(results(*cell("a", 401, 9, 10), *cell("b", 399, 4, 5), *cell("c", 400, 4.5, 6)))
    assert column(found, "setup") == ["b", "c", "a"]
    assert column(found, "rank") == ["1", "1", "3"]
    assert column(found, "to leader") == ["", "~", "2.11 ×"]


def test_the_ratio_to_the_leader_is_a_tilde_where_repeats_overlap() -> None:
    table = tables.ranking(
        results(
            *repeats("a", "noop-async", 100, 110, 120),
            *repeats("b", "noop-async", 95, 105, 115),
            *repeats("c", "noop-async", 54, 55, 56),
            *repeats("d", "noop-async", 999, 999, 999, valid=False),
        )
    )
    assert column(table, "to leader") == ["", "~", "0.50 ×", "–"]
    assert "one of 10 comparisons" in " ".join(table.notes)


def test_a_scenario_with_one_setup_has_no_ranking() -> None:
    table = tables.ranking(results(*repeats("a", "noop-async", 1, 2), *repeats("b", "io-async", 1, 2)))
    assert (table.rows, table.notes) == ((), ())


# --- twins ---------------------------------------------------------------------------


def test_twins_are_held_against_their_reference() -> None:
    table = tables.twin_table(
        results(
            *repeats("uvicorn", "io-misuse", 90, 95, victim_p99=330.0),
            *repeats("uvicorn", "io-sync", 1900, 3100),
            *repeats("uvicorn", "io-async", 3000, 3200, victim_p99=2.5),
            *repeats("uvicorn", "items-crud", 5, 6),
        )
    )
    assert column(table, "variant") == ["io-async", "io-sync", "io-misuse"]
    assert column(table, "to first") == ["", "~", "0.030 ×"]
    assert column(table, "victim p99") == ["2.50", "–", "330"]
    assert {row.section for row in table.rows} == {"io: uvicorn, native, 32 users"}


def test_a_victim_whose_time_grew_with_the_cell_has_a_floor() -> None:
    grown = (Caveat("victim-grows", "900 ms, then 2,700 ms"),)
    table = tables.twin_table(
        results(
            *repeats("uvicorn", "io-async", 3000, 3200, victim_p99=2.5),
            *repeats("uvicorn", "io-misuse", 90, 95, victim_p99=1820.0, caveats=grown),
        )
    )
    assert column(table, "victim p99") == ["2.50", "≥ 1,820"]
    assert column(table, "p99") == ["6.00", "6.00"]  # of the load itself, which is no victim
    assert any("≥" in note for note in table.notes)


# --- caveats -------------------------------------------------------------------------------------


def test_caveats_with_the_records_that_carry_them() -> None:
    steal, lag = Caveat("steal", "3 %"), Caveat("lag", "1 ms")
    one, two = record(caveats=(steal, lag)), record(repeat=1, caveats=(steal,))
    assert tables.caveats_of([one, two]) == ((lag, (one,)), (steal, (one, two)))


# --- stages --------------------------------------------------------------------------


def staged(repeat: int, *throughputs: float) -> Record:
    made = record(scenario="io-async", repeat=repeat)
    stages = tuple(
        StageSummary(
            t_s=place * 1.5,
            duration_s=1.5,
            level=8.0 * (place + 1),
            requests=100,
            errors=place,
            throughput_rps=rps,
            response_ms=Latency(p50=rps / 100, p99=rps / 10),
        )
        for place, rps in enumerate(throughputs)
    )
    return replace(made, summary=replace(made.summary, stages=stages))


def test_each_stage_of_a_changing_load_has_its_row() -> None:
    table = stage_table(results(staged(0, 100, 400), staged(1, 110, 380)))
    assert [row.entries for row in table.rows] == [
        ("1", "0", "1.5", "8.00", "105", "9.5", "1.05", "10.5", "0"),
        ("2", "1.5", "1.5", "16.0", "390", "5.1", "3.90", "39.0", "2"),
    ]
    assert {row.section for row in table.rows} == {"uvicorn, io-async: native, 32 users"}


def test_a_constant_load_has_no_stages() -> None:
    assert stage_table(results(record())).rows == ()
