from __future__ import annotations

import json
import re

import pytest

from bench.gates.output.judgement import markdown, render
from bench.model.change import Change, Judgement

SLOWER = Change(
    "noop",
    "instructions",
    "regressed",
    base=1000.0,
    head=1005.1,
    ratio=1.0051,
    low=1.005,
    high=1.0052,
    mde=0.002,
    why=("f: +51",),
)
SAME = Change(
    "json",
    "instructions",
    "no change",
    base=2000.0,
    head=2000.0,
    ratio=1.0,
    low=0.9999,
    high=1.0001,
    mde=0.002,
)
NEW = Change("fresh", "instructions", "inconclusive", head=70.0, why=("missing in base",))
JUDGEMENT = Judgement("base and head", (SAME, SLOWER, NEW), ("A note.",))


def test_text_gives_the_verdict_then_the_table_then_the_reasons() -> None:
    assert render(JUDGEMENT, "text") == (
        "regressed: noop +0.51 %\n"
        "\n"
        "base and head\n"
        "\n"
        "name    base   head  difference          interval  found from  verdict\n"
        "-----  -----  -----  ----------  ----------------  ----------  ------------\n"
        "json   2,000  2,000     +0.00 %  -0.01 to +0.01 %      0.20 %  no change\n"
        "noop   1,000  1,005     +0.51 %  +0.50 to +0.52 %      0.20 %  regressed\n"
        "fresh            70                                            inconclusive\n"
        "\n"
        "A note.\n"
        "\n"
        "noop:\n"
        "    f: +51\n"
        "\n"
        "fresh:\n"
        "    missing in base\n"
    )


def test_markdown_starts_with_the_verdict() -> None:
    assert render(JUDGEMENT, "markdown") == (
        "# 🔴 regressed: noop +0.51 %\n"
        "\n"
        "## base and head\n"
        "\n"
        "| name | forest | base | head | difference | interval | found from | verdict |\n"
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |\n"
        "| json | `··········●··········` | 2,000 | 2,000 | +0.00\u00a0% | -0.01\u00a0to\u00a0+0.01\u00a0% "
        "| 0.20\u00a0% | no change |\n"
        "| noop | `··········│·········■` | 1,000 | 1,005 | +0.51\u00a0% | +0.50\u00a0to\u00a0+0.52\u00a0% "
        "| 0.20\u00a0% | regressed |\n"
        "| fresh |  |  | 70 |  |  |  | inconclusive |\n"
        "\n"
        "Forest: ├ ┤ interval, ░ too small to matter, ■ regressed, ◊ improved, ● no change, ○ inconclusive, "
        "◄ ► further out.\n"
        "\n"
        "A note.\n"
        "\n"
        "**noop**\n"
        "\n"
        "- f: +51\n"
        "\n"
        "**fresh**\n"
        "\n"
        "- missing in base\n"
    )


def test_markdown_shows_a_picture_that_lies_beside_it() -> None:
    lines = markdown(JUDGEMENT, "my verdict").splitlines()
    assert lines[2:5] == ["![How head differs from base](my%20verdict.svg)", "", "[As PNG](my%20verdict.png)"]


@pytest.mark.parametrize(
    ("same", "before", "inside"),
    [
        pytest.param(8, ["json"] * 8 + ["noop"], [], id="eight are shown"),
        pytest.param(9, ["noop"], ["json"] * 9, id="nine are folded away"),
    ],
)
def test_markdown_folds_many_rows_without_a_change(same: int, before: list[str], inside: list[str]) -> None:
    shown, _, folded = render(Judgement("t", (*[SAME] * same, SLOWER)), "markdown").partition("<details>")
    assert (_names(shown), _names(folded)) == (before, inside)
    assert folded.count("</details>") == bool(inside)
    assert not inside or "<summary>no change in 9 of 10</summary>\n\n|" in folded


def _names(markdown: str) -> list[str]:
    return re.findall(r"^\| (json|noop) ", markdown, re.MULTILINE)


def test_markdown_explains_ten_and_counts_the_rest() -> None:
    told = render(Judgement("t", (SLOWER,) * 12), "markdown")
    assert told.count("- f: +51") == 10
    assert "Reasons for 2 more are in the text and the JSON." in told


def test_json_holds_the_fields_that_gates_share() -> None:
    said = json.loads(render(JUDGEMENT, "json"))
    assert said["verdict"] == "regressed"
    keys = ("name", "metric", "verdict", "ratio", "low", "high", "mde")
    assert [tuple(row[key] for key in keys) for row in said["rows"]] == [
        ("json", "instructions", "no change", 1.0, 0.9999, 1.0001, 0.002),
        ("noop", "instructions", "regressed", 1.0051, 1.005, 1.0052, 0.002),
        ("fresh", "instructions", "inconclusive", None, None, None, None),
    ]


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        pytest.param((SAME,), "no change in 1 of 1", id="all well"),
        pytest.param(
            (Change("a", "instructions", None, head=5.0),),
            "measured, with nothing to compare with",
            id="no base",
        ),
        pytest.param((SAME, NEW), "inconclusive: fresh", id="without a ratio"),
    ],
)
def test_the_first_line_says_it_all(changes: tuple[Change, ...], first: str) -> None:
    assert render(Judgement("t", changes), "text").splitlines()[0] == first


def test_without_a_base_the_table_holds_one_figure() -> None:
    text = render(Judgement("t", (Change("a", "instructions", None, head=1234.0, mde=0.004),)), "text")
    assert "a           1,234      0.40 %" in text


def test_several_metrics_have_a_column_and_figures_their_units() -> None:
    cpu = Change(
        "noop",
        "cpu",
        "regressed",
        base=40.4,
        head=41.61,
        ratio=1.03,
        low=1.02,
        high=1.04,
        mde=0.015,
        why=("seen twice",),
        unit="µs",
    )
    p99 = Change("noop", "p99", "inconclusive", base=0.5, head=0.0049, ratio=0.0098, unit="ms")
    errors = Change("noop", "errors", "no change", base=0.0, head=0.0)
    text = render(Judgement("t", (cpu, p99, errors)), "text")
    assert text == (
        "regressed: noop cpu +3.00 %\n"
        "\n"
        "t\n"
        "\n"
        "name  metric     base       head  difference          interval  found from  verdict\n"
        "----  ------  -------  ---------  ----------  ----------------  ----------  ------------\n"
        "noop  cpu     40.4 µs    41.6 µs     +3.00 %  +2.00 to +4.00 %      1.50 %  regressed\n"
        "noop  p99     0.50 ms  0.0049 ms    -99.02 %                                inconclusive\n"
        "noop  errors        0          0                                            no change\n"
        "\n"
        "noop cpu:\n"
        "    seen twice\n"
    )


def test_the_headline_names_three_and_counts_the_rest() -> None:
    slower = tuple(Change(name, "cpu", "regressed", ratio=1.1) for name in "abcde")
    first = render(Judgement("t", slower), "text").splitlines()[0]
    assert first == "regressed: a +10.00 %, b +10.00 %, c +10.00 %, and 2 more"


def test_what_stays_open_beside_the_gates_own_metrics_is_no_headline() -> None:
    beside = Change("noop", "p99", "inconclusive", ratio=1.1, beside=True)
    first = render(Judgement("t", (SAME, beside)), "text").splitlines()[0]
    assert first == "no change in 1 of 2"
    first = render(Judgement("t", (NEW, beside)), "text").splitlines()[0]
    assert first == "inconclusive: fresh instructions"
