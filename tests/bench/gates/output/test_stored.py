"""A judgement read again out of its JSON, and JSON that no gate wrote."""

from __future__ import annotations

import json

import pytest

from bench.errors import UsageError
from bench.gates.output.judgement import render
from bench.gates.output.stored import read_judgement
from bench.model.change import Change, Judgement

JUDGEMENT = Judgement(
    "instructions per request: base → head",
    (
        Change("items", "instructions", "regressed", base=1000, head=1030, ratio=1.03, low=1.02, high=1.04),
        Change(
            "new", "p99", "inconclusive", why=("only in head", "nothing to compare"), unit="ms", beside=True
        ),
        Change("same", "memory", "no change", mde=0.002, margin=0.01, ratio=1.0, low=0.99, high=float("inf")),
        Change("counted", "instructions", None, head=12.5),
    ),
    ("a note | with a bar",),
)


@pytest.mark.parametrize("judgement", [JUDGEMENT, Judgement("empty", ())], ids=["all", "empty"])
def test_what_a_gate_wrote_is_read_as_it_was(judgement: Judgement) -> None:
    again = read_judgement(render(judgement, "json"), "exact.json")
    assert again == judgement
    assert render(again, "markdown") == render(judgement, "markdown")


WRONG = {
    "nothing": "",
    "a list": "[]",
    "no rows": '{"title": "", "notes": []}',
    "a row without a name": '{"title": "", "notes": [], "rows": [{"metric": "cpu", "verdict": null}]}',
    "another verdict": '{"title": "", "notes": [], "rows": [{"name": "a", "metric": "cpu", "verdict": "slow"}]}',
    "words for a figure": json.dumps(
        {"title": "", "notes": [], "rows": [{"name": "a", "metric": "cpu", "verdict": None, "base": "much"}]}
    ),
    "a history": '{"lines": [], "notes": []}',
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_other_json_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(UsageError, match=r"exact\.json: not the JSON of a gate"):
        read_judgement(text, "exact.json")
