"""`bench calibrate` as far as it goes without running a gate."""

from __future__ import annotations

from pathlib import Path

from bench.calibration.ledger import Ledger
from tests.bench.calibration.runs import row, trial
from tests.bench.program import bench_here


def test_no_runs_write_the_page_from_what_is_there(tmp_path: Path) -> None:
    Ledger(tmp_path / "docs" / "calibration").add(trial(row("noop-async", "no change")))
    done = bench_here("calibrate", "--runs", "0", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "docs/calibration.md\n"), done.stderr
    assert "| 0 of 2 called worse |" in (tmp_path / "docs" / "calibration.md").read_text()


def test_a_fault_that_there_is_not_is_wrong_usage(tmp_path: Path) -> None:
    done = bench_here("calibrate", "--only", "cpu-6", cwd=tmp_path)
    assert (done.returncode, "unknown fault 'cpu-6'" in done.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_it_needs_the_repository_whose_app_it_spoils(tmp_path: Path) -> None:
    done = bench_here("calibrate", "--only", "a-a", "--gate", "exact", cwd=tmp_path)
    assert (done.returncode, "is in no git repository" in done.stderr) == (2, True)


def test_it_is_found_by_those_who_look_for_it_and_not_among_the_commands(tmp_path: Path) -> None:
    assert "calibrate" not in bench_here("--help", cwd=tmp_path).stdout
    said = bench_here("calibrate", "--help", cwd=tmp_path).stdout
    assert all(word in said for word in ("--gate", "--only", "--runs", "--seconds", "--out"))
