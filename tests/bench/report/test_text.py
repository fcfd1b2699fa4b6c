from __future__ import annotations

from bench.model.record import Caveat
from bench.report.text import render
from bench.stats.table import Column, Row, Table, label

COLUMNS = (label("setup"), Column("throughput", "req/s"))


def test_a_table_in_columns_with_sections_marks_and_notes() -> None:
    rows = (
        Row(("uvicorn", "9,165"), "native", (Caveat("lag", "1 ms"),)),
        Row(("h", "33"), "native", (Caveat("steal", "3 %"), Caveat("lag", "2 ms")), invalid=True),
        Row(("uvicorn", "1"), "locust"),
    )
    assert render(Table("Summary", COLUMNS, rows, ("Medians.",))) == (
        "Summary\n"
        "\n"
        "setup    throughput  caveats\n"
        "              req/s\n"
        "-------  ----------  -------\n"
        "native\n"
        "uvicorn       9,165  a\n"
        "h                33  ! b a\n"
        "\n"
        "locust\n"
        "uvicorn           1\n"
        "\n"
        "Caveats: ! invalid, never ranked, a lag, b steal.\n"
        "Medians.\n"
    )


def test_a_table_without_doubts_has_no_column_for_them() -> None:
    assert render(Table("T", (label("a"),), (Row(("x",)),))) == "T\n\na\n-\nx\n"


def test_an_empty_table_says_so() -> None:
    assert render(Table("T", COLUMNS, ())) == "T\n\nNothing was measured.\n"


def test_long_notes_are_wrapped_and_no_line_has_blanks_at_its_end() -> None:
    text = render(Table("T", COLUMNS, (Row(("a", "1")),), ("word " * 60,)))
    lines = text.splitlines()
    assert max(map(len, lines)) <= 100
    assert [line for line in lines if line != line.rstrip()] == []
    assert text.count("word") == 60
