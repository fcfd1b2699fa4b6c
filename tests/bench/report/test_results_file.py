"""`results.json`: what a program reads of a run."""

from __future__ import annotations

import json
import math

import pytest

from bench.model.service import ServiceFacts
from bench.report.results_file import render_results
from bench.results.verdicts import PairVerdict, Verdicts


def pair(ratio: float | None) -> PairVerdict:
    return PairVerdict(
        metric="cpu",
        scenario="noop-sync",
        engine="native",
        load="32 users",
        kind="variant",
        base="noop-async",
        head="noop-sync",
        ratio=ratio,
        low=None,
        high=None,
        verdict="unresolved",
    )


def test_it_is_json_with_null_for_what_there_is_none_of() -> None:
    text = render_results(Verdicts(comparisons=(pair(1.25),)))
    assert text.endswith("}\n")
    assert json.loads(text) == {
        "schema": 2,
        "comparisons": [
            {
                "metric": "cpu",
                "scenario": "noop-sync",
                "engine": "native",
                "load": "32 users",
                "kind": "variant",
                "base": "noop-async",
                "head": "noop-sync",
                "ratio": 1.25,
                "low": None,
                "high": None,
                "verdict": "unresolved",
            }
        ],
        "rankings": [],
        "findings": [],
        "thresholds": [],
    }


def test_a_number_that_is_none_of_json_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        render_results(Verdicts(comparisons=(pair(math.inf),)))


def test_services_are_in_it_where_there_are_any() -> None:
    assert "services_under_test" not in json.loads(render_results(Verdicts()))
    shop = ServiceFacts(name="shop", setups=("a",), packages={"fastapi": "0.115.0"})
    (found,) = json.loads(render_results(Verdicts(services_under_test=(shop,))))["services_under_test"]
    assert found == {
        "name": "shop",
        "setups": ["a"],
        "git": None,
        "python": None,
        "packages": {"fastapi": "0.115.0"},
    }
