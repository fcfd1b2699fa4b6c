"""What generators cost: the figures that are made of their rounds, and the server they are measured against."""

from __future__ import annotations

from bench.machine.generators import GeneratorCost, medians, table

COSTS = {
    "native": [GeneratorCost(10.0, 100.0), GeneratorCost(12.0, 90.0), GeneratorCost(30.0, 80.0)],
    "wrk": [GeneratorCost(8.0, 200.0), GeneratorCost(12.0, 90.0), GeneratorCost(10.0, 100.0)],
}


def test_the_file_holds_the_median_of_each() -> None:
    assert medians(COSTS) == {
        "native": {"cpu_us_per_request": 12.0, "throughput_rps": 90.0},
        "wrk": {"cpu_us_per_request": 10.0, "throughput_rps": 100.0},
    }


def test_a_ratio_is_the_median_of_those_of_the_rounds() -> None:
    """Not the ratio of the medians, 1.2 and 0.9 here: what disturbs a round meets both."""
    native, wrk = table("side by side", COSTS).rows

    assert native.entries == ("native", "12.0", "10.0 to 30.0", "90", "1.000", "1.000")
    assert wrk.entries == ("wrk", "10.0", "8.0 to 12.0", "100", "1.250", "0.800")
