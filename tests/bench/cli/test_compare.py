"""`bench compare` as its user meets it: two runs or two files, a text, an exit status."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from bench.model.plan import ClosedLoad
from bench.model.record import Caveat
from tests.bench.builders import repeats, run
from tests.bench.cli.run_folder import keep
from tests.bench.program import bench_here

ANCHOR = repeats("anchor", "ping", 2000, 2000, 2000)
BASE = (*repeats("a", "noop-async", 100, 101, 100), *repeats("b", "noop-async", 100, 101, 100), *ANCHOR)
SAME = "no change in 4 of 4"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    rest = BASE[3:]
    wide = (*repeats("a", "noop-async", 80, 120, 100), *rest)
    slow = (*repeats("a", "noop-async", 50, 51, 50), *rest)
    doubtful = Caveat("generator-saturated", "the generator used 90 % of its core")
    invalid = (*repeats("a", "noop-async", 100, 101, 100, valid=False, caveats=(doubtful,)), *rest)
    loads = (
        *(
            one
            for name in ("a", "b")
            for one in repeats(name, "noop-async", 100, 101, 100, load=ClosedLoad(64, 3.0))
        ),
        *ANCHOR,
    )
    half = (*BASE[:3], *ANCHOR)
    for name, records in {
        "base": BASE,
        "same": BASE,
        "wide": wide,
        "slow": slow,
        "half": half,
        "invalid": invalid,
        "other-load": loads,
        "empty": (),
        "alone": BASE[:6],
        "alone-slow": slow[:6],
    }.items():
        keep(run(*records, name=name), folder)
    keep(run(*BASE, name="other-machine", host=run().facts.source["host"] | {"cores": 8}), folder)  # type: ignore[operator]
    return folder


@pytest.mark.parametrize(
    ("line", "status", "first"),
    [
        pytest.param("base same", 0, SAME, id="the same"),
        pytest.param(
            "base slow", 1, "regressed: a / noop-async / native / 32 users throughput -49.84 %", id="slower"
        ),
        pytest.param("base slow --inconclusive pass", 1, "regressed: ", id="slower, for a lenient user"),
        pytest.param("slow base", 0, "improved: a / noop-async", id="faster"),
        pytest.param("base wide", 3, "inconclusive: a / noop-async", id="wide repeats"),
        pytest.param(
            "base wide --inconclusive pass", 0, "inconclusive: a / noop-async", id="and they may pass"
        ),
        pytest.param("base wide --threshold 70%", 0, SAME, id="a threshold so wide that they lie within it"),
        pytest.param("alone alone-slow", 3, "inconclusive: a / noop-async", id="slower, without an anchor"),
        pytest.param("alone alone", 3, "inconclusive: a / noop-async", id="the same, without an anchor"),
        pytest.param(
            "alone alone-slow --metric memory", 0, "no change in 2 of 2", id="memory needs no anchor"
        ),
        pytest.param("base slow --threshold 60%", 0, SAME, id="a threshold that half the speed lies within"),
        pytest.param("base invalid", 3, "inconclusive: a / noop-async", id="invalid"),
        pytest.param(
            "base slow --metric p99 --metric memory", 0, SAME, id="slower, but asked for something else"
        ),
        pytest.param("base half", 1, "inconclusive: b / noop-async", id="missing"),
        pytest.param("half base", 1, "inconclusive: b / noop-async", id="missing in the base"),
        pytest.param("base half --inconclusive pass", 1, "inconclusive: b", id="missing, for a lenient user"),
        pytest.param("base half --despite missing", 0, "no change in 2 of 2", id="missing, and borne"),
        pytest.param("base other-machine --despite cores", 0, SAME, id="another machine, and borne"),
        pytest.param("base other-load --despite load", 0, SAME, id="another load, and borne"),
        pytest.param("base other-load --despite all", 0, SAME, id="everything is borne"),
    ],
)
def test_the_first_line_and_the_exit_status(line: str, status: int, first: str, folder: Path) -> None:
    done = bench_here("compare", *line.split(), cwd=folder)
    assert (done.returncode, done.stderr) == (status, "")
    assert done.stdout.startswith(first)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        pytest.param(
            "base other-machine",
            "not comparable: cores: 2 before, 8 now (--despite cores compares all the same)",
            id="another machine",
        ),
        pytest.param(
            "base other-load",
            "not comparable: users: 32 before, 64 now (--despite load compares all the same)",
            id="another load",
        ),
        pytest.param(
            "base other-load --despite cores", "not comparable: users: ", id="something else is borne"
        ),
        pytest.param("base same --despite core", "unknown field 'core'; did you mean 'cores'?", id="field"),
        pytest.param("base same --metric cpus", "unknown metric 'cpus'; did you mean 'cpu'?", id="metric"),
        pytest.param("base same --threshold much", "--threshold much: give a percentage", id="threshold"),
        pytest.param("base nowhere", "nowhere: no run here; a run is a folder with a run.json", id="no run"),
        pytest.param(
            "base nowhere.json", "base and nowhere.json are a run and a file of pytest-benchmark", id="kinds"
        ),
        pytest.param(
            "a.json nowhere.json", "nowhere.json: cannot be read: No such file or directory", id="no file"
        ),
        pytest.param("a.json other.json", "other.json: this is no JSON that `pytest", id="another JSON"),
        pytest.param("a.json binary.json", "binary.json: cannot be read: it is no text", id="no text"),
        pytest.param("a.json a.json --metric p99", "--metric is for runs", id="metric of files"),
        pytest.param(
            "base empty", "nothing to compare: base and empty have no benchmark in common", id="empty"
        ),
    ],
)
def test_what_cannot_be_compared_is_one_sentence_and_status_2(line: str, sentence: str, folder: Path) -> None:
    (folder / "a.json").write_text('{"machine_info": {}, "benchmarks": []}')
    (folder / "other.json").write_text("[]")
    (folder / "binary.json").write_bytes(b"\xff\xfe")
    done = bench_here("compare", *line.split(), cwd=folder)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("bench: ")
    assert done.stderr.count("\n") == 1
    assert sentence in done.stderr


def test_the_text_has_the_verdict_what_is_missing_both_sides_and_the_reasons(folder: Path) -> None:
    said = bench_here("compare", "base", "half", cwd=folder).stdout
    blocks = said.split("\n\n")
    assert blocks[0].splitlines()[1:] == [
        "Only in base: b / noop-async / native / 32 users. This fails; --despite missing lets it pass."
    ]
    assert blocks[1] == "base against half"
    rows = [line.split() for line in blocks[2].splitlines()]
    assert rows[-3][:5] == ["a", "noop-async", "100", "100", "1.00"]
    assert (rows[-3][-1], rows[-2][-1], rows[-1][-1]) == ("change", "missing", "anchor")
    assert said.endswith(
        "b / noop-async / native / 32 users throughput:\n    missing in half: nothing to compare with\n"
    )


def test_json_and_junit_and_markdown(folder: Path) -> None:
    told = json.loads(bench_here("compare", "base", "slow", "--format", "json", cwd=folder).stdout)
    assert told["verdict"] == "regressed"
    rows = {(row["name"], row["metric"]): row for row in told["rows"]}
    slower = rows["a / noop-async / native / 32 users", "throughput"]
    assert (slower["verdict"], slower["ratio"]) == (
        "regressed",
        pytest.approx((50 * 50 * 51 / (100 * 100 * 101)) ** (1 / 3)),
    )
    assert 0.48 < slower["low"] < slower["ratio"] < slower["high"] < 0.52
    assert slower["mde"] == pytest.approx(0.05, abs=0.01)
    suite = Xml.fromstring(bench_here("compare", "base", "half", "--format", "junit", cwd=folder).stdout)
    assert {(case.get("name"), *[child.tag for child in case]) for case in suite} == {
        ("a / noop-async / native / 32 users",),
        ("b / noop-async / native / 32 users", "error"),
    }
    said = bench_here("compare", "base", "slow", "--format", "markdown", cwd=folder).stdout
    assert said.startswith("# 🔴 regressed: a / noop-async")


def test_a_file_holds_the_format_and_the_screen_the_text(folder: Path) -> None:
    arguments = ("base", "wide", "--format", "json", "--out", "ci/out.json")
    done = bench_here("compare", *arguments, cwd=folder)
    assert json.loads((folder / "ci" / "out.json").read_text())["verdict"] == "inconclusive"
    assert done.stdout.startswith("inconclusive: ")
    assert "base against wide" in done.stdout
    assert done.stdout.endswith("\njson: ci/out.json\n")


# --- files of pytest-benchmark -------------------------------------------------------------------

BENCHMARKS = """
def test_bare_app(benchmark):
    benchmark.name = "bare-app"
    benchmark.pedantic(lambda: range(100), rounds=20, iterations=5)

def test_sum(benchmark):
    benchmark.pedantic(lambda: sum(range(100)), rounds=20, iterations=5)

def test_sorted(benchmark):
    benchmark.pedantic(lambda: sorted(range(100)), rounds=20, iterations=5)
"""


@pytest.fixture(scope="module")
def timed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the real pytest-benchmark says of two tests."""
    folder = tmp_path_factory.mktemp("timed")
    (folder / "test_it.py").write_text(BENCHMARKS)
    command = [sys.executable, "-m", "pytest", "-q", "--benchmark-json=base.json", "-p", "no:cacheprovider"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=60)
    return folder


def changed(folder: Path, name: str, factor: float, keep: int = 2) -> None:
    """The file with every time of `keep` benchmarks after the anchor multiplied, and all the others left out."""
    told: dict[str, Any] = json.loads((folder / "base.json").read_text())
    told["benchmarks"] = told["benchmarks"][: keep + 1]
    for each in told["benchmarks"][1:]:
        stats = each["stats"]
        stats |= {key: factor * stats[key] for key in ("min", "max", "mean", "median", "q1", "q3", "iqr")}
    (folder / name).write_text(json.dumps(told))


@pytest.mark.parametrize(
    ("factor", "keep", "status", "first"),
    [
        pytest.param(
            10, 2, 1, "regressed: test_sum +900.00 %, test_sorted +900.00 %\n", id="ten times slower"
        ),
        pytest.param(0.1, 2, 0, "improved: test_sum -90.00 %, test_sorted -90.00 %\n", id="ten times faster"),
        pytest.param(
            0.1, 1, 1, "inconclusive: test_sorted\nOnly in base.json: test_sorted. This fails", id="missing"
        ),
    ],
)
def test_files_of_pytest_benchmark(factor: float, keep: int, status: int, first: str, timed: Path) -> None:
    changed(timed, "new.json", factor, keep)
    done = bench_here("compare", "base.json", "new.json", cwd=timed)
    assert (done.returncode, done.stderr) == (status, "")
    assert done.stdout.startswith(first)


def test_a_file_of_pytest_benchmark_from_another_machine_is_refused(timed: Path) -> None:
    told = json.loads((timed / "base.json").read_text())
    told["machine_info"]["python_version"] = "2.7.18"
    (timed / "old.json").write_text(json.dumps(told))
    done = bench_here("compare", "old.json", "base.json", cwd=timed)
    assert done.returncode == 2
    assert "not comparable: python: CPython 2.7.18 before, CPython " in done.stderr
