"""`bench noise` as its user meets it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from bench.gates.paired.noise import load_noise
from tests.bench.cli.waiting_app import MINE, Repository


def test_noise_is_measured_and_stored_for_this_machine(tmp_path: Path) -> None:
    repository = Repository(tmp_path)
    command = [
        sys.executable,
        "-m",
        "fastapi_bench",
        "noise",
        *MINE,
        "--scenario",
        "calm",
        "--seconds",
        "5",
        "--pairs",
        "5",
    ]
    done = subprocess.run(
        command, cwd=repository.folder, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stderr
    known = load_noise(repository.folder / "reports" / "noise")
    assert known is not None
    assert [one.sessions for one in known.slices] == [16, 32, 64, 128, 256]
    assert 0 < known.best.turn_sd < 0.5
    assert -1 <= known.autocorrelation <= 1
    assert (repository.folder / "reports" / "noise" / "power.png").read_bytes()[:4] == b"\x89PNG"
