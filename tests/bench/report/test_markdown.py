"""The Markdown of a report, read by a Markdown parser where its meaning counts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from bench.cli._contents import contents
from bench.model.record import Caveat, Run
from bench.report.markdown import plain, render, render_table
from bench.report.page import Page, page
from bench.results.findings.finding import Finding
from bench.results.results import understand
from bench.stats.table import Column, Row, Table, label
from tests.bench.builders import charts_of, realistic, record, run
from tests.bench.results.test_errors import FAILED

READER = MarkdownIt("commonmark").enable("table")


def page_of(some: Run) -> Page:
    return page(some, contents(understand(some)))


def markdown(some: Run) -> str:
    return render(page_of(some), charts_of(some))


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


@pytest.mark.parametrize("body", ["plain", "```\n# no heading\n```", "`", "````` and ```"])
def test_what_failed_is_a_block_of_code_whatever_it_holds(body: str) -> None:
    failing = replace(record(), failed=(replace(FAILED, body=body),), server_log=body)
    blocks = [token.content for token in READER.parse(markdown(run(failing))) if token.type == "fence"]
    assert blocks == [f"{FAILED.sent}\n\n{FAILED.head}\n\n{body}\n", f"{body}\n"]


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
    text = markdown(told)
    tables = [block for block in text.split("\n\n") if block.startswith("| ")]
    assert len(tables) == 4
    for table in tables:
        rows = cells_of(table)
        assert len(rows) == len(table.splitlines()) - 1
        assert {len(row) for row in rows} == {len(rows[0])}


def test_a_report_has_its_parts_in_order() -> None:
    told = realistic()
    text = markdown(told)
    heads = [line for line in text.splitlines() if line.startswith(("# ", "## "))]
    assert heads == [
        "# 2026-11-24-default",
        "## Findings",
        "## Summary",
        "## Setups ranked per scenario",
        "## The same work, done differently",
        "## Workers",
        "## Charts",
        "## Caveats",
        "## Failures",
        "## Machine",
    ]
    assert f"1. **{plain(page_of(realistic()).findings[0].title)}.**" in text
    assert "- granian-2, the whole round, repeat 2: the server did not answer" in text


# --- caveats -------------------------------------------------------------------------------------


def lines_of(some: Run) -> list[str]:
    return markdown(some).splitlines()


def test_a_finding_names_its_caveats_each_once() -> None:
    doubts = (Caveat("lag", "1 ms"), Caveat("lag", "2 ms"), Caveat("steal", "3 %"))
    whole = page_of(run(record()))
    finding = Finding(
        topic="topic", title="A title", text="A text.", figures=("a figure",), chart="", caveats=doubts
    )
    text = render(replace(whole, findings=(finding,)), ())
    assert "1. **A title.** A text.\n   - a figure\n   - caveats: lag, steal\n" in text
    calm = render(replace(whole, findings=(replace(finding, caveats=()),)), ())
    assert "   - caveats" not in calm


def test_every_finding_of_a_report_has_the_caveats_of_its_cells() -> None:
    whole = page_of(realistic())
    text = render(whole, ())
    doubted = [finding for finding in whole.findings if finding.caveats]
    assert len(doubted) >= 2
    for finding in doubted:
        block = text.partition(plain(finding.title))[2].partition("\n\n")[0]
        codes = dict.fromkeys(caveat.code for caveat in finding.caveats)
        assert f"   - caveats: {', '.join(codes)}" in block.splitlines()


def test_each_caveat_is_explained_once_with_the_cells_it_is_about() -> None:
    lag, steal = Caveat("lag", "1 ms late"), Caveat("steal", "3 % taken")
    lines = lines_of(run(record("a", caveats=(lag,)), record("b", caveats=(lag, steal)), record("c")))
    assert [line for line in lines if line.startswith("- **")] == [
        "- **lag** 1 ms late (a / noop-async / native / 32 users; b / noop-async / native / 32 users)",
        "- **steal** 3 % taken (b / noop-async / native / 32 users)",
    ]


def test_sixty_cells_with_one_caveat_have_one_line_of_a_sane_length() -> None:
    """A note that says something of the whole run stands neither in rows nor in findings."""
    note = Caveat("unchecked", "GET / has no check: only its status was looked at")
    many = run(
        *(
            record(f"setup-{at:02}", throughput=1000 + at, repeat=repeat, caveats=(note,))
            for at in range(20)
            for repeat in range(3)
        )
    )
    said = [line for line in lines_of(many) if "unchecked" in line]
    assert said == [
        f"In every cell, unchecked: {note.text}.",
        f"- **unchecked** {note.text} (every record)",
    ]


def test_a_doubt_in_every_record_is_explained_once_and_stays_in_the_rows() -> None:
    lag = Caveat("lag", "1 ms late")
    lines = lines_of(run(record("a", caveats=(lag,)), record("b", caveats=(lag,))))
    assert "- **lag** 1 ms late (every record)" in lines
    assert len([line for line in lines if line.startswith("| ") and line.endswith("| lag |")]) == 4
