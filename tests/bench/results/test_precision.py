"""How certain a run is so far: the widest interval, by what was compared."""

from __future__ import annotations

import math

import pytest

from bench.results.cells import gather
from bench.results.precision import Precision, least_certain
from tests.bench.builders import OPEN, repeats

STEADY = (1000.0, 1001.0, 999.0, 1000.0, 1002.0)
CLOSE = (900.0, 901.0, 899.0, 902.0, 900.0)
SHAKY = (900.0, 990.0, 810.0, 950.0, 860.0)


def precision(*records: object) -> Precision | None:
    return least_certain(gather([one for some in records for one in some]))  # type: ignore[attr-defined]


def test_the_setup_whose_distance_to_the_best_is_least_certain_is_named() -> None:
    steady = precision(repeats("a", "noop-async", *STEADY), repeats("b", "noop-async", *CLOSE))
    shaky = precision(
        repeats("a", "noop-async", *STEADY),
        repeats("b", "noop-async", *CLOSE),
        repeats("a", "io-async", *STEADY),
        repeats("b", "io-async", *SHAKY),
    )
    assert steady is not None
    assert shaky is not None
    assert steady.half_width < 0.01 < shaky.half_width < 0.5
    assert shaky.where in ("a in io-async", "b in io-async")


def test_variants_count_where_no_setups_are_compared() -> None:
    """Student's interval of five log ratios: 2.776 standard errors either side of their mean, as shares of one."""
    found = precision(repeats("a", "noop-async", *STEADY), repeats("a", "noop-sync", *SHAKY))
    assert found is not None
    assert found.where == "noop-sync against noop-async"
    logs = [math.log(head / base) for head, base in zip(SHAKY, STEADY, strict=True)]
    mean = sum(logs) / 5
    error = math.sqrt(sum((log - mean) ** 2 for log in logs) / 4 / 5)
    expected = (math.exp(mean + 2.776 * error) - math.exp(mean - 2.776 * error)) / 2
    assert found.half_width == pytest.approx(expected, rel=0.01)


def test_a_single_round_is_no_evidence() -> None:
    found = precision(repeats("a", "noop-async", 1000.0), repeats("b", "noop-async", 900.0))
    assert found is not None
    assert math.isinf(found.half_width)


@pytest.mark.parametrize("more", [{}, {"load": OPEN}], ids=["one cell", "an open load sets the throughput"])
def test_without_a_comparison_there_is_no_precision(more: dict[str, object]) -> None:
    others = [repeats("b", "noop-async", *CLOSE, **more)] if more else []
    assert precision(repeats("a", "noop-async", *STEADY, **more), *others) is None
