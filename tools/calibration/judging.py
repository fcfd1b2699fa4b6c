"""Runs a gate of a clone as its user would, to its end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.model.change import Change
from bench.system.processes import Processes
from tools.calibration.clone import Clone
from tools.calibration.faults import Gate
from tools.calibration.ledger import change

_COMMANDS: dict[Gate, str] = {"exact": "exact", "paired": "ab"}
_WITHIN_S = 3600.0
_GRACE_S = 20.0


@dataclass(frozen=True, slots=True)
class GateOutcome:
    """The end of a gate: its exit status, the time it took with all set-up, its rows, or what went wrong."""

    status: int
    took_s: float
    rows: tuple[Change, ...]
    error: str


@dataclass(frozen=True, slots=True)
class GateRunner:
    """The `bench` of a clone; what it writes goes to `folder`."""

    clone: Clone
    processes: Processes
    folder: Path

    def judge(
        self, gate: Gate, head: str, scenarios: Sequence[str], seconds: float | None, number: int
    ) -> GateOutcome:
        """Run a gate on a head. A gate without a verdict raises nothing: that is a result, too."""
        out, log = self.folder / "judgement.json", self.folder / "log"
        for file in (out, log):
            file.unlink(missing_ok=True)
        command = [
            sys.executable,
            "-m",
            "bench",
            _COMMANDS[gate],
            "--base",
            self.clone.base,
            "--head",
            head,
        ]
        command += [word for name in scenarios for word in ("--scenario", name)]
        if seconds is not None:
            command += ["--seconds", f"{seconds:g}", "--seed", str(number + 1)]
        command += ["--format", "json", "--out", str(out)]
        began_s = time.monotonic()
        status = self._run(command, log)
        took_s = time.monotonic() - began_s
        if not out.exists():
            return GateOutcome(status, took_s, (), _complaint(log.read_text(errors="replace")))
        return GateOutcome(status, took_s, tuple(map(change, json.loads(out.read_text())["rows"])), "")

    def _run(self, command: Sequence[str], log: Path) -> int:
        """It may write no summary of a job on GitHub: it is not the job."""
        env = {key: value for key, value in os.environ.items() if not key.startswith("GITHUB_")}
        with self.processes.running(
            command, log=log, env=env, cwd=self.clone.folder, grace_s=_GRACE_S
        ) as child:
            try:
                return child.wait(_WITHIN_S)
            except subprocess.TimeoutExpired:
                with log.open("a") as file:
                    file.write(f"\nbench: no verdict within {_WITHIN_S:g} s\n")
                return 2


def _complaint(log: str) -> str:
    """The gate's error message: its line, and the lines after it."""
    said = log.rpartition("\nbench: ")[2].removeprefix("bench: ")
    return " ".join(said.split()) or "it ended without a word"
