"""`bench doctor` as a user runs it."""

from __future__ import annotations

from pathlib import Path

from tests.bench.program import bench


def test_the_command_prints_a_line_each_and_ends_well(tmp_path: Path) -> None:
    done = bench("doctor", "--quick", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    marks = [line.split()[0] for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert len(marks) == 14
    assert set(marks) <= {"ok", "mind"}
