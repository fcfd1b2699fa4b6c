"""How the programs are started: argv, environment, and the job of an arm."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import pytest

from bench.gates.exact.program import CountingArm, CountingPlan, command, environment, make_job
from bench.model.plan import Setup
from bench.observe.telemetry import TELEMETRY_DIR
from bench.system.home import HOME
from bench.system.revisions import Tree


def test_counting_alone_runs_under_valgrind_and_both_in_the_services_interpreter(tmp_path: Path) -> None:
    counting = command("counting", Path("/srv/.venv/bin/python"), tmp_path)
    tracing = command("tracing", Path("/srv/.venv/bin/python"), tmp_path)
    assert (counting[0], tracing[0]) == ("valgrind", "/srv/.venv/bin/python")
    assert counting[-5] == "/srv/.venv/bin/python"
    assert counting[-1] == tracing[-1] == str(tmp_path / "job")


def test_the_app_is_looked_for_where_the_setup_says_and_ours_in_the_harness(tmp_path: Path) -> None:
    tree = Tree(tmp_path / "service", "v1", tmp_path)
    arm = CountingArm("base", tree)
    mine = Setup("mine", "uvicorn", app="shop:app", app_dir="src", args=("--app-dir=lib",), root_path="/api")
    job = make_job(
        CountingPlan(setup=mine, scenarios=("a",)), arm, tmp_path, agreed=tmp_path / "agreed", leads=True
    )
    assert job.imports == (tree.folder / "src", tree.folder / "lib", tree.folder)
    assert (job.last, job.home, job.root_path) == ((), HOME, "/api")
    demo = CountingPlan(setup=Setup("demo", "uvicorn"), scenarios=("a",))
    assert make_job(demo, arm, tmp_path, agreed=tmp_path / "agreed", leads=True).last == (HOME,)


@pytest.mark.parametrize(("interface", "loop"), [("asgi", "uvloop"), ("wsgi", "asyncio")])
def test_a_wsgi_app_needs_no_loop_of_its_own(
    interface: Literal["asgi", "wsgi"], loop: str, tmp_path: Path
) -> None:
    setup = Setup("mine", "gunicorn", app="polls:app", interface=interface, loop="uvloop")
    plan, arm = (
        CountingPlan(setup=setup, scenarios=("a",)),
        CountingArm("base", Tree(tmp_path, "v1", tmp_path)),
    )
    assert make_job(plan, arm, tmp_path, agreed=tmp_path / "agreed", leads=True).loop == loop


def test_two_runs_have_the_same_hashes_and_no_telemetry() -> None:
    found = environment({"MINE": "setup", TELEMETRY_DIR: "/tmp"}, 7)
    assert (found["MINE"], found["PYTHONHASHSEED"]) == ("setup", "7")
    assert TELEMETRY_DIR not in found


def test_both_arms_run_in_our_interpreter_unless_another_is_named() -> None:
    assert CountingArm("base", Tree(Path(), "v1", Path())).interpreter.path == Path(sys.executable)
