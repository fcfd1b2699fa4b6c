from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from bench.model.plan import Setup
from bench.model.record import Caveat, Latency, Record, StageSummary
from bench.results import tables as tables
from bench.results.results import Results
from bench.results.tables import stage_table
from bench.stats.table import Table
from tests.bench.builders import OPEN, record, repeats, results
from tests.bench.results.rounds import in_slices, reach, three_rounds


def column(table: Table, name: str, unit: str | None = None) -> list[str]:
    (place,) = [
        at for at, found in enumerate(table.columns) if found.name == name and unit in (None, found.unit)
    ]
    return [row.entries[place] for row in table.rows]


def ranked(*records: Sequence[Record], name: str = "verdict") -> dict[str, str]:
    table = tables.ranking(results(*[one for some in records for one in some]))
    return dict(zip(column(table, "setup"), column(table, name), strict=True))


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


def test_setups_stand_by_their_ratio_to_the_best_with_its_interval() -> None:
    """Half of the best, in rounds whose logarithms are 0.01 apart: 0.5 times exp(±0.0248)."""
    found = ranked(three_rounds("half", 50, 0.01), three_rounds("best", 100), name="to best")
    low, high = 0.5 * math.exp(-reach(0.01)), 0.5 * math.exp(reach(0.01))
    assert list(found.items()) == [
        ("best", "1.00 (1.00 to 1.00)"),
        ("half", f"0.50 ({low:.2f} to {high:.2f})"),
    ]
    assert found["half"] == "0.50 (0.49 to 0.51)"


def test_a_setup_is_best_worse_or_the_same() -> None:
    found = ranked(
        three_rounds("a", 100),
        three_rounds("b", 99.5, 0.0001),
        three_rounds("c", 90, 0.001),
        three_rounds("d", 40),
    )
    assert found == {"a": "best", "b": "same", "c": "worse", "d": "worse"}


def test_what_is_unresolved_says_how_long_a_run_would_settle_it() -> None:
    """Rounds of 84 s: t over their root falls from 2.484 with 3 to 0.715 with 10 and 0.333 with 37.

    The reach of 0.0645 must fall to 2 %, that of 0.0745 to the distance of 0.99 from 1.
    """
    assert ranked(three_rounds("a", 100), three_rounds("b", 99, 0.03)) == {
        "a": "unresolved (about 14 min)",
        "b": "unresolved (about 52 min)",
    }


def test_a_run_that_has_not_ended_says_no_length() -> None:
    made = results(*three_rounds("a", 100), *three_rounds("b", 99, 0.03), took_s=None)
    assert column(tables.ranking(made), "verdict") == ["unresolved", "unresolved"]


def test_an_invalid_setup_is_never_ranked_and_displaces_nobody() -> None:
    found = ranked(three_rounds("fast", 900, valid=False), three_rounds("a", 100), three_rounds("b", 50))
    assert list(found.items()) == [("a", "best"), ("b", "worse"), ("fast", "–")]


def test_one_invalid_repeat_is_enough_to_lose_the_rank() -> None:
    mixed = (record("a", throughput=900, repeat=0), record("a", throughput=910, repeat=1, valid=False))
    assert ranked(mixed, three_rounds("b", 50), three_rounds("c", 40)) == {
        "b": "best",
        "c": "worse",
        "a": "–",
    }


def test_a_single_round_settles_nothing() -> None:
    table = tables.ranking(results(record("a", throughput=100), record("b", throughput=1)))
    assert column(table, "verdict") == ["unresolved", "unresolved"]
    assert column(table, "to best") == ["1.00", "0.010"]
    assert tables.SINGLE in table.notes


def test_open_loads_rank_by_p99_as_their_rate_is_given() -> None:
    def cell(setup: str, throughput: float, p99: float) -> tuple[Record, ...]:
        return three_rounds(setup, throughput, load=OPEN, p99=p99)

    found = tables.ranking(results(*cell("a", 401, 9), *cell("b", 399, 4), *cell("c", 400, 6)))
    assert column(found, "setup") == ["b", "c", "a"]
    assert column(found, "verdict") == ["best", "worse", "worse"]
    assert column(found, "to best") == ["1.00 (1.00 to 1.00)", "1.50 (1.50 to 1.50)", "2.25 (2.25 to 2.25)"]


def test_cpu_time_has_a_ranking_of_its_own() -> None:
    """A setup whose CPU time was not measured has none, and takes none from the others."""
    made = (
        three_rounds("fast", 100, cpu_us=120.0),
        three_rounds("lean", 50, cpu_us=80.0),
        three_rounds("blind", 40, cpu_us=None),
    )
    assert ranked(*made, name="CPU verdict") == {"fast": "worse", "lean": "best", "blind": "–"}
    assert ranked(*made, name="CPU to best")["fast"] == "1.50 (1.50 to 1.50)"


def test_slices_of_one_rotation_are_compared_with_each_other() -> None:
    """The machine halves its speed in the second rotation; b serves 0.8 times a's requests all along."""
    pace = (1.0, 0.5, 1.0, 0.9)
    made = [
        in_slices(record(setup, throughput=999, repeat=at), [rps * one for one in pace])
        for at in range(3)
        for setup, rps in (("a", 1000.0), ("b", 800.0))
    ]
    table = tables.ranking(results(*made))
    assert column(table, "to best") == ["1.00 (1.00 to 1.00)", "0.80 (0.80 to 0.80)"]


def test_only_a_run_with_slices_says_what_slices_do_to_figures() -> None:
    sliced = [in_slices(record(repeat=at), [1000.0, 900.0]) for at in range(2)]
    assert {tables.METHOD, tables.ABSOLUTES} <= set(tables.summary(results(*sliced)).notes)
    assert not {tables.METHOD, tables.ABSOLUTES} & set(tables.summary(results(*three_rounds("a", 1))).notes)


def test_a_scenario_with_one_setup_has_no_ranking() -> None:
    table = tables.ranking(results(*repeats("a", "noop-async", 1, 2), *repeats("b", "io-async", 1, 2)))
    assert (table.rows, table.notes) == ((), ())


# --- twins ---------------------------------------------------------------------------


def test_twins_are_compared_with_their_reference() -> None:
    table = tables.twin_table(
        results(
            *three_rounds("uvicorn", 90, scenario="io-misuse", victim_p99=330.0, cpu_us=160.0),
            *three_rounds("uvicorn", 3100, 0.2, scenario="io-sync"),
            *three_rounds("uvicorn", 3000, scenario="io-async", victim_p99=2.5),
            *repeats("uvicorn", "items-crud", 5, 6),
        )
    )
    assert column(table, "variant") == ["io-async", "io-sync", "io-misuse"]
    verdicts = [verdict.partition(" ")[0] for verdict in column(table, "verdict")]
    assert verdicts == ["", "unresolved", "worse"]
    assert column(table, "to reference")[2] == "0.030 (0.030 to 0.030)"
    assert column(table, "CPU to reference") == ["", "1.00 (1.00 to 1.00)", "2.00 (2.00 to 2.00)"]
    assert column(table, "CPU verdict") == ["", "same", "worse"]
    assert column(table, "victim p99") == ["2.50", "–", "330"]
    assert {row.section for row in table.rows} == {"io: uvicorn, native, 32 users"}


def test_a_variant_that_is_invalid_is_not_compared() -> None:
    table = tables.twin_table(
        results(
            *three_rounds("uvicorn", 3000, scenario="io-async"),
            *three_rounds("uvicorn", 2000, scenario="io-sync", valid=False),
        )
    )
    assert column(table, "to reference") == ["", "–"]


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


def test_servers_that_ran_already_are_not_said_to_be_fresh() -> None:
    sliced = [in_slices(record("shop", repeat=at), [1000.0, 900.0]) for at in range(2)]
    running = (Setup("shop", "running", address="http://127.0.0.1:8000"),)
    notes = tables.summary(results(*sliced, setups=running)).notes
    assert tables.METHOD_ATTACHED in notes
    assert tables.METHOD not in notes
