from __future__ import annotations

import pytest

from bench.stats.estimate import estimate
from bench.stats.metrics import (
    CPU,
    MEMORY,
    P50,
    P99,
    P99_BY_TIME,
    THROUGHPUT,
    VICTIM_P99,
    Metric,
    share,
    spread,
    three_digits,
    whole,
)
from tests.bench.builders import record


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (THROUGHPUT, 1234.0),
        (P50, 3.0),
        (P99, 9.0),
        (P99_BY_TIME, 51.0),
        (CPU, 77.0),
        (MEMORY, 91.5),
        (VICTIM_P99, 42.0),
    ],
    ids=lambda value: value.name if isinstance(value, Metric) else "",
)
def test_a_metric_finds_its_own_figure(metric: Metric, expected: float) -> None:
    measured = record(
        throughput=1234.0, p50=3.0, p99=9.0, cpu_us=77.0, rss=91_500_000, victim_p99=42.0, p99_by_time=51.0
    )
    assert metric.of(measured) == expected


@pytest.mark.parametrize(
    "metric", [P50, P99, P99_BY_TIME, CPU, MEMORY, VICTIM_P99], ids=lambda metric: metric.name
)
def test_what_was_not_measured_is_none_and_no_zero(metric: Metric) -> None:
    assert metric.of(record(p50=None, p99=None, cpu_us=None, rss=0)) is None


def test_only_throughput_is_better_when_higher() -> None:
    assert [
        metric.name for metric in (THROUGHPUT, P50, P99, CPU, MEMORY, VICTIM_P99) if metric.better == "higher"
    ] == ["throughput"]


def test_figures_are_shown_with_their_range_where_there_are_several() -> None:
    assert THROUGHPUT.show(estimate([12_340.4, 12_100, 12_900])) == "12,340"
    assert THROUGHPUT.show(None) == "–"
    several, single = estimate([12_340.4, 12_100, 12_900]), estimate([5.0])
    assert several is not None
    assert single is not None
    assert THROUGHPUT.show_range(several) == "12,340 (12,100 to 12,900)"
    assert P99.show_range(single) == "5.00"


@pytest.mark.parametrize(
    ("figure", "as_whole", "as_three"),
    [
        (0.0433, "0.0", "0.043"),
        (1.266, "1.3", "1.27"),
        (9.996, "10.0", "10.0"),
        (12.66, "12.7", "12.7"),
        (99.97, "100.0", "100"),
        (100.4, "100", "100"),
        (12_345.6, "12,346", "12,346"),
    ],
    ids=str,
)
def test_how_figures_are_written(figure: float, as_whole: str, as_three: str) -> None:
    assert (whole(figure), three_digits(figure)) == (as_whole, as_three)


def test_shares_are_percentages() -> None:
    assert [share(figure) for figure in (None, 0.0, 0.0424, 0.0994, 0.0996, 0.126, 1.0)] == [
        "–",
        "0.0",
        "4.2",
        "9.9",
        "10",
        "13",
        "100",
    ]
    assert (spread(estimate([100.0, 95.0, 110.0])), spread(estimate([100.0])), spread(None)) == (
        "15",
        "–",
        "–",
    )
