"""How often `bench compare` calls equal code worse, and how often it finds what is worse: by simulation.

docs/compare.md has the figures of more runs than a test has time for: 0 to 1 % of pairs of runs with any false alarm;
with 5 repeats and 7 cells, +30 % CPU per request is found in 66 to 75 %, +50 % in 96 to 99 %.
"""

from __future__ import annotations

import numpy as np
import pytest

from bench.gates.runs.cells import compare
from bench.model.change import Judgement
from bench.results.results import understand
from tests.bench.gates.runs.drift import BURST_SHARE, Within, code, measured

RUNS = 200


def judgement(
    rng: np.random.Generator,
    cells: int,
    repeats: int,
    within: Within,
    *,
    anchored: bool = True,
    cpu: float = 1.0,
    bursts: float = BURST_SHARE,
) -> Judgement:
    """Of two runs, the second of which may take more CPU for the requests of its first cell."""
    what = code(rng, cells)
    base = measured(rng, what, repeats, within, anchored=anchored, bursts=bursts, name="base")
    head = measured(rng, what, repeats, within, anchored=anchored, bursts=bursts, name="head", cpu=cpu)
    return compare(understand(base), understand(head), 0.05).judgement


@pytest.mark.parametrize("within", ["level", "ar1", "phases"])
@pytest.mark.parametrize("repeats", [3, 5])
def test_at_most_2_percent_of_runs_of_equal_code_are_red(repeats: int, within: Within) -> None:
    """17 cells x 2 metrics, and bursts of errors in 3 % of their repeats."""
    rng = np.random.default_rng([14, repeats])
    red = sum(judgement(rng, 17, repeats, within).verdict == "regressed" for _ in range(RUNS))
    assert red <= 0.02 * RUNS


def test_without_an_anchor_equal_code_and_dearer_code_are_inconclusive_alike() -> None:
    """Drift can hide a change as well as make one, so no change would be no proof."""
    rng = np.random.default_rng(14)
    for cpu in (1.0, 1.1, 2.0):
        found = [judgement(rng, 7, 5, "level", anchored=False, cpu=cpu, bursts=0) for _ in range(5)]
        assert {change.verdict for one in found for change in one.changes} == {"inconclusive"}


@pytest.mark.parametrize("within", ["level", "ar1"])
@pytest.mark.parametrize(("cpu", "share"), [(1.3, 0.6), (1.5, 0.9)], ids=["+30 %", "+50 %"])
def test_a_request_that_costs_more_is_found_with_an_anchor_and_5_repeats(
    cpu: float, share: float, within: Within
) -> None:
    rng = np.random.default_rng(15)
    found = [judgement(rng, 7, 5, within, cpu=cpu, bursts=0) for _ in range(RUNS // 4)]
    seen = [
        {(one.name.split(" / ")[1], one.metric) for one in run.changes if one.verdict == "regressed"}
        for run in found
    ]
    assert sum(("scenario-1", "cpu") in some for some in seen) >= share * len(found)
    others = [some - {("scenario-1", "cpu"), ("scenario-1", "throughput")} for some in seen]
    assert sum(map(bool, others)) <= 0.04 * len(found)
