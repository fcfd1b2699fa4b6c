"""A history in a comment: which lines, in which order, and other JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bench.errors import UsageError
from bench.pipeline.past import render_past


def line(name: str, ratio: float | None = None, latest: object = None, commits: int = 3) -> dict[str, Any]:
    change: dict[str, object] = {"commit": "feedbeefcafe", "ratio": ratio, "worse": True, "packages": []}
    return {
        "name": name,
        "metric": "instructions",
        "points": [{"hash": str(place)} for place in range(commits)],
        "change_points": [change] if ratio else [],
        "latest": latest,
    }


def rows(*lines: dict[str, Any]) -> list[list[str]]:
    text = render_past(json.dumps({"lines": lines, "notes": []}), "h.json")
    return [
        [entry.strip() for entry in row.strip("|").split("|")]
        for row in text.splitlines()
        if row.startswith("|")
    ][2:]


def test_lines_whose_level_changed_come_first_with_the_last_change() -> None:
    calm = line("calm", latest={"ratio": 1.001, "low": None, "high": None, "shown": False})
    moved = line("moved", 1.05, {"ratio": 1.02, "low": 1.01, "high": 1.03, "shown": True})
    assert rows(calm, moved) == [
        ["moved", "instructions", "3", "+5.00 %", "feedbeefca", "+2.00 %"],
        ["calm", "instructions", "3", "–", "", "\\~"],
    ]


def test_it_is_folded_and_counts_each_commit_once() -> None:
    text = render_past(json.dumps({"lines": [line("a"), line("b", commits=5)]}), "h.json")
    assert text.startswith("<details><summary>History of the default branch: 5 commits</summary>\n\n|")
    assert text.endswith("\n\n</details>")


def test_many_lines_are_cut_and_counted() -> None:
    text = render_past(json.dumps({"lines": [line(str(place)) for place in range(25)]}), "h.json")
    assert text.count("instructions") == 20
    assert "\n5 more " in text


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"lines": [1]}', '{"lines": [{}]}'])
def test_other_json_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(UsageError, match=r"h\.json"):
        render_past(text, "h.json")
