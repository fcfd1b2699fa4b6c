"""The Markdown of a report, read by a Markdown parser where its meaning counts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bench.model import Caveat
from bench.report.markdown import plain, render, render_table
from bench.report.page import page
from bench.report.plots import charts
from bench.table import Column, Row, Table, label
from tests.bench.builders import realistic

READER = MarkdownIt("commonmark").enable("table")


def words_of(markdown: str) -> str:
    """What a reader sees, when nothing but words is in it."""
    tokens = READER.parse(markdown)
    return "".join(child.content for token in tokens for child in token.children or [])


def kinds_of(markdown: str) -> set[str]:
    return {child.type for token in READER.parse(markdown) for child in token.children or []}


def cells_of(markdown: str) -> list[list[str]]:
    rows: list[list[str]] = []
    for token in READER.parse(markdown):
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline" and rows:
            rows[-1].append("".join(child.content for child in token.children or []))
    return rows


@pytest.mark.parametrize(
    "words",
    [
        "<script>alert(1)</script>",
        "a*b*c",
        "_a_",
        "`x`",
        "[a](b)",
        "a|b",
        "~~a~~",
        "# a",
        "\\*a\\*",
        "![a](b)",
        "~",
    ],
    ids=str,
)
def test_signs_of_markdown_are_shown_and_not_obeyed(words: str) -> None:
    assert words_of("x " + plain(words)) == "x " + words
    assert "html_inline" not in kinds_of("x " + plain(words))


@settings(max_examples=100, derandomize=True, deadline=None)
@given(st.text(alphabet="ab\\`*_[]<>|#~!()\n \t", max_size=20))
def test_any_words_stay_words_in_a_table_cell(words: str) -> None:
    table = Table("T", (label("a"), Column("b")), (Row((words, "1")),))
    assert cells_of(render_table(table))[1:] == [[" ".join(words.split()), "1"]]


def test_a_table_with_units_alignment_sections_and_doubts() -> None:
    rows = (
        Row(("a|b", "9"), "native", (Caveat("lag", "1 ms"),), invalid=True),
        Row(("c", "8"), "native"),
    )
    assert render_table(
        Table("Summary", (label("setup"), Column("rate", "req/s")), rows, ("~ is no evidence.",))
    ) == (
        "## Summary\n"
        "\n"
        "| setup | rate (req/s) | caveats |\n"
        "| --- | ---: | --- |\n"
        "| **native** |  |  |\n"
        "| a\\|b | 9 | invalid, lag |\n"
        "| c | 8 |  |\n"
        "\n"
        "\\~ is no evidence."
    )


def test_every_table_of_a_report_has_all_cells_in_every_row() -> None:
    told = realistic()
    text = render(page(told), charts(told))
    tables = [block for block in text.split("\n\n") if block.startswith("| ")]
    assert len(tables) == 4
    for table in tables:
        rows = cells_of(table)
        assert len(rows) == len(table.splitlines()) - 1
        assert {len(row) for row in rows} == {len(rows[0])}


def test_a_report_has_its_parts_in_order() -> None:
    told = realistic()
    text = render(page(told), charts(told))
    heads = [line for line in text.splitlines() if line.startswith(("# ", "## "))]
    assert heads == [
        "# 2026-11-24-default", "## Findings", "## Summary", "## Setups ranked per scenario",
        "## The same work, done differently", "## Workers", "## Charts", "## Caveats", "## Failures", "## Machine",
    ]  # fmt: skip
    assert "1. **Best setups here: granian-1, uvicorn, uvicorn-2 and gunicorn-1.**" in text
    assert "- granian-2, the whole round, repeat 2: the server did not answer" in text
