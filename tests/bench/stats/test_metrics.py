from __future__ import annotations

import pytest

from bench.model.change import HIGHER_IS_WORSE
from bench.stats.estimate import estimate
from bench.stats.metrics import CPU, JUDGED, MEMORY, P50, P99, P99_BY_TIME, THROUGHPUT, VICTIM_P99, Metric
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


def test_every_metric_that_runs_are_judged_by_has_the_worse_way_of_the_gates() -> None:
    assert list(JUDGED) == ["throughput", "p50", "p99", "cpu", "memory"]
    assert {key: metric.better == "lower" for key, metric in JUDGED.items()} == {
        key: HIGHER_IS_WORSE[key] for key in JUDGED
    }
