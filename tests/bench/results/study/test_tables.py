"""The tables of the study."""

from __future__ import annotations

from bench.results.results import understand
from bench.results.study import study_of
from bench.results.study.tables import claim_table, cost_table, plateau_table, ratio_table, rule_table
from tests.bench.results.study.made import cells, io_run, micro


def test_tables_say_what_was_found_and_how_to_read_it() -> None:
    study = study_of(understand(io_run(*cells("noop-async", 1, 9, 9), *cells("noop-sync", 1, 9, 9)), micro()))
    assert study is not None
    rules = rule_table(study.rules)
    assert [name for name, _ in rules.sections] == ["Settled by this run"]
    (verdict,) = claim_table(study.claims).rows
    assert verdict.entries[:2] == ("I/O belongs in async def: it serves more than def", "borne out")
    levels = ratio_table(ladder for ladder in study.ladders if ladder.tall)
    assert [row.entries[:3] for row in levels.rows] == [
        ("1", "98.0", "97.0"),
        ("8", "780", "780"),
        ("128", "3,000", "1,000"),
    ]
    assert [row.entries[3].endswith("~") for row in levels.rows] == [True, True, False]
    (plateau,) = [row for row in plateau_table(study.plateaus).rows if row.entries[:2] == ("sync", "128")]
    assert plateau.entries[2:6] == ("workers × tokens / t", "4,000", "1,000", "25")
    cost = cost_table(study.costs).rows[0]
    assert cost.entries == ("noop-async", "100", "–", "–", "100", "1,900", "2,000")
