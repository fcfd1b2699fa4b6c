"""`results.json`: what a program reads of a run."""

from __future__ import annotations

import json
import math

import pytest

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
    }


def test_a_number_that_is_none_of_json_is_refused() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        render_results(Verdicts(comparisons=(pair(math.inf),)))
