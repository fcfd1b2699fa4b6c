from __future__ import annotations

import json

import pytest

from bench.history.report import ADVICE, build_history, render_json, render_text
from tests.bench.history.entries import HERE, THERE, commit, entry, history

STEP = [1.0, 1.01, 0.99, 1.0, 1.01, 0.99] * 2 + [1.2, 1.21, 1.19, 1.2, 1.21, 1.19] * 2


# --- text ----------------------------------------------------------------------------------------


def test_the_table_shows_the_last_figure_and_its_changes() -> None:
    words = render_text(build_history(history(STEP)))
    (row,) = [line.split() for line in words.splitlines() if line.startswith("uvicorn / noop-async ")]
    assert row[3:] == ["cpu", "1.19", "~", "24", "0000000000", "+20.0", "%"]
    assert "a machine, against anchor / ping / native, 32 users" in words
    assert "\n2026-11-13  0000000000  subject 12\n    uvicorn / noop-async: cpu +20.0 %, worse\n" in words


def test_the_last_figure_is_compared_with_those_before_it() -> None:
    def change(values: list[float]) -> str:
        words = render_text(build_history(history(values)))
        (row,) = [line.split() for line in words.splitlines() if line.startswith("uvicorn / noop-async ")]
        return row[5]

    assert [change(values) for values in ([1.0], [1.0, 1.5], [1.0, 1.0, 1.5])] == ["–", "~", "+50.0"]


def test_caveats_of_the_last_figure_are_marked() -> None:
    words = render_text(build_history((entry(0, caveats=("steal",)), entry(1, caveats=("other-load",)))))
    assert "Caveats: a other-load." in words
    assert "steal" not in words


def test_text_and_json_say_how_often_noise_has_change_points() -> None:
    for words in (
        render_text(build_history(history([1.0]))),
        render_json(build_history(history([1.0]))),
    ):
        assert "3 % where neighbours are alike (AR(1) of 0.3 and of 0.6)" in " ".join(words.split())
    assert ADVICE.startswith("Change points are advice, not verdicts")
    assert "None was found." in render_text(build_history(history([1.0])))


def test_packages_that_changed_with_a_level_are_named() -> None:
    entries = tuple(
        entry(day, value, versions={"uvicorn": "0.54.0" if day < 12 else "0.55.0"})
        for day, value in enumerate(STEP)
    )
    assert "    package: uvicorn 0.54.0 → 0.55.0\n" in render_text(build_history(entries))


# --- JSON ----------------------------------------------------------------------------------------


def test_json_holds_every_point_and_change() -> None:
    (line,) = json.loads(render_json(build_history(history(STEP))))["lines"]
    assert [point["value"] for point in line["points"]] == STEP
    assert line["points"][0] == {
        "hash": commit(0).hash,
        "subject": "subject 0",
        "date": commit(0).date,
        "dirty": False,
        "value": 1.0,
        "low": 0.99,
        "high": 1.01,
        "n": 3,
        "caveats": [],
    }
    (change,) = line["change_points"]
    assert (change["commit"], change["worse"], change["packages"]) == (commit(12).hash, True, [])
    assert change["ratio"] == pytest.approx(1.2)
    assert (line["name"], line["metric"], line["higher_is_worse"]) == ("uvicorn / noop-async", "cpu", True)
    assert line["machine"] == {"fingerprint": HERE.fingerprint, "about": HERE.about}


def test_a_change_names_its_machine_where_there_are_several() -> None:
    both = (*history(STEP), *history([2.0] * 24, machine=THERE))
    assert f"uvicorn / noop-async: cpu on {HERE.fingerprint} +20.0 %, worse" in render_text(
        build_history(both)
    )
