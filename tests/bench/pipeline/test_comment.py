"""The text of a comment: one gate, several, and more than a comment holds."""

from __future__ import annotations

from itertools import permutations

import pytest

from bench.pipeline.comment import GateReport, ReportOutcome, compose, exit_status, gravest_outcome, marker

GRAVEST_FIRST: tuple[ReportOutcome, ...] = (
    "regressed",
    "failed",
    "inconclusive",
    "improved",
    "no change",
    "measured",
)


def report(outcome: ReportOutcome, name: str = "exact", body: str = "") -> GateReport:
    return GateReport(
        name=name, outcome=outcome, headline=f"{outcome}: all", body=body or f"# {outcome}\n\nrows\n"
    )


@pytest.mark.parametrize("pair", list(permutations(GRAVEST_FIRST, 2)))
def test_the_gravest_of_two_decides(pair: tuple[ReportOutcome, ReportOutcome]) -> None:
    expected = next(one for one in GRAVEST_FIRST if one in pair)
    assert gravest_outcome([report(one) for one in pair]) == expected


def test_the_statuses_are_those_of_a_gate() -> None:
    assert [exit_status(one, "fail") for one in GRAVEST_FIRST] == [1, 2, 3, 0, 0, 0]
    assert [exit_status(one, "pass") for one in GRAVEST_FIRST] == [1, 2, 0, 0, 0, 0]


def test_one_gate_stands_as_it_is_behind_the_marker() -> None:
    text = compose(
        [report("regressed", body="# 🔴 regressed: a\n\n## instructions\n\n| a |\n")], "mine", "foot"
    )
    assert text == (f"{marker('mine')}\n\n# 🔴 regressed: a\n\n## instructions\n\n| a |\n\n<sub>foot</sub>\n")


def test_several_have_an_overview_and_a_section_each() -> None:
    lines = compose([report("no change"), report("regressed", "ab")], "k").splitlines()
    headings = [line for line in lines if line.startswith("#")]
    assert headings == ["# 🔴 regressed", "## no change", "## regressed"]
    assert lines[0] == marker("k")
    assert [line.split("|")[1].strip() for line in lines if line.startswith("| ")] == [
        "gate",
        "---",
        "exact",
        "ab",
    ]


def test_keys_tell_comments_apart() -> None:
    assert marker("a") != marker("ab")
    assert not compose([report("measured")], "ab").startswith(marker("a"))


def test_a_text_that_is_too_long_ends_with_a_whole_line_and_says_so() -> None:
    body = "# slow\n" + ("ä" * 99 + "\n") * 999
    text = compose([report("regressed", body=body)], "k", "foot")
    lines = text.splitlines()
    assert 59_000 < len(text) <= 60_000
    assert lines[-1] == "<sub>foot</sub>"
    assert "artifacts" in lines[-3]
    assert set(lines[3:-4]) == {"ä" * 99}
