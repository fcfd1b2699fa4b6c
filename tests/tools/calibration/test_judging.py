"""A gate that ends without a verdict. With one it takes valgrind or servers, and minutes: that is `make calibrate`."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.system.processes import Processes
from tools.calibration.clone import Clone, git
from tools.calibration.faults import Gate
from tools.calibration.judging import GateRunner
from tools.wheel import LINKED, ROOT


@pytest.mark.parametrize("gate", ["exact", "paired"])
def test_a_gate_that_fails_says_why_and_is_no_exception(
    gate: Gate, tmp_path: Path, processes: Processes
) -> None:
    for name in LINKED:  # the harness that a clone of this repository has
        (tmp_path / name).symlink_to(ROOT / name)
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "nothing")
    bench = GateRunner(Clone(tmp_path, git(tmp_path, "rev-parse", "HEAD")), processes, tmp_path)
    seconds = 10.0 if gate == "paired" else None
    said = bench.judge(gate, "nowhere", ["noop-async"], seconds, 0)
    assert (said.status, said.rows) == (2, ())
    assert said.error.startswith("'nowhere' names no commit here")
