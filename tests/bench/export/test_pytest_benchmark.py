"""Against pytest-benchmark itself: what it makes of the same figures, and whether it reads the file."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest_benchmark.logger import Logger
from pytest_benchmark.stats import Stats
from pytest_benchmark.storage.file import FileStorage

from bench.export.pytest_benchmark import write
from bench.model.record import Record
from bench.results.micro import read
from bench.results.results import understand
from tests.bench.builders import realistic, record, recorded, repeats, run

NAME = "a / noop-async / native / 32 users"


def benchmarks(*records: Record) -> dict[str, dict[str, Any]]:
    told = json.loads(write(recorded(*records)))["benchmarks"]
    return {each["name"]: each for each in told}


@settings(max_examples=40, derandomize=True)
@given(st.lists(st.floats(0.01, 1000), min_size=1, max_size=9))
def test_the_statistics_are_those_that_it_would_give(times_ms: list[float]) -> None:
    records = [record("a", repeat=place, p50=ms, p99=ms) for place, ms in enumerate(times_ms)]
    theirs = Stats()
    for ms in times_ms:
        theirs.update(ms / 1e3)
    ours = benchmarks(*records)[f"{NAME}: p50"]["stats"]
    assert set(ours) == {*Stats.fields, "data", "iterations"}
    assert ours["rounds"] == theirs.rounds
    for field in ("min", "max", "mean", "stddev", "median", "q1", "q3", "iqr", "ops", "total"):
        assert ours[field] == pytest.approx(getattr(theirs, field), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(
    ("times_ms", "expected"),
    [
        pytest.param([1.0, 1.1, 1.2, 1.3, 1.4, 9.0], (1, 1, "1;1", 0.001, 0.0014), id="one far off"),
        pytest.param(
            [1.0, 2.0, 3.0, 4.0, 5.0, 9.0], (0, 2, "2;0", 0.001, 0.009), id="two beyond a deviation"
        ),
    ],
)
def test_strays_are_counted_as_it_counts_them(times_ms: list[float], expected: tuple[object, ...]) -> None:
    theirs = Stats()
    for ms in times_ms:
        theirs.update(ms / 1e3)
    ours = benchmarks(*[record("a", repeat=place, p50=ms, p99=ms) for place, ms in enumerate(times_ms)])
    fields = ("iqr_outliers", "stddev_outliers", "outliers", "ld15iqr", "hd15iqr")
    assert tuple(ours[f"{NAME}: p50"]["stats"][field] for field in fields) == expected
    assert tuple(getattr(theirs, field) for field in fields) == expected


def test_a_cell_is_three_benchmarks_in_seconds() -> None:
    found = benchmarks(*repeats("a", "noop-async", 10, 11, p50=2.0, p99=6.0, cpu_us=80.0))
    assert {name: (each["group"], each["stats"]["data"]) for name, each in found.items()} == {
        f"{NAME}: p50": ("p50", [0.002, 0.002]),
        f"{NAME}: p99": ("p99", [0.006, 0.006]),
        f"{NAME}: CPU": ("CPU", pytest.approx([80e-6, 80e-6])),
    }


def test_its_own_storage_reads_a_whole_run(tmp_path: Path) -> None:
    (tmp_path / "0001_run.json").write_text(write(understand(realistic())))
    storage = FileStorage(tmp_path, Logger(Logger.NORMAL))
    loaded = list(storage.load_benchmarks())
    names = [each["fullname"] for each in loaded]
    assert len(names) > 60
    assert len(set(names)) == len(names)
    some = next(each for each in loaded if each["name"].startswith("uvicorn / noop-async / native / 32"))
    assert 0.001 < some["median"] < 0.01


def test_its_own_command_compares_two_runs(tmp_path: Path) -> None:
    for name, p50 in {"0001_before": 2.0, "0002_after": 4.0}.items():
        (tmp_path / f"{name}.json").write_text(write(recorded(*repeats("a", "noop-async", 10, 11, p50=p50))))
    command = shutil.which("pytest-benchmark", path=str(Path(sys.executable).parent))
    assert command is not None
    done = subprocess.run(
        [
            command,
            "compare",
            "0001_before.json",
            "0002_after.json",
            "--columns=median,rounds",
            "--group-by=fullname",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    rows = [line.split()[-4:] for line in done.stdout.splitlines() if line.startswith(f"{NAME}: p50")]
    assert rows == [["(0001_before)", "2.0000", "(1.0)", "2"], ["(0002_after)", "4.0000", "(2.00)", "2"]]


def test_what_is_told_of_the_machine_can_be_compared() -> None:
    host = {"python": "CPython 3.11.7", "system": "Linux", "kernel": "6.1", "cpu_model": "EPYC", "cores": 2}
    told = json.loads(write(recorded(*repeats("a", "noop-async", 10), host=host)))
    assert told["machine_info"] == {
        "python_implementation": "CPython",
        "python_version": "3.11.7",
        "system": "Linux",
        "release": "6.1",
        "cpu": {"brand_raw": "EPYC", "count": 2},
    }
    assert [one.rounds for one in read(json.dumps(told)).benchmarks] == [1, 1, 1]


def test_of_a_service_its_own_commit_and_python_are_told() -> None:
    service = {
        "name": "shop",
        "setups": ["a"],
        "git": {"commit": "1" * 40, "dirty": True},
        "python": "CPython 3.13.1",
    }
    made = run(*repeats("a", "noop-async", 10), services_under_test=[service])
    told = json.loads(write(understand(made)))
    assert told["commit_info"] == {"id": "1" * 40, "dirty": True}
    assert told["machine_info"]["python_version"] == "3.13.1"


def test_an_invalid_cell_is_left_out_whole() -> None:
    bad = (*repeats("a", "noop-async", 1, 2), record("a", repeat=2, valid=False))
    assert benchmarks(*bad) == {}


def test_what_was_not_measured_is_no_benchmark() -> None:
    found = benchmarks(*repeats("a", "noop-async", 10, 11, p50=2.0, p99=6.0, cpu_us=None))
    assert list(found) == [f"{NAME}: p50", f"{NAME}: p99"]
