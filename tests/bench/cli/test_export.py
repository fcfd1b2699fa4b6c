"""`bench export` as its user meets it: a run in, a file or a stream out, and a word about what is left out."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bench.export import TOOLS, export
from bench.measure.store import read_run
from bench.model.record import Caveat
from bench.results.results import understand
from tests.bench.builders import record, repeats, run
from tests.bench.cli.run_folder import keep
from tests.bench.program import bench_here

BAD = record("b", valid=False, caveats=(Caveat("shed", "all"),))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    keep(run(*repeats("a", "noop-async", 100, 101), name="good"), folder)
    keep(run(*repeats("a", "noop-async", 100, 101), BAD, name="mixed"), folder)
    keep(run(BAD, name="bad"), folder)
    keep(run(name="empty"), folder)
    return folder


def test_the_help_names_every_tool(tmp_path: Path) -> None:
    said = bench_here("export", "--help", cwd=tmp_path).stdout
    assert re.findall(r"--to (\S+)\n", said) == ["|".join(TOOLS)]


@pytest.mark.parametrize("tool", TOOLS)
def test_shown_or_written_it_is_the_same_to_the_character(tool: str, folder: Path) -> None:
    expected = export(understand(read_run(folder / "good")), tool).encode()
    done = bench_here("export", *f"good --to {tool} --out new/{tool}".split(), cwd=folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"new/{tool}\n", "")
    assert (folder / "new" / tool).read_bytes() == expected
    shown = bench_here("export", "good", "--to", tool, cwd=folder)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert shown.stdout.encode() == expected


def test_what_is_left_out_is_said_on_standard_error(folder: Path) -> None:
    done = bench_here("export", "mixed", "--to", "bencher", cwd=folder)
    assert (done.returncode, list(json.loads(done.stdout))) == (0, ["a / noop-async / native / 32 users"])
    assert done.stderr == "left out, as invalid: b / noop-async / native / 32 users (shed)\n"
    done = bench_here("export", "mixed", "--to", "csv", cwd=folder)
    assert (done.returncode, done.stderr, len(done.stdout.splitlines())) == (0, "", 4)


@pytest.mark.parametrize(
    ("line", "status", "sentence"),
    [
        pytest.param(
            "bad --to bencher", 1, "bad: nothing to export: there is no valid cell", id="all invalid"
        ),
        pytest.param("empty --to csv", 1, "empty: nothing to export", id="no records"),
        pytest.param("good --to benchr", 2, "unknown tool 'benchr'; did you mean 'bencher'?", id="tool"),
        pytest.param(
            "good --to csv --better lower", 2, "--better is for github-action-benchmark", id="direction"
        ),
        pytest.param("good --to csv --out .", 2, ".: cannot be written: Is a directory", id="a folder"),
        pytest.param("nowhere --to csv", 2, "nowhere: no run here", id="no run"),
        pytest.param("good", 2, "Missing option '--to'", id="no tool"),
    ],
)
def test_what_cannot_be_exported_is_one_sentence(line: str, status: int, sentence: str, folder: Path) -> None:
    done = bench_here("export", *line.split(), cwd=folder)
    assert (done.returncode, done.stdout) == (status, "")
    assert done.stderr.startswith("bench: ")
    assert done.stderr.count("\n") == 1
    assert sentence in done.stderr
