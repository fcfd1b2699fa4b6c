"""`bench doctor` as a user runs it."""

from __future__ import annotations

from pathlib import Path

from bench.system.limits import read_limits
from tests.bench.program import bench


def test_the_command_prints_a_line_each_and_ends_well(tmp_path: Path) -> None:
    done = bench("doctor", "--quick", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    marks = [line.split()[0] for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert len(marks) == 14 + (read_limits().conntrack is not None)
    assert set(marks) <= {"ok", "mind"}


def test_room_for_a_load_is_looked_for_and_nothing_measured(tmp_path: Path) -> None:
    done = bench("doctor", "--users", "1000000", cwd=tmp_path)
    assert done.returncode == 0
    lines = done.stdout.splitlines()
    (ports,) = [line for line in lines if line.split()[1:2] == ["ports"]]
    assert ports.startswith("mind")
    assert "1,000,000 wanted" in ports
    assert "measuring" not in done.stderr
