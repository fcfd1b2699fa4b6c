"""Whole reports in a folder: the page as a browser sees it, the Markdown, and the pictures."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PIL import Image

from bench.model.facts import RunFacts, read_facts
from bench.model.plan import Setup
from bench.model.record import Caveat, Failure, Run
from tests.bench.builders import OPEN, facts, realistic, record, repeats, run
from tests.bench.builders import report as write_report
from tests.bench.results.rounds import in_slices

HOSTILE = """<script>alert("1")</script>'&|`*_--> $x^2$ ]]>"""
VOID = frozenset({"meta", "br", "hr", "img", "link", "input"})


class PageReader(HTMLParser):
    """Reads a page strictly: what is opened is closed, in turn."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.faults: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, str, str]] = []
        self.words: list[str] = []
        self.styles: list[str] = []
        self.feed(page)
        self.close()
        self.faults += [f"{tag} is never closed" for tag in self.open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._seen(tag, attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._seen(tag, attrs)

    def _seen(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        names = [name for name, _ in attrs]
        self.faults += [f"{tag} has {name} twice" for name, count in Counter(names).items() if count > 1]
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"line {self.getpos()[0]}: </{tag}> closes what is not open")

    def handle_data(self, data: str) -> None:
        (self.styles if self.open[-1:] == ["style"] else self.words).append(data)

    def values(self, *wanted: str) -> list[str]:
        return [value for _, name, value in self.attributes if name in wanted]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def hostile() -> Run:
    doubt = (Caveat(HOSTILE, HOSTILE),)
    records = [
        found
        for setup in ("uvicorn", HOSTILE)
        for scenario in ("io-async", "io-misuse", f"{HOSTILE}-async", f"{HOSTILE}-sync")
        for found in repeats(
            setup, scenario, 100, 110, caveats=doubt, victim_p99=3.0, workers=(3, 4), engine=HOSTILE
        )
    ]
    records.append(record(HOSTILE, valid=False, caveats=doubt))
    known = facts(Setup(HOSTILE, "uvicorn", env={HOSTILE: HOSTILE}), Setup("uvicorn", "uvicorn"))
    failures = (Failure(HOSTILE, 0, f"{HOSTILE}\n{HOSTILE}", HOSTILE),)
    return Run(HOSTILE, read_facts(known | {HOSTILE: HOSTILE}), tuple(records), failures)


RUNS: dict[str, Callable[[], Run]] = {
    "realistic": realistic,
    "hostile names everywhere": hostile,
    "nothing at all": lambda: Run("empty", RunFacts(), ()),
    "failures only": lambda: Run(
        "failed", read_facts(facts()), (), (Failure("uvicorn", 0, "no answer\nImportError"),)
    ),
    "interrupted": lambda: Run(
        "cut", read_facts(facts() | {"finished": False}), repeats("uvicorn", "noop-async", 9)
    ),
    "a single repeat": lambda: run(record("uvicorn"), record("granian-1", throughput=1500)),
    "nothing valid": lambda: run(record(valid=False), record("granian-1", valid=False)),
    "no figure but the throughput": lambda: run(
        record(p50=None, p99=None, cpu_us=None, rss=0, throughput=0.0)
    ),
    "slices": lambda: run(
        *(in_slices(record(name, repeat=at), [90.0, 100.0, 95.0]) for name in "ab" for at in range(3))
    ),
    "open loads only": lambda: run(*repeats("a", "io-async", 400, 401, load=OPEN)),
}


@pytest.fixture(scope="module", params=RUNS, ids=str)
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    folder = tmp_path_factory.mktemp("report")
    source: Run = RUNS[request.param]()
    assert write_report(source, folder) == folder / "report.html"
    return source, folder


@pytest.fixture(scope="module")
def page(report: tuple[Run, Path]) -> PageReader:
    return PageReader((report[1] / "report.html").read_text(encoding="utf-8"))


def test_the_page_is_well_formed(page: PageReader) -> None:
    assert page.faults == []
    assert [page.tags[tag] for tag in ("html", "head", "body", "h1", "main", "title")] == [1] * 6


def test_the_page_needs_nothing_from_outside(page: PageReader) -> None:
    forbidden = (
        "script",
        "link",
        "iframe",
        "img",
        "object",
        "embed",
        "base",
        "form",
        "foreignobject",
        "a:xlink",
    )
    assert [tag for tag in forbidden if page.tags[tag]] == []
    assert [
        value for value in page.values("href", "src", "xlink:href", "srcset") if not value.startswith("#")
    ] == []
    assert [name for _, name, _ in page.attributes if name.startswith(("on", "xmlns"))] == []
    everything = " ".join([value for _, _, value in page.attributes] + page.styles)
    assert re.findall(r"https?://|//\w|@import|javascript:", everything) == []
    assert [
        target for target in re.findall(r"url\(([^)]*)\)", everything) if not target.startswith("#")
    ] == []


def test_ids_are_unique_and_every_link_has_its_target(page: PageReader) -> None:
    ids = Counter(page.values("id"))
    assert [name for name, count in ids.items() if count > 1] == []
    targets = [value[1:] for value in page.values("href", "xlink:href")]
    targets += re.findall(r"url\(#([^)]*)\)", " ".join(page.values("style", "clip-path", "fill")))
    assert sorted(set(targets) - set(ids)) == []


def test_every_panel_is_a_drawing_with_a_name(report: tuple[Run, Path], page: PageReader) -> None:
    html = (report[1] / "report.html").read_text(encoding="utf-8")
    drawings = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    assert len(drawings) == page.tags["svg"]
    assert all(ElementTree.fromstring(drawing).get("aria-label") for drawing in drawings)


def test_every_chart_is_a_picture_that_the_markdown_shows(report: tuple[Run, Path], page: PageReader) -> None:
    folder = report[1]
    pictures = sorted(path.name for path in (folder / "charts").iterdir())
    shown = re.findall(r"!\[[^\]]*\]\(charts/([^)]*)\)", (folder / "report.md").read_text(encoding="utf-8"))
    assert sorted(shown) == pictures
    charts = [
        value.removeprefix("chart-") for value in page.values("id") if re.fullmatch(r"chart-[a-z]+", value)
    ]
    assert sorted(f"{name}.png" for name in charts) == pictures
    for path in (folder / "charts").iterdir():
        with Image.open(path) as picture:
            picture.load()
            assert picture.format == "PNG"
            assert picture.width >= 400


def test_the_page_says_what_the_run_was(report: tuple[Run, Path], page: PageReader) -> None:
    source = report[0]
    assert " ".join(source.name.split()) in page.text
    valid = sum(found.valid for found in source.records)
    assert f"{valid} valid, {len(source.records) - valid} invalid" in page.text
    assert ("not finished" in page.text) == (not source.facts.finished)
    for failure in source.failures:
        assert all(line in page.text for line in failure.error.splitlines())
    if not source.records:
        assert "Nothing was measured." in page.text
        assert "The figures bear out no finding." in page.text


def test_the_verdicts_lie_beside_the_page(report: tuple[Run, Path], page: PageReader) -> None:
    found = json.loads((report[1] / "results.json").read_text(encoding="utf-8"))
    assert found["schema"] == 2
    assert all(" ".join(one["title"].split()) in page.text for one in found["findings"])
    assert all(one["setup"] in page.text for ranking in found["rankings"] for one in ranking["order"])


def test_invalid_cells_are_marked_in_the_table_and_hatched_in_the_charts(
    report: tuple[Run, Path], page: PageReader
) -> None:
    invalid = any(not found.valid for found in report[0].records)
    assert ("invalid" in page.values("class")) == invalid
    assert ("Hatched, hollow or dotted: invalid, never ranked." in page.text) == invalid
    assert any(re.fullmatch(r"throughput-\d+-h[0-9a-f]+", name) for name in page.values("id")) == invalid


def test_hostile_names_are_shown_and_not_obeyed(report: tuple[Run, Path], page: PageReader) -> None:
    assert page.tags["script"] == 0
    assert (page.text.count(HOSTILE) > 20) == (report[0].name == HOSTILE)


def test_charts_of_an_earlier_report_are_replaced_and_other_files_are_not(tmp_path: Path) -> None:
    (tmp_path / "charts").mkdir()
    for name in ("old.png", "throughput.png", "notes.txt"):
        (tmp_path / "charts" / name).write_bytes(b"old")
    write_report(run(record(), record("granian-1")), tmp_path)
    assert not (tmp_path / "charts" / "old.png").exists()
    assert (tmp_path / "charts" / "throughput.png").read_bytes()[1:4] == b"PNG"
    assert (tmp_path / "charts" / "notes.txt").read_bytes() == b"old"


def test_a_report_of_the_same_run_is_the_same(tmp_path: Path) -> None:
    source = run(
        *repeats("a", "io-async", 100, 110, victim_p99=3.0), *repeats("b", "io-async", 90, 95, valid=False)
    )
    for name in ("one", "two"):
        write_report(source, tmp_path / name)
    for part in ("report.html", "report.md", "results.json", "charts/throughput.png", "charts/victims.png"):
        assert (tmp_path / "one" / part).read_bytes() == (tmp_path / "two" / part).read_bytes()


def test_an_interrupted_run_says_so_where_a_finished_one_says_how_long_it_took(tmp_path: Path) -> None:
    source = run(record())
    finished = PageReader(write_report(source, tmp_path).read_text())
    cut = PageReader(
        write_report(replace(source, facts=replace(source.facts, finished=False)), tmp_path).read_text()
    )
    assert "duration 4 min 12 s" in finished.text
    assert "duration not finished" in cut.text


def test_a_note_on_every_record_stands_once_in_the_page(tmp_path: Path) -> None:
    note = Caveat("unchecked", "GET / has no check: only its status was looked at")
    lag = Caveat("lag", "1 ms late")
    many = [
        record(f"setup-{at:02}", throughput=1000 + at, repeat=repeat, caveats=(note, lag), victim_p99=3.0)
        for at in range(20)
        for repeat in range(3)
    ]
    text = write_report(run(*many), tmp_path).read_text()
    reader = PageReader(text)
    assert not reader.faults
    assert " ".join(reader.words).count(note.text) == 2  # under the summary, and among the caveats
    assert reader.values("href").count("#caveat-b") == 0  # neither a row nor a finding points to it
    assert reader.values("id").count("caveat-b") == 1
    assert reader.values("href").count("#caveat-a") > 20  # as they do to a doubt
    assert text.count("every record") == 2
