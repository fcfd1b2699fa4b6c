from __future__ import annotations

from dataclasses import replace

from bench.results.cells import gather
from bench.results.study.ladder import ladders
from bench.stats.metrics import THROUGHPUT
from tests.bench.builders import OPEN, record
from tests.bench.results.study.made import cells, io_records, load


def test_twins_stand_side_by_side_at_each_number_of_users() -> None:
    (ladder,) = ladders(gather(io_records()))
    assert (ladder.setup, ladder.group, ladder.variants) == ("uvicorn", "io", ("async", "sync", "misuse"))
    assert {users: tuple(found) for users, found in ladder.levels.items()} == {
        1: ("async", "sync", "misuse"),
        8: ("async", "sync", "misuse"),
        128: ("async", "sync"),
    }
    assert ladder.tall
    assert list(ladder.ratios("sync", "async", THROUGHPUT)) == [1, 8, 128]
    assert round(ladder.ratios("sync", "async", THROUGHPUT)[128].comparison.ratio, 6) == 3
    assert ladder.work == "I/O of 10 ms"


def test_the_misuse_of_the_database_is_a_twin_of_its_orm() -> None:
    records = [
        one for name in ("db-orm-async", "db-orm-sync", "db-orm-misuse") for one in cells(name, 8, 10, 11)
    ]
    (ladder,) = ladders(gather(records))
    assert (ladder.group, ladder.variants) == ("db-orm", ("async", "sync", "misuse"))
    assert not ladder.tall


def test_the_reference_is_held_against_what_it_meets_most_often() -> None:
    """By name `dict` comes before `orjson`, but it was measured at one level only."""
    rows = [("json-dict", 32), *((f"json-{way}", users) for way in ("model", "orjson") for users in (1, 32))]
    (ladder,) = ladders(gather([one for name, users in rows for one in cells(name, users, 10, 11)]))
    assert ladder.variants == ("model", "dict", "orjson")
    assert ladder.pair == ("model", "orjson")
    assert ladder.tall


def test_of_loads_with_as_many_users_the_one_of_most_variants_is_taken() -> None:
    brief = [
        replace(one, cell=replace(one.cell, load=replace(one.cell.load, duration_s=9.0)))
        for one in io_records()[:3]
    ]
    (ladder,) = ladders(gather([*brief, *io_records()]))
    assert {cell.load.duration_s for found in ladder.levels.values() for cell in found.values()} == {1.0}
    assert len(ladder.levels) == 3


def test_more_users_may_have_another_load_otherwise() -> None:
    alone = [one for one in io_records() if one.cell.load == load(1)]
    records = [replace(one, cell=replace(one.cell, load=load(512, 3.0))) for one in alone]
    (ladder,) = ladders(gather([*records, *io_records()]))
    assert list(ladder.levels) == [1, 8, 128, 512]


def test_what_is_no_set_of_twins_in_a_closed_loop_makes_no_ladder() -> None:
    alone = cells("io-async", 8, 10)
    unlike = [*cells("items-list", 8, 10), *cells("items-crud", 8, 10)]
    opened = [record("uvicorn", name, load=OPEN) for name in ("io-async", "io-sync")]
    assert ladders(gather([*alone, *unlike])) == ()
    assert ladders(gather(opened)) == ()
