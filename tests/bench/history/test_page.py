from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser

import pytest

from bench.history.entry import Entry, Machine
from bench.history.page import render
from bench.history.report import ADVICE, build_history
from tests.bench.history.entries import HERE, THERE, commit, entry, history

STEP = [1.0, 1.01, 0.99, 1.0, 1.01, 0.99] * 2 + [1.2, 1.21, 1.19, 1.2, 1.21, 1.19] * 2

HOSTILE = """<script>alert("1")</script>' onload='x' "quoted" & &amp; {{ 1 }}"""


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
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _ in attrs)))
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
    return Seen(render(build_history(entries), address))


def test_a_page_is_whole_and_needs_nothing_else() -> None:
    seen = page(
        (*history(STEP), *history(STEP, metric="p50"), *history(STEP, metric="instructions", anchor=None))
    )
    assert seen.open == []
    inside = {link[1:] for link in seen.links if link.startswith("#")}
    assert inside
    assert inside <= set(seen.ids)
    assert len(seen.ids) == len(set(seen.ids))
    assert {link for link in seen.links if not link.startswith("#")} == {
        address(commit(day).hash) for day in range(24)
    }


def test_without_an_address_no_commit_is_a_link() -> None:
    seen = Seen(render(build_history(history(STEP)), lambda commit: None))
    assert [link for link in seen.links if not link.startswith("#")] == []
    assert commit(12).short in seen.words


def test_metrics_of_one_measured_thing_share_a_section_and_counts_share_one() -> None:
    entries = (
        *history([1.0, 1.1]),
        *history([1.0, 1.1], metric="p50"),
        *history([9.0, 9.1], metric="instructions", anchor=None, name="noop"),
        *history([9.0, 9.1], metric="instructions", anchor=None, name="io"),
    )
    seen = page(entries)
    headings = [word for word in seen.words if word in ("uvicorn / noop-async", "Instructions per request")]
    assert headings == ["uvicorn / noop-async", "Instructions per request"]
    panels = [word for word in seen.words if word in ("cpu", "p50", "noop", "io")]
    assert panels == ["cpu", "p50", "noop", "io"]


def test_a_legend_names_several_machines() -> None:
    both = (*history([1.0, 1.1]), *history([2.0, 2.1], machine=THERE))
    assert [word in page(both).words for word in (f"({HERE.fingerprint})", f"({THERE.fingerprint})")] == [
        True,
        True,
    ]
    assert f"({HERE.fingerprint})" not in page(history([1.0, 1.1])).words


def test_words_of_others_are_escaped() -> None:
    machine = replace(HERE, about="<u>machine", fingerprint="<s>print")
    bad = tuple(
        replace(
            one,
            commit=replace(one.commit, subject="<i>subject"),
            run="<i>run",
            machine=machine,
            versions={"<i>package": str(place < 12)},
        )
        for place, one in enumerate(history(STEP, name="<i>name", anchor="<i>anchor", metric="<i>metric"))
    )
    both = (*bad, *history(STEP, name="<i>name", anchor="<i>anchor", metric="<i>metric"))
    text = render(build_history(both), lambda commit: 'https://example.org/"><i>')
    assert "package: &lt;i&gt;package" in text
    assert [tag for tag in ("<i", "<u>", "<s>") if tag in text] == []


@pytest.mark.parametrize(
    "place", ["subject", "run", "machine", "fingerprint", "name", "anchor", "metric", "package", "version"]
)
def test_a_word_of_others_makes_no_tag_and_no_attribute(place: str) -> None:
    def read(word: str) -> Seen:
        words = dict.fromkeys(("subject", "run", "machine", "name", "anchor", "metric"), "plain")
        words |= {"fingerprint": "aaaa", "package": "plain", "version": "1"} | {place: word}
        entries = tuple(
            replace(
                one,
                commit=replace(one.commit, subject=words["subject"]),
                run=words["run"],
                machine=Machine(words["fingerprint"], words["machine"]),
                versions={words["package"]: words["version"] if at < 12 else "2"},
            )
            for at, one in enumerate(
                history(STEP, name=words["name"], anchor=words["anchor"], metric=words["metric"])
            )
        )
        others = history(
            STEP, machine=THERE, name=words["name"], anchor=words["anchor"], metric=words["metric"]
        )
        return Seen(render(build_history((*entries, *others)), address))

    plain, hostile = read("plain"), read(HOSTILE)
    assert hostile.tags == plain.tags
    assert any(HOSTILE in word for word in hostile.words)


def test_a_link_to_a_commit_cannot_leave_its_attribute() -> None:
    hostile = f"https://example.org/{HOSTILE}"
    seen = Seen(render(build_history(history(STEP)), lambda commit: hostile))
    assert {link for link in seen.links if not link.startswith("#")} == {hostile}
    assert {names for tag, names in seen.tags if tag == "a"} == {("href",), ("class", "href")}


def test_the_page_has_the_advice_and_the_packages_that_changed() -> None:
    entries = tuple(
        entry(day, value, versions={"uvicorn": "0.54.0" if day < 12 else "0.55.0"})
        for day, value in enumerate(STEP)
    )
    assert ADVICE in page(entries).words
    assert "package: uvicorn 0.54.0 → 0.55.0" in page(entries).words
