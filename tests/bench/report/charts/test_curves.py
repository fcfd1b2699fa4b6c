"""The axis of percentiles."""

from __future__ import annotations

import pytest

from bench.report.charts.curves import nines


@pytest.mark.parametrize(
    ("percentile", "place"), [(0, 0), (90, 1), (99, 2), (99.9, 3)], ids=["none", "one nine", "two", "three"]
)
def test_percentiles_stand_by_their_nines(percentile: float, place: float) -> None:
    assert nines(percentile) == pytest.approx(place)
