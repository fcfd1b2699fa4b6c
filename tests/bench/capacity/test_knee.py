"""The knee of curves whose knee is known."""

from __future__ import annotations

import numpy as np
import pytest

from bench.capacity.results import knee


def test_a_corner_is_the_knee() -> None:
    points = [(0, 10), (1, 11), (2, 12), (3, 13), (4, 60), (5, 110)]
    assert knee([(float(x), float(y)) for x, y in points]) == 3.0


def test_a_queue_has_its_knee_where_the_slope_is_that_of_the_chord() -> None:
    """Of y = 1/(1 - x) from 0 to b the chord has the slope 1/(1 - b), so the knee lies at x = 1 - sqrt(1 - b)."""
    x = np.linspace(0, 0.96, 961)
    found = knee(list(zip(x.tolist(), (1 / (1 - x)).tolist(), strict=True)))
    assert found == pytest.approx(1 - np.sqrt(1 - 0.96), abs=0.001)


def test_scale_and_order_do_not_matter() -> None:
    points = [(float(x), 5.0 + 2.0**x) for x in range(11)]
    stretched = [(3 * x, 7 * y) for x, y in reversed(points)]
    assert knee(stretched) == pytest.approx(3 * (knee(points) or 0))


@pytest.mark.parametrize(
    "points",
    [
        [],
        [(1, 1), (2, 1), (3, 9)],
        [(1, 10), (2, 11), (3, 12), (4, 19)],
        [(1, 5), (2, 10), (3, 15), (4, 20)],
        [(1, 1), (2, 9), (3, 9.5), (4, 10)],
        [(1, 1), (1, 2), (1, 3), (1, 4)],
    ],
    ids=["nothing", "three points", "less than doubled", "straight", "bends down", "one place"],
)
def test_no_knee_is_invented(points: list[tuple[float, float]]) -> None:
    assert knee(points) is None
