"""The programs that count and trace: their command lines, environments and jobs.

They run inside the service's interpreter, in the folder of a version; `bench/inside` holds their code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Literal

from bench.inside._fastapi_bench_exact.job import CountingJob
from bench.model.plan import Setup
from bench.observe.telemetry import TELEMETRY_DIR
from bench.serve.commands import INSIDE
from bench.serve.interpreter import OWN, Interpreter
from bench.system.home import HOME, is_own
from bench.system.revisions import Tree

Program = Literal["counting", "tracing"]

_APP_DIR = "--app-dir"

_START = (
    "import sys; inside = sys.argv.pop(1); sys.path[:] = [entry for entry in sys.path if entry]; "
    "sys.path.insert(0, inside); from _fastapi_bench_exact.{program} import main; sys.path.remove(inside); main()"
)
"""Without the current folder in front, as Python has it after `-c`: a module there would hide one of Python's own."""

_VALGRIND = (
    *("valgrind", "--tool=callgrind", "--instr-atstart=no", "--fair-sched=yes", "--dump-before=getppid"),
    "--zero-before=*sched_get_priority_max",
    *("--compress-strings=no", "--compress-pos=no", "--dump-line=no"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountingPlan:
    """An app as a setup names it, with that setup's environment and loop, and the scenarios to run it under.

    `chosen` says that the user named the scenarios; otherwise those that only the base has count as regressed.
    `left_out` are the costly scenarios that would otherwise be counted, too.
    """

    setup: Setup
    scenarios: tuple[str, ...]
    scenarios_file: Path | None = None
    chosen: bool = False
    left_out: tuple[str, ...] = ()

    def only(self, scenarios: tuple[str, ...]) -> CountingPlan:
        """The same plan for some of its scenarios."""
        return replace(self, scenarios=scenarios)


@dataclass(frozen=True, slots=True)
class CountingArm:
    """One version, named base or head: its CPUs, the roots of other versions' files, and its interpreter."""

    name: str
    tree: Tree
    cpus: tuple[int, ...] = ()
    foreign: tuple[Path, ...] = ()
    interpreter: Interpreter = OWN


def make_job(plan: CountingPlan, arm: CountingArm, folder: Path, *, agreed: Path, leads: bool) -> CountingJob:
    """The job of an arm, whose files lie in this folder."""
    return CountingJob(
        tree=arm.tree.folder,
        root=arm.tree.root,
        here=Path.cwd(),
        home=HOME,
        imports=_imports(plan.setup, arm.tree.folder),
        last=(HOME,) if is_own(plan.setup) else (),
        foreign=arm.foreign,
        app=plan.setup.app,
        interface=plan.setup.interface,
        lifespan=plan.setup.lifespan,
        root_path=plan.setup.root_path,
        loop="asyncio" if plan.setup.interface == "wsgi" else plan.setup.loop,  # no server has one for WSGI
        scenarios=plan.scenarios,
        scenarios_file=plan.scenarios_file,
        answer=folder / "answer",
        parts=folder / "part",
        agreed=agreed,
        leads=leads,
    )


def command(program: Program, python: Path, folder: Path) -> list[str]:
    """The argv that runs a program on the job in this folder; `counting` runs under callgrind."""
    inside = [str(python), "-c", _START.format(program=program), str(INSIDE), str(folder / "job")]
    if program != "counting":
        return inside
    return [
        *_VALGRIND,
        f"--callgrind-out-file={folder / 'part'}",
        f"--log-file={folder / 'valgrind'}",
        *inside,
    ]


def environment(given: Mapping[str, str], hash_seed: int) -> dict[str, str]:
    """The environment of a setup's server, and variables that make two runs alike; no bytecode goes into a tree.

    The app's probe is switched off: it works by the clock, so its instructions would fall on any request.
    """
    ours = {"PYTHONHASHSEED": str(hash_seed), "PYTHONDONTWRITEBYTECODE": "1"}
    return {key: value for key, value in {**given, **ours}.items() if key != TELEMETRY_DIR}


def _imports(setup: Setup, tree: Path) -> tuple[Path, ...]:
    """The folders where a server would look for the app first: those that the setup names, then its own."""
    words = [word for given in setup.args for word in given.split("=", 1)]
    given = [folder for option, folder in pairwise(words) if option == _APP_DIR]
    return (*(tree / folder for folder in (setup.app_dir, *given) if folder), tree)
