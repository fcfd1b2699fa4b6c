"""`python -m tools.calibration` as far as it goes without running a gate."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.bench.program import bench_here
from tests.tools.calibration.core_runs import core_run, standing
from tests.tools.calibration.runs import row, trial
from tools.calibration.ledger import Ledger

ROOT = Path(__file__).parents[3]


def calibrate(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.calibration", *arguments]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, timeout=60, check=False)


def test_no_runs_write_the_page_from_what_is_there(tmp_path: Path) -> None:
    Ledger(tmp_path / "docs" / "calibration").add(trial(row("noop-async", "no change")))
    done = calibrate("--runs", "0", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "docs/calibration.md\n"), done.stderr
    assert "| 0 of 2 called worse |" in (tmp_path / "docs" / "calibration.md").read_text()


def test_a_fault_that_there_is_not_is_wrong_usage(tmp_path: Path) -> None:
    done = calibrate("--only", "cpu-6", cwd=tmp_path)
    assert (done.returncode, "unknown fault 'cpu-6'" in done.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_it_needs_the_repository_whose_app_it_spoils(tmp_path: Path) -> None:
    done = calibrate("--only", "a-a", "--gate", "exact", cwd=tmp_path)
    assert (done.returncode, "is in no git repository" in done.stderr) == (2, True)


def test_a_check_of_the_core_without_runs_writes_the_page_alone(tmp_path: Path) -> None:
    Ledger(tmp_path / "docs" / "calibration").add_core(core_run(standing("s1", "best"), check="core-same"))
    done = calibrate("core-same", "--runs", "0", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "docs/calibration.md\n"), done.stderr
    assert "| 0 of 1 |" in (tmp_path / "docs" / "calibration.md").read_text()


def test_a_check_that_there_is_not_is_wrong_usage(tmp_path: Path) -> None:
    assert calibrate("core-other", cwd=tmp_path).returncode == 2


def test_its_options_are_explained(tmp_path: Path) -> None:
    said = calibrate("--help", cwd=tmp_path).stdout
    assert all(
        word in said for word in ("--gate", "--only", "--runs", "--seconds", "--rounds", "--minutes", "--out")
    )


def test_it_is_no_command_of_the_wheel(tmp_path: Path) -> None:
    assert "calibrat" not in bench_here("--help", cwd=tmp_path).stdout
