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

from bench.gates.exact.program import command
from bench.inside._fastapi_bench_exact.job import CountingJob
from bench.system.home import HOME
from tests.bench import tiny

APP = tiny.APP + "import os, sys\nasync def answer(path):\n    return 200, SAYS().encode()\n"
"""It answers what SAYS() gives."""

SCENARIOS = """
from scenarios.model import Request, Scenario, contains

def flow(rng):
    yield Request("GET", "/", check=contains(EXPECTED.encode()))

SCENARIOS = {"says": Scenario("says", flow)}
"""
"""It expects an answer that contains EXPECTED; another fails, and is told."""


_ASK = f"""
import pathlib, sys
inside = {str(HOME / "bench" / "inside")!r}
sys.path[:] = [entry for entry in sys.path if entry]
sys.path.insert(0, inside)
from _fastapi_bench_exact.isolation import load_workload
from _fastapi_bench_exact.job import read_job
from _fastapi_bench_exact.imports import check_origin
from _fastapi_bench_exact.target import answers, run_in_step, start_app
sys.path.remove(inside)
job = read_job(pathlib.Path(sys.argv[1]))
workload = load_workload(job)
(scenario,) = workload.scenarios.values()
with start_app(job, workload.response) as app:
    run_in_step(app, scenario, 2, lambda _, steps: answers(app, steps))
    print(*check_origin(job), end="")
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
            home=HOME,
            imports=(*(root / name for name in imports), root),
            last=(),
            foreign=(self.folder / "user", other),
            app="my_app:app",
            interface="asgi",
            lifespan="auto",
            root_path="",
            loop="asyncio",
            scenarios=("says",),
            scenarios_file=self.folder / "user" / "mine.py",
            answer=out / "answer",
            parts=out / "part",
            agreed=out / "agreed",
            leads=True,
        )

    def asked(self, job: CountingJob, python: Path = Path(sys.executable), **env: str) -> tuple[int, str]:
        """Run the scenario in a process of its own, and count nothing: the status, and what it borrowed, or the log."""
        return self._run(job, [str(python), "-c", _ASK, str(self.folder / "job")], env)

    def traced(self, job: CountingJob, python: Path = Path(sys.executable)) -> tuple[int, str]:
        """The same, and count bytecodes."""
        return self._run(job, command("tracing", python, self.folder), {})

    def _run(self, job: CountingJob, program: list[str], env: dict[str, str]) -> tuple[int, str]:
        job.write(self.folder / "job")
        done = subprocess.run(
            program,
            cwd=job.tree,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", **env},
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
