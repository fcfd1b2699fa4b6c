"""Three folders side by side, as a gate has them: that of the user, and the trees of the base and the head."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.gates.exact.job import CountingJob
from tests.bench import tiny

ROOT = Path(__file__).parents[4]

APP = tiny.APP + "import os, sys\nasync def answer(path):\n    return 200, SAYS().encode()\n"
"""It answers what SAYS() gives."""

SCENARIOS = """
from scenarios.model import Request, Scenario, contains

def flow(rng):
    yield Request("GET", "/", check=contains(EXPECTED.encode()))

SCENARIOS = {"says": Scenario("says", flow)}
"""
"""It expects an answer that contains EXPECTED; another fails, and is told."""


_ASK = """
import pathlib, sys
from bench.gates.exact.isolation import scenarios
from bench.gates.exact.job import read_job
from bench.gates.origin.imports import check_origin
from bench.gates.exact.target import answers, run_in_step, start_app
job = read_job(pathlib.Path(sys.argv[1]))
(scenario,) = scenarios(job).values()
with start_app(job) as app:
    run_in_step(scenario, 2, lambda _, requests: answers(app, requests))
    print(*check_origin(job.app, job.root, job.foreign), end="")
"""


@dataclass(frozen=True)
class Folders:
    """The folder of a test."""

    folder: Path

    def write(self, files: Mapping[str, str]) -> None:
        """Files by their paths, such as `base/lib/a.py`."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def job(self, side: str, *imports: str) -> CountingJob:
        """`scenarios.py` of the user against `my_app.py` of a side; `imports` are folders of that side."""
        root, other = self.folder / side, self.folder / ("base" if side == "head" else "head")
        out = self.folder / f"{side}-out"
        out.mkdir(exist_ok=True)
        root.mkdir(exist_ok=True)
        return CountingJob(
            tree=root,
            root=root,
            here=self.folder / "user",
            imports=(*(root / name for name in imports), root),
            foreign=(self.folder / "user", other),
            app="my_app:app",
            loop="asyncio",
            scenarios=("says",),
            scenarios_file=self.folder / "user" / "mine.py",
            answer=out / "answer",
            parts=out / "part",
            agreed=out / "agreed",
            leads=True,
        )

    def asked(self, job: CountingJob, **env: str) -> tuple[int, str]:
        """Run the scenario in a process of its own, and count nothing: the status, and what it borrowed, or the log."""
        return self._run(job, ["-c", _ASK], env)

    def traced(self, job: CountingJob) -> tuple[int, str]:
        """The same, and count bytecodes."""
        return self._run(job, ["-m", "bench.gates.exact.tracing"], {})

    def _run(self, job: CountingJob, program: list[str], env: dict[str, str]) -> tuple[int, str]:
        job.write(self.folder / "job")
        path = os.pathsep.join(filter(None, [str(ROOT), env.pop("PYTHONPATH", "")]))
        done = subprocess.run(
            [sys.executable, "-P", *program, str(self.folder / "job")],
            cwd=job.tree,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **env, "PYTHONPATH": path},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        return done.returncode, done.stdout

    def functions(self, job: CountingJob) -> dict[str, Any]:
        """By kind, the bytecodes of the functions of the request that was traced last."""
        found: dict[str, Any] = json.loads(job.answer.read_text())["says"]["GET /"]
        return found
