"""Setups whose program is not installed: the rest of a plan is measured, and the run says what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.bench.program import MINE, bench, lay_out


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lay_out(tmp_path)
    with (tmp_path / "setups.toml").open("a") as setups:
        setups.write('\n[foreign]\nextends = "plain"\nneeds = "no-such-program"\n')
    return tmp_path


def test_the_rest_is_measured(folder: Path) -> None:
    done = bench("run", "tiny", *MINE, "--setup", "foreign", "--setup", "plain", "--out", "out", cwd=folder)
    assert done.returncode == 0
    assert "setup 'foreign' is left out: no-such-program is not installed\n" in done.stderr
    facts = json.loads((folder / "out" / "run.json").read_text())
    assert facts["left_out"] == {"foreign": "no-such-program is not installed"}
    assert (facts["plan"]["cells"], list(facts["plan"]["setups"])) == (1, ["plain"])


def test_nothing_left_is_wrong_usage(folder: Path) -> None:
    done = bench("run", "tiny", *MINE, "--setup", "foreign", "--out", "out", cwd=folder)
    assert done.returncode == 2
    assert done.stderr.endswith("bench: there is no setup left to measure\n")
    assert not (folder / "out").exists()
