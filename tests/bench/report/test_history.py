from __future__ import annotations

import json
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from bench.history.entry import Entry
from bench.report.history import ADVICE, as_json, history, html, text
from tests.bench.history.entries import HERE, THERE, commit, entry
from tests.bench.history.entries import history as made

STEP = [1.0, 1.01, 0.99, 1.0, 1.01, 0.99] * 2 + [1.2, 1.21, 1.19, 1.2, 1.21, 1.19] * 2


def address(commit: str) -> str:
    return f"https://example.org/commit/{commit}"


class Seen(HTMLParser):
    """The ids, links and words of a page, and the tags that are open at its end."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value or "" for key, value in attrs if key == "id"]
        self.links += [value or "" for key, value in attrs if key in ("href", "src")]
        if tag not in ("meta", "line", "polygon", "polyline"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("line", "polygon", "polyline"):
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


def page(entries: tuple[Entry, ...]) -> Seen:
    return Seen(html(history(entries), address))


# --- text ----------------------------------------------------------------------------------------


def test_the_table_says_how_each_figure_stands() -> None:
    said = text(history(made(STEP)))
    (row,) = [line.split() for line in said.splitlines() if line.startswith("uvicorn / noop-async ")]
    assert row[3:] == ["cpu", "1.19", "~", "24", "0000000000", "+20.0", "%"]
    assert "a machine, against anchor / ping / native, 32 users" in said
    assert "\n2026-11-13  0000000000  subject 12\n    uvicorn / noop-async: cpu +20.0 %, worse\n" in said


def test_a_last_figure_apart_from_those_before_it_is_told_and_none_before_it_too() -> None:
    def change(values: list[float]) -> str:
        said = text(history(made(values)))
        (row,) = [line.split() for line in said.splitlines() if line.startswith("uvicorn / noop-async ")]
        return row[5]

    assert [change(values) for values in ([1.0], [1.0, 1.005], [1.0, 1.5])] == ["–", "~", "+50.0"]


def test_doubts_of_the_last_figure_are_marked() -> None:
    said = text(history((entry(0, caveats=("steal",)), entry(1, caveats=("other-load",)))))
    assert "Caveats: a other-load." in said
    assert "steal" not in said


def test_it_is_said_that_change_points_are_advice_and_how_often_noise_has_some() -> None:
    for said in (
        text(history(made([1.0]))),
        as_json(history(made([1.0]))),
        html(history(made([1.0])), address),
    ):
        assert "4 % (a bell curve) to 11 % (heavy tails)" in " ".join(said.split())
    assert ADVICE.startswith("Change points are advice, not verdicts")
    assert "None was found." in text(history(made([1.0])))


def test_packages_that_changed_with_a_level_are_named() -> None:
    entries = tuple(
        entry(day, value, versions={"uvicorn": "0.54.0" if day < 12 else "0.55.0"})
        for day, value in enumerate(STEP)
    )
    assert "    package: uvicorn 0.54.0 → 0.55.0\n" in text(history(entries))
    assert "package: uvicorn 0.54.0 → 0.55.0" in page(entries).words


# --- JSON ----------------------------------------------------------------------------------------


def test_json_holds_every_point_and_change() -> None:
    (line,) = json.loads(as_json(history(made(STEP))))["lines"]
    assert [point["value"] for point in line["points"]] == STEP
    assert line["points"][0] == {
        "hash": commit(0).hash, "subject": "subject 0", "date": commit(0).date, "dirty": False,
        "value": 1.0, "low": 0.99, "high": 1.01, "n": 3, "caveats": [],
    }  # fmt: skip
    (change,) = line["change_points"]
    assert (change["commit"], change["worse"], change["packages"]) == (commit(12).hash, True, [])
    assert change["ratio"] == pytest.approx(1.2)
    assert (line["name"], line["metric"], line["higher_is_worse"]) == ("uvicorn / noop-async", "cpu", True)
    assert line["machine"] == {"fingerprint": HERE.fingerprint, "about": HERE.about}


# --- the page ------------------------------------------------------------------------------------


def test_a_page_is_whole_and_needs_nothing_else() -> None:
    seen = page((*made(STEP), *made(STEP, metric="p50"), *made(STEP, metric="instructions", anchor=None)))
    assert seen.open == []
    inside = {link[1:] for link in seen.links if link.startswith("#")}
    assert inside
    assert inside <= set(seen.ids)
    assert len(seen.ids) == len(set(seen.ids))
    assert {link for link in seen.links if not link.startswith("#")} == {
        address(commit(day).hash) for day in range(24)
    }


def test_without_an_address_no_commit_is_a_link() -> None:
    seen = Seen(html(history(made(STEP)), lambda commit: None))
    assert [link for link in seen.links if not link.startswith("#")] == []
    assert commit(12).short in seen.words


def test_metrics_of_one_thing_stand_together_and_counts_too() -> None:
    entries = (
        *made([1.0, 1.1]), *made([1.0, 1.1], metric="p50"),
        *made([9.0, 9.1], metric="instructions", anchor=None, name="noop"),
        *made([9.0, 9.1], metric="instructions", anchor=None, name="io"),
    )  # fmt: skip
    seen = page(entries)
    headings = [word for word in seen.words if word in ("uvicorn / noop-async", "Instructions per request")]
    assert headings == ["uvicorn / noop-async", "Instructions per request"]
    panels = [word for word in seen.words if word in ("cpu", "p50", "noop", "io")]
    assert panels == ["cpu", "p50", "noop", "io"]


def test_several_machines_are_told_apart_by_a_legend() -> None:
    both = (*made([1.0, 1.1]), *made([2.0, 2.1], machine=THERE))
    assert [word in page(both).words for word in (f"({HERE.fingerprint})", f"({THERE.fingerprint})")] == [
        True,
        True,
    ]
    assert f"({HERE.fingerprint})" not in page(made([1.0, 1.1])).words


def test_a_change_names_its_machine_where_there_are_several() -> None:
    both = (*made(STEP), *made([2.0] * 24, machine=THERE))
    assert f"uvicorn / noop-async: cpu on {HERE.fingerprint} +20.0 %, worse" in text(history(both))


def test_words_of_others_are_only_words() -> None:
    bad = replace(
        entry(0, name="<b>name"), commit=replace(commit(0), subject="<script>"), run="<i>run",
        machine=replace(HERE, about="<u>machine"),
    )  # fmt: skip
    said = html(history((bad,)), lambda commit: 'https://example.org/"><script>')
    assert [tag for tag in ("<b>name", "<script>", "<i>run", "<u>machine") if tag in said] == []
