"""Against the README of https://github.com/benchmark-action/github-action-benchmark."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bench.export.github_action_benchmark import write
from bench.model.record import Caveat
from bench.results.results import understand
from bench.stats.comparison import Better
from tests.bench.builders import realistic, recorded, repeats
from tests.bench.results.test_endpoints import named, part

STEAL = Caveat("steal", "the hypervisor took 3 % of the server's CPUs away")
SOME = repeats("uvicorn", "noop-async", 1000, 1030, 990, p50=2.0, p99=6.0, cpu_us=80.0, caveats=(STEAL,))
NAME = "uvicorn / noop-async / native / 32 users"


def entries(better: Better, *records: Any) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = json.loads(write(recorded(*records), better))
    return told


def test_what_is_better_bigger_has_a_file_of_its_own() -> None:
    assert entries("higher", *SOME) == [
        {
            "name": f"{NAME}: throughput",
            "unit": "req/s",
            "value": 1000,
            "range": "990 to 1,030",
            "extra": "median of 3 repeats\nsteal: the hypervisor took 3 % of the server's CPUs away",
        }
    ]


def test_what_is_better_smaller_is_the_rest() -> None:
    found = [(one["name"], one["value"], one["unit"]) for one in entries("lower", *SOME)]
    assert found == [
        (f"{NAME}: p50", 2, "ms"),
        (f"{NAME}: p99", 6, "ms"),
        (f"{NAME}: CPU", 80, "µs/req"),
        (f"{NAME}: memory", 90, "MB"),
    ]


def test_the_smaller_ones_are_the_default() -> None:
    assert json.loads(write(recorded(*SOME))) == entries("lower", *SOME)


def test_a_single_repeat_has_no_range() -> None:
    (one,) = entries("higher", *repeats("uvicorn", "noop-async", 1000))
    assert (one.get("range"), one["extra"]) == (None, "median of 1 repeat")


@pytest.mark.parametrize("better", ["lower", "higher"])
def test_a_whole_run_follows_the_published_format(better: Better) -> None:
    told = json.loads(write(understand(realistic()), better))
    names = [one["name"] for one in told]
    assert len(names) > 20
    assert len(set(names)) == len(names)
    for one in told:
        assert {"name", "unit", "value"} <= set(one) <= {"name", "unit", "value", "range", "extra"}
        assert type(one["value"]) in (int, float)
        assert all(isinstance(one[key], str) for key in set(one) - {"value"})


def test_an_invalid_cell_is_left_out_whole() -> None:
    bad = (*repeats("a", "noop-async", 1, 2), *repeats("a", "noop-async", 3, valid=False))
    assert entries("higher", *bad) == []


def test_each_of_several_names_has_figures_of_its_own() -> None:
    some = named(0, a=part(9, 3.0, 10.0), b=part(9, 5.0, None))
    told = {one["name"]: one["value"] for one in entries("lower", some)}
    cell = "uvicorn / shopping / native / 32 users"
    assert {name: value for name, value in told.items() if " / a: " in name or " / b: " in name} == {
        f"{cell} / a: p50": 1,
        f"{cell} / a: p99": 3,
        f"{cell} / b: p50": 1,
        f"{cell} / b: p99": 5,
    }
    assert [one["name"] for one in entries("higher", some)] == [
        f"{cell}: throughput",
        f"{cell} / a: throughput",
    ]
