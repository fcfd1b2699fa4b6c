"""docs/records.md, compared with the model, with a fresh `run.json`, and with the files of the sample."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, fields, replace
from typing import Any, get_type_hints

import pytest

from bench.cli._contents import contents
from bench.gates.output.judgement import render
from bench.history.entry import Entry
from bench.measure.runner import facts
from bench.measure.workbench import Workbench
from bench.model import facts as typed_facts
from bench.model.change import Change, Judgement
from bench.model.plan import Block, Setup
from bench.model.record import Failure, Record
from bench.plan import config
from bench.report.results_file import render_results
from bench.results.results import understand
from bench.results.verdicts import Verdicts
from scenarios import SCENARIOS
from tests.bench.builders import realistic
from tests.docs.pages import ROOT, json_type, parts, tables

PAGE = (ROOT / "docs/records.md").read_text(encoding="utf-8")
TABLES = tables(PAGE)
SAMPLE = ROOT / "reports/sample"

ROOTS = (Record, Failure, Verdicts, Entry, Change, Block, Setup)
"""Dataclasses whose fields are the format of a file, or of a part of one; their parts belong to the page as well."""
KINDS = {kind.__name__: kind for root in ROOTS for kind in parts(root)}
FACTS = (
    *("RunFacts", "PlanFacts", "CpuFacts", "HostFacts", "GitFacts", "EnvironmentFacts"),
    *("CapacityFacts", "ConfirmationFacts", "ScalingFacts", "ServiceFacts"),
)
"""The parts of `run.json`, which the runner and the capacity search write."""
VERDICT = "verdict.json"
LATER = {
    "took_s",
    "rounds",
    "left_out",
    "interrupted",
    "capacity",
    "scaling",
    "services_under_test",
    "by_hand",
}
"""Fields of `run.json`, `records.jsonl` and `results.json` that not every run has."""


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_table_lists_the_fields_of_the_model_with_their_types(kind: type[Any]) -> None:
    hints = get_type_hints(kind)
    assert TABLES[kind.__name__] == {one.name: json_type(hints[one.name]) for one in fields(kind)}


def test_the_page_has_no_table_of_anything_else() -> None:
    assert TABLES.keys() == {*KINDS, *FACTS, VERDICT}


def test_every_type_that_a_table_names_has_a_table() -> None:
    named = re.findall(r"\[([A-Z]\w+)\]\(#(\w+)\)", PAGE)
    assert {name for name, _ in named} <= TABLES.keys()
    assert all(name.lower() == link for name, link in named)


def test_every_field_has_a_meaning() -> None:
    rows = re.findall(r"^\| `\w+` \|.*\|$", PAGE, re.MULTILINE)
    meanings = [row.split("|")[4].strip() for row in rows]
    assert len(rows) == sum(map(len, TABLES.values()))
    assert all(meanings)


@pytest.mark.parametrize("name", ["default", "study", "history"])
def test_a_fresh_run_json_is_as_the_page_says(name: str) -> None:
    plan, setups = replace(config.load_plans()[name], seed=7), config.load_setups()
    made = facts("r", plan, Workbench(setups=setups, scenarios=SCENARIOS, server_cpus=(0,)))
    written = json.loads(json.dumps(made))
    assert list(differences(written, "[RunFacts](#runfacts)", "run.json")) == []


@pytest.mark.parametrize(
    ("file", "kind"), [("run.json", "RunFacts"), ("records.jsonl", "Record")], ids=["run", "records"]
)
def test_the_sample_is_as_the_page_says(file: str, kind: str) -> None:
    text = (SAMPLE / file).read_text(encoding="utf-8")
    objects = [json.loads(text)] if file.endswith(".json") else list(map(json.loads, text.splitlines()))
    assert objects
    for number, written in enumerate(objects, 1):
        assert list(differences(written, f"[{kind}](#)", f"{file}, {number}")) == []


def test_the_verdicts_of_a_run_are_as_the_page_says() -> None:
    written = json.loads(render_results(contents(understand(realistic())).verdicts))
    assert written["comparisons"]
    assert list(differences(written, "[Verdicts](#verdicts)", "results.json")) == []


def test_a_verdict_is_as_the_page_says() -> None:
    change = Change(
        name="noop-async",
        metric="cpu",
        verdict="no change",
        base=1.0,
        head=1.1,
        ratio=1.1,
        low=0.9,
        high=1.2,
        mde=0.02,
        why=("a reason",),
        unit="s",
        margin=0.02,
    )
    alone = Change(name="new", metric="cpu", verdict=None)
    judgement = Judgement(title="a and b", changes=(change, alone), notes=("a note",))
    assert list(differences(json.loads(render(judgement, "json")), f"[{VERDICT}](#)", VERDICT)) == []
    assert asdict(change).keys() == TABLES["Change"].keys()


def test_a_difference_is_seen() -> None:
    """The checks above, on what must not pass."""
    good = {"code": "drift", "text": "12 %"}
    kind = "[Caveat](#caveat)"
    assert list(differences(good, kind, "c")) == []
    assert list(differences({"code": "drift"}, kind, "c")) == ["c: text is missing"]
    assert list(differences(good | {"more": 1}, kind, "c")) == ["c: more is not on the page"]
    assert list(differences(good | {"text": 1}, kind, "c")) == ["c.text: 1 is no text"]
    assert list(differences([1.5], "list of integer", "c")) == ["c[0]: 1.5 is no integer"]


SIMPLE: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "text": (str,),
    "boolean": (bool,),
    "null": (type(None),),
}


def differences(value: object, kind: str, where: str) -> list[str]:
    """Where a value of JSON is not of the type that the page gives, or an object has other fields."""
    if " or " in kind and not kind.startswith(("list of", "map of")):
        each = [differences(value, one, where) for one in kind.split(" or ")]
        return min(each, key=len)
    if kind.startswith("list of ") and isinstance(value, list):
        inner = kind.removeprefix("list of ")
        return [found for n, one in enumerate(value) for found in differences(one, inner, f"{where}[{n}]")]
    if kind.startswith("map of ") and isinstance(value, dict):
        inner = kind.removeprefix("map of ")
        return [found for key, one in value.items() for found in differences(one, inner, f"{where}.{key}")]
    if kind.startswith("[") and isinstance(value, dict):
        return _fields(value, TABLES[kind[1 : kind.index("]")]], where)
    fits = isinstance(value, SIMPLE.get(kind, ())) and (kind == "boolean" or not isinstance(value, bool))
    return [] if fits else [f"{where}: {value!r} is no {kind}"]


def _fields(value: dict[str, object], table: dict[str, str], where: str) -> list[str]:
    absent = [f"{where}: {name} is missing" for name in table if name not in value and name not in LATER]
    unknown = [f"{where}: {name} is not on the page" for name in value if name not in table]
    inside = [
        found
        for name, one in value.items()
        if name in table
        for found in differences(one, table[name], f"{where}.{name}")
    ]
    return [*absent, *unknown, *inside]


NOT_WRITTEN = {"RunFacts": {"source"}, "HostFacts": {"machine", "compiler"}}
"""Fields of the typed facts that `run.json` does not have."""


@pytest.mark.parametrize("name", FACTS)
def test_a_table_of_run_json_lists_the_typed_facts(name: str) -> None:
    known = {one.name for one in fields(getattr(typed_facts, name))}
    assert TABLES[name].keys() == known - NOT_WRITTEN.get(name, set())
