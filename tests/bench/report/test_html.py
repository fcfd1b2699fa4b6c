"""The page as its template makes it, without charts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import jinja2
import pytest

from bench.cli._contents import contents as of_kind
from bench.model.facts import read_facts
from bench.model.plan import Setup
from bench.model.record import Caveat, Failure, Run
from bench.report.html import render, render_template
from bench.report.page import page
from bench.results.results import understand
from tests.bench.builders import facts, record, repeats, run
from tests.bench.report.test_report import PageReader
from tests.bench.results.test_errors import FAILED

HOSTILE = """<script>alert("1")</script>' onload='x' "quoted" & &amp; {{ 1 }}{% raw %}"""


def text(contents: Run) -> str:
    return render(page(contents, of_kind(understand(contents))), (), "")


def read(contents: Run) -> PageReader:
    reader = PageReader(text(contents))
    assert reader.faults == []
    return reader


def with_setup(name: str) -> Run:
    return Run("made-up", read_facts(facts(Setup(name, "uvicorn"))), repeats(name, "noop-async", 100, 110))


def with_caveat(code: str, words: str) -> Run:
    return run(*repeats("uvicorn", "noop-async", 100, 110, caveats=(Caveat(code, words),)))


def with_failure(setup: str, scenario: str, error: str) -> Run:
    return replace(run(record()), failures=(Failure(setup, 0, error, scenario),))


def with_failed(**words: str) -> Run:
    failed = replace(FAILED, **words)  # type: ignore[arg-type]
    return run(replace(record(), failed=(failed,), server_log=words.get("body", "")))


PLACES: dict[str, Callable[[str], Run]] = {
    "run": lambda words: replace(run(record()), name=words),
    "setup": with_setup,
    "scenario": lambda words: run(*repeats("uvicorn", words, 100, 110)),
    "engine": lambda words: run(*repeats("uvicorn", "noop-async", 100, 110, engine=words)),
    "caveat's code": lambda words: with_caveat(words, "doubt"),
    "caveat's text": lambda words: with_caveat("doubt", words),
    "setup that failed": lambda words: with_failure(words, "noop", "no answer"),
    "scenario that failed": lambda words: with_failure("uvicorn", words, "no answer"),
    "error": lambda words: with_failure("uvicorn", "noop", words),
    "kind of an error": lambda words: with_failed(kind=words),
    "name of a request": lambda words: with_failed(request=words),
    "request that failed": lambda words: with_failed(sent=words),
    "headers of a wrong answer": lambda words: with_failed(head=words),
    "wrong answer and log": lambda words: with_failed(body=words),
    "name of a fact": lambda words: replace(run(record()), facts=read_facts({words: 1})),
    "fact": lambda words: replace(run(record()), facts=read_facts({"host": {"cpu_model": words}})),
    "plan": lambda words: replace(run(record()), facts=read_facts({"plan": {"name": words, words: [words]}})),
}


@pytest.mark.parametrize("place", PLACES)
def test_words_of_others_are_escaped(place: str) -> None:
    plain, hostile = read(PLACES[place]("plain")), read(PLACES[place](HOSTILE))
    assert hostile.tags == plain.tags
    assert [(tag, name) for tag, name, _ in hostile.attributes] == [
        (tag, name) for tag, name, _ in plain.attributes
    ]
    assert HOSTILE in hostile.text


def test_errors_are_a_section_where_there_are_any() -> None:
    reader = read(with_failed(body="the log and the body"))
    assert "#errors" in reader.values("href")
    assert reader.text.count("the log and the body") == 2
    assert "#errors" not in read(run(record())).values("href")


def test_a_profile_is_a_link_with_its_path_quoted() -> None:
    reader = read(run(replace(record(), profile='profiles/a "b" <c>.svg')))
    assert "profiles/a%20%22b%22%20%3Cc%3E.svg" in reader.values("href")
    assert "#profiles" in reader.values("href")


def test_an_error_keeps_its_lines_and_spaces() -> None:
    error = "  first\n\n\tsecond  \n"
    assert f"<pre>{error}</pre>" in text(with_failure("uvicorn", "noop", error))


def test_the_contents_name_the_sections_that_are_there() -> None:
    full = replace(with_failure("uvicorn", "noop", "no answer"), records=with_caveat("lag", "late").records)
    for contents in (run(record()), full):
        reader = read(contents)
        ids = [value for value in reader.values("id") if not value.startswith("caveat-")]
        assert [value for value in reader.values("href") if not value.startswith("#caveat-")] == [
            f"#{place}" for place in ids
        ]
    assert {"caveats", "failures"} <= set(ids)


def test_a_caveat_of_many_texts_is_folded() -> None:
    def opened(count: int) -> bool:
        doubts = tuple(Caveat("lag", f"{place} ms late") for place in range(count))
        reader = read(run(record(caveats=doubts)))
        return "open" in [name for tag, name, _ in reader.attributes if tag == "details"]

    assert [opened(count) for count in (1, 3, 4)] == [True, True, False]


def test_a_name_that_the_page_lacks_is_an_error_not_a_gap() -> None:
    with pytest.raises(jinja2.UndefinedError, match="title"):
        render_template("base.html.jinja", {})
