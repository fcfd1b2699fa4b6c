"""What pytest-benchmark writes, as it is read: files made up by hand, and one that it wrote itself."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.errors import UsageError
from bench.results.micro import Benchmark, Micro, read
from scenarios import SCENARIOS

ROOT = Path(__file__).resolve().parents[3]

STATS = {
    "median": 2e-3,
    "q1": 1.5e-3,
    "q3": 3e-3,
    "min": 1e-3,
    "max": 9e-3,
    "mean": 2.5e-3,
    "stddev": 4e-4,
    "rounds": 40,
}


def a_benchmark(name: str = "noop-async", **more: object) -> dict[str, object]:
    """One of a file's benchmarks, of which a test says what it is about."""
    whole = {
        "name": name,
        "fullname": f"tests/t.py::{name}",
        "group": "noop",
        "extra_info": {},
        "stats": STATS,
    }
    return whole | more


def a_file(*benchmarks: object) -> str:
    """A file of these benchmarks."""
    return json.dumps({"machine_info": {"system": "Linux"}, "benchmarks": benchmarks, "version": "5.3.1"})


def test_a_file_is_read_whole() -> None:
    assert read(
        a_file(a_benchmark(extra_info={"loop": "uvloop"}), a_benchmark("other", group=None))
    ) == Micro(
        {"system": "Linux"},
        (
            Benchmark(
                name="noop-async",
                group="noop",
                median_s=2e-3,
                q1_s=1.5e-3,
                q3_s=3e-3,
                min_s=1e-3,
                max_s=9e-3,
                mean_s=2.5e-3,
                stddev_s=4e-4,
                rounds=40,
                extra={"loop": "uvloop"},
            ),
            Benchmark(
                name="other",
                group=None,
                median_s=2e-3,
                q1_s=1.5e-3,
                q3_s=3e-3,
                min_s=1e-3,
                max_s=9e-3,
                mean_s=2.5e-3,
                stddev_s=4e-4,
                rounds=40,
                extra={},
            ),
        ),
    )


def test_a_file_without_benchmarks_is_one() -> None:
    assert read(a_file()).benchmarks == ()


SUMS = {
    "somebody else's": ({}, 2e-3, 2e-3),
    "one call, no coroutine": ({"concurrency": 1, "calibration_us": None}, 2e-3, 2e-3),
    "one call": ({"concurrency": 1, "calibration_us": 10.0}, 2e-3, 1.99e-3),
    "fifty at once": ({"concurrency": 50, "calibration_us": 4.0}, 4e-5, 3.6e-5),
    "facts of another meaning": ({"concurrency": "many", "calibration_us": "little"}, 2e-3, 2e-3),
}


@pytest.mark.parametrize(("extra", "call_s", "own_s"), SUMS.values(), ids=SUMS)
def test_a_call_has_its_share_of_a_round_less_what_running_it_costs(
    extra: dict[str, object], call_s: float, own_s: float
) -> None:
    (benchmark,) = read(a_file(a_benchmark(extra_info=extra))).benchmarks
    assert benchmark.call_s == pytest.approx(call_s)
    assert benchmark.own_s == pytest.approx(own_s)
    assert benchmark.iqr_s == pytest.approx(1.5e-3)


def test_tests_that_share_a_name_go_by_their_full_names() -> None:
    micro = read(
        a_file(
            a_benchmark("test_it", fullname="a.py::test_it"),
            a_benchmark("test_it", fullname="b.py::test_it"),
            a_benchmark("test_other"),
        )
    )
    assert [one.name for one in micro.benchmarks] == ["a.py::test_it", "b.py::test_it", "test_other"]


OTHERS = {
    "no JSON": ("Name,Median\n", "no JSON at all"),
    "empty": ("", "no JSON at all"),
    "nested without end": ("[" * 100_000, "no JSON at all"),
    "a list": ("[]", "no object"),
    "a record of a run": ('{"cell": {"setup": "uvicorn"}}', "lacks benchmarks or machine_info"),
    "no machine": ('{"benchmarks": []}', "lacks benchmarks or machine_info"),
    "benchmarks that are none": (a_file(3), "not as it should be"),
    "no statistics": (a_file({"name": "x"}), "lacks 'stats'"),
    "no median": (a_file(a_benchmark(stats={"q1": 1.0})), "lacks 'median'"),
    "a time that is text": (a_file(a_benchmark(stats=STATS | {"q1": "2"})), "q1 is '2'"),
    "a time below zero": (a_file(a_benchmark(stats=STATS | {"min": -1.0})), "min is -1.0"),
    "a time without end": (a_file(a_benchmark(stats=STATS | {"max": float("inf")})), "max is inf"),
    "no number": (a_file(a_benchmark(stats=STATS | {"mean": float("nan")})), "mean is nan"),
    "facts that are none": (a_file(a_benchmark(extra_info=3)), "not as it should be"),
}


@pytest.mark.parametrize(("text", "why"), OTHERS.values(), ids=OTHERS)
def test_anything_else_is_refused_with_a_reason(text: str, why: str) -> None:
    with pytest.raises(
        UsageError, match=f"^this is no JSON that `pytest --benchmark-json=FILE` writes: .*{why}"
    ):
        read(text)


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*STATS, *a_benchmark(), "x"]), inner, max_size=9)
    ),
    max_leaves=20,
)


@settings(max_examples=80, derandomize=True)
@given(_values, _values)
def test_no_file_makes_it_stumble(benchmark: object, statistics: object) -> None:
    """Whatever is in it, it is read or refused."""
    for text in (json.dumps(benchmark), a_file(benchmark), a_file(a_benchmark(stats=statistics))):
        with suppress(UsageError):
            assert isinstance(read(text), Micro)


# --- the real thing ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What our suite has pytest-benchmark write of a few benchmarks."""
    file = tmp_path_factory.mktemp("micro") / "micro.json"
    command = [
        *("-m", "pytest", "-q", "tests/benchmarks", "-k", "test_endpoint and noop or test_token"),
        *("--benchmark-only", "--benchmark-max-time=0.001", "--benchmark-min-rounds=3"),
        f"--benchmark-json={file}",
    ]
    ran = subprocess.run(
        [sys.executable, *command], cwd=ROOT, check=True, capture_output=True, text=True, timeout=120
    )
    file.with_name("said").write_text(ran.stdout)
    return file


def test_what_our_suite_writes_can_be_joined_with_scenarios(written: Path) -> None:
    by_name = {one.name: one for one in read(written.read_text()).benchmarks}
    scenarios = {one.extra["scenario"] for one in by_name.values()} - {None}

    assert scenarios == {"noop-async", "noop-sync"}
    assert {one.group for one in by_name.values()} == {SCENARIOS["noop-async"].group, "token"}
    many = by_name["noop-async, asyncio, 50 at once"]
    facts = {key: value for key, value in many.extra.items() if key not in ("calibration_us", "own_us")}
    assert facts == {
        "scenario": "noop-async",
        "layer": "endpoint",
        "loop": "asyncio",
        "concurrency": 50,
        "database": "sqlite",
    }
    assert many.call_s == many.median_s / 50
    assert all(0 < one.own_s < one.call_s for one in by_name.values() if one.extra["scenario"])
    assert by_name["token-check"].extra["loop"] is None
    assert by_name["token-check"].own_s == by_name["token-check"].median_s


def test_a_table_holds_what_can_be_compared(written: Path) -> None:
    """A round of fifty calls would make every other figure of its table look like nothing."""
    said = written.with_name("said").read_text()
    assert "benchmark 'noop': 4 tests" in said
    assert "benchmark 'noop, 50 at once': 4 tests" in said
    assert "benchmark 'token': 1 tests" in said


def test_pytest_benchmark_compares_what_our_suite_writes(written: Path, tmp_path: Path) -> None:
    tool, again = Path(sys.executable).with_name("pytest-benchmark"), tmp_path / "again.json"
    again.write_text(written.read_text())
    compared = subprocess.run(
        [tool, "compare", written, again],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    for name in ("noop-async (", "noop-sync, 50 at once (", "token-check ("):
        assert compared.stdout.count(name) == 2
