"""How long the trials of a search last."""

from __future__ import annotations

import pytest

from bench.capacity.run import Goal
from bench.capacity.search import Probe
from bench.stats.objectives import parse_all


@pytest.mark.parametrize(
    ("slo", "rate", "confirms", "lasts_s"),
    [
        ("p50<5ms", 2000, False, 4.0),
        ("p50<5ms", 2000, True, 12.0),
        ("p99<5ms", 200, False, 5.5),
        ("p99<5ms", 20, False, 12.0),
        ("p99<5ms", 20, True, 36.0),
        ("p999<5ms", 2000, False, 5.5),
    ],
    ids=[
        "as told",
        "confirmation",
        "1000 requests for p99",
        "within reason",
        "slow confirmation",
        "10,000 for p99.9",
    ],
)
def test_trials_last_long_enough_for_their_percentiles(
    slo: str, rate: float, confirms: bool, lasts_s: float
) -> None:
    goal = Goal(setup="a", scenario="b", objectives=parse_all([slo, "errors<50%"]))
    assert goal.lasts_s(Probe(rate, confirms)) == lasts_s
