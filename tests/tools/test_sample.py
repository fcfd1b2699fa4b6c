"""Whether `reports/sample` is of today: its format, its findings and its charts are what this code would give."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from bench.measure.runner import facts
from bench.measure.workbench import Workbench
from bench.model.record import SCHEMA, Record
from bench.plan import config
from scenarios import SCENARIOS
from tools.sample import ENGINE, SAMPLE, SETUPS, main, make_sample

STALE = (
    "reports/sample is stale. Measure it again on a quiet machine: `make bench`, then "
    "`.venv/bin/python -m tools.sample reports/latest`."
)
REPORT_STALE = (
    "The report in reports/sample is stale: write it again with `.venv/bin/python -m bench report reports/sample`. "
    "If its figures no longer make sense, measure again: `make bench`, then "
    "`.venv/bin/python -m tools.sample reports/latest`."
)
MOST_BYTES = 3_000_000

LINES = (SAMPLE / "records.jsonl").read_text(encoding="utf-8").splitlines()
FACTS = json.loads((SAMPLE / "run.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def today(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What this code makes of the run that the sample is a part of, in the place of an older sample."""
    folder = tmp_path_factory.mktemp("today")
    run, sample = folder / "run", folder / "sample"
    other = LINES[0].replace(json.loads(LINES[0])["cell"]["setup"], "hypercorn-1")
    run.mkdir()
    (run / "run.json").write_text(json.dumps(FACTS), encoding="utf-8")
    (run / "records.jsonl").write_text("".join(f"{line}\n" for line in [*LINES, other]), encoding="utf-8")
    sample.mkdir()
    (sample / "old").touch()
    assert make_sample(run, sample) == len(LINES)
    return sample


def paths(value: object, where: str = "") -> set[str]:
    """The names of all fields of a value of JSON, with dots between."""
    if isinstance(value, list):
        return {path for one in value for path in paths(one, f"{where}[]")}
    if isinstance(value, dict):
        inner = {path for name, one in value.items() for path in paths(one, f"{where}.{name}")}
        return inner | {f"{where}.{name}" for name in value}
    return set()


def findings(report: str) -> list[tuple[list[str], list[str]]]:
    """Of each finding its figures, in order, and the codes of its caveats."""
    (section,) = re.findall(r"^## Findings\n(.*?)^## ", report, re.MULTILINE | re.DOTALL)
    whole = re.split(r"^\d+\. ", section, flags=re.MULTILINE)[1:]
    split = (re.split(r"^ +- caveats: ", one, flags=re.MULTILINE) for one in whole)
    return [
        (re.findall(r"\d[\d,.]*", one), "".join(codes).replace(",", " ").split()) for one, *codes in split
    ]


def headings(report: str) -> list[str]:
    return re.findall(r"^## .*$", report, re.MULTILINE)


def test_the_sample_has_todays_schema() -> None:
    schemas = {json.loads(line)["schema"] for line in LINES} | {FACTS["schema"]}
    assert schemas == {SCHEMA}, STALE


def test_run_json_has_the_fields_of_today() -> None:
    plan = replace(config.load_plans()[FACTS["plan"]["name"]], seed=FACTS["seed"])
    made = json.loads(
        json.dumps(facts(FACTS["run"], plan, Workbench(setups=config.load_setups(), scenarios=SCENARIOS)))
    )
    free = re.compile(r"\.(host\.versions|environment\.settings|plan\.setups\.[\w-]+\.env|plan\.scenarios)\.")
    then, now = ({path for path in paths(one) if not free.match(path)} for one in (FACTS, made))
    assert then - {".took_s", ".rounds"} == now, STALE
    assert FACTS["finished"], STALE


def test_records_have_the_fields_of_today() -> None:
    adapter = TypeAdapter(Record)
    for line in LINES:
        again = json.loads(adapter.dump_json(adapter.validate_json(line)))
        assert paths(json.loads(line)) == paths(again), STALE


def test_the_sample_is_a_part_of_the_default_plan_and_small() -> None:
    cells = [json.loads(line)["cell"] for line in LINES]
    assert FACTS["plan"]["name"] == "default", STALE
    assert {cell["engine"] for cell in cells} == {ENGINE}, STALE
    assert {cell["setup"] for cell in cells} == set(SETUPS), STALE
    assert sum(file.stat().st_size for file in SAMPLE.rglob("*") if file.is_file()) < MOST_BYTES, STALE


def test_the_findings_are_those_of_today(today: Path) -> None:
    then, now = ((folder / "report.md").read_text(encoding="utf-8") for folder in (SAMPLE, today))
    assert findings(then), STALE
    assert findings(then) == findings(now), REPORT_STALE
    assert headings(then) == headings(now), REPORT_STALE


def test_the_charts_are_those_of_today(today: Path) -> None:
    then, now = ({file.name for file in (folder / "charts").iterdir()} for folder in (SAMPLE, today))
    assert then, STALE
    assert then == now, REPORT_STALE


def test_the_page_links_to_no_file_that_is_missing(today: Path) -> None:
    for folder in (SAMPLE, today):
        report = (folder / "report.md").read_text(encoding="utf-8")
        links = re.findall(r"\]\((charts/[^)]+)\)", report)
        assert links, REPORT_STALE
        assert [link for link in links if not (folder / link).exists()] == [], REPORT_STALE


def test_a_sample_is_a_part_of_a_run_in_the_place_of_an_older_one(today: Path) -> None:
    assert (today / "records.jsonl").read_text(encoding="utf-8").splitlines() == LINES
    assert json.loads((today / "run.json").read_text(encoding="utf-8")) == FACTS
    assert {file.name for file in today.iterdir()} == {
        *("run.json", "records.jsonl", "report.md", "results.json", "report.html", "charts")
    }


@pytest.mark.parametrize(
    ("finished", "lines"),
    [pytest.param(False, LINES[:1], id="not finished"), pytest.param(True, [], id="nothing of it")],
)
def test_a_run_that_makes_no_sample_leaves_the_old_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], finished: bool, lines: list[str]
) -> None:
    before = (SAMPLE / "run.json").stat()
    (tmp_path / "run.json").write_text(json.dumps(FACTS | {"finished": finished}))
    (tmp_path / "records.jsonl").write_text("".join(f"{line}\n" for line in lines))
    assert [main([str(tmp_path)]), main([str(tmp_path / "nowhere")]), main([])] == [2, 2, 2]
    assert len(capsys.readouterr().err.splitlines()) == 3
    assert (SAMPLE / "run.json").stat() == before
