"""Modules of the harness run in further processes, in a folder that has modules of the same names."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bench.model.plan import Setup
from bench.system.home import HOME, holds_module, is_demo, is_own, names_demo, names_own, own_command

SAY_WHERE = "import bench.errors, os; print(bench.errors.__file__, os.environ['PYTHONPATH'])\n"
SPAWN = (
    "import multiprocessing, pkgutil; pool = multiprocessing.get_context('spawn').Pool(1); "
    "print(pool.apply(pkgutil.resolve_name, ['scenarios.model:__file__'])); pool.terminate()\n"
)
"""A child that is not forked: it imports by the path that it is given."""


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """A folder whose packages have the names of ours, and cannot be imported."""
    for name in ("bench", "scenarios", "target_app"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(
            "raise RuntimeError('this is the service, not the harness')"
        )
    (tmp_path / "locustfile.py").write_text("raise RuntimeError('not this one')")
    return tmp_path


def run(*command: str, cwd: Path, code: str = "", **env: str) -> str:
    """The output of a command that reads `code`."""
    environment = {**os.environ, **env}
    done = subprocess.run(
        command, cwd=cwd, env=environment, input=code, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_home_holds_the_packages_and_the_locustfile() -> None:
    assert all((HOME / name).exists() for name in ("bench", "scenarios", "target_app", "locustfile.py"))


def test_our_modules_win_over_those_of_the_folder_and_of_pythonpath(theirs: Path) -> None:
    """The module `code` of the standard library runs what it reads."""
    said = run(*own_command("code"), cwd=theirs, code=SAY_WHERE, PYTHONPATH=str(theirs))
    assert f"{HOME / 'bench' / 'errors.py'} {theirs}\n" in said, "and the environment is as it was"


def test_a_module_that_puts_the_current_folder_first_still_finds_ours(theirs: Path) -> None:
    """As Locust does, and timeit."""
    code = "import bench.errors, scenarios.model; print(bench.errors.__file__)"
    said = run(*own_command("timeit", "-n1", "-r1", code), cwd=theirs)
    assert said.splitlines()[0] == str(HOME / "bench" / "errors.py")


def test_a_spawned_child_imports_ours_as_well(theirs: Path) -> None:
    said = run(*own_command("code"), cwd=theirs, code=SPAWN, PYTHONPATH=str(theirs))
    assert f"{HOME / 'scenarios' / 'model.py'}\n" in said


def test_arguments_arrive_as_they_are(tmp_path: Path) -> None:
    (tmp_path / "a file").write_text('{"a": 1}')
    assert run(*own_command("json.tool", "--compact", "a file"), cwd=tmp_path) == '{"a":1}\n'


def test_bench_runs_in_their_folder(theirs: Path) -> None:
    assert "uvicorn" in run(*own_command("bench", "list", "setups"), cwd=theirs)


@pytest.mark.parametrize(
    ("setup", "own", "demo"),
    [
        (Setup("a", "uvicorn"), True, True),
        (Setup("a", "gunicorn", app="target_app.main:create_app()"), True, True),
        (Setup("a", "uvicorn", app="bench.machine.bare_app:app"), True, False),
        (Setup("a", "uvicorn", app="bench.app:app"), False, False),
        (Setup("a", "uvicorn", app="target_apps.main:app"), False, False),
        (Setup("a", "uvicorn", app="target_app:app"), True, True),
        (Setup("a", "uvicorn", app="bench.machines:app"), False, False),
        (Setup("a", "running", address="http://127.0.0.1"), False, False),
        (Setup("a", "command", command=("node", "x.js")), False, False),
    ],
)
def test_apps_of_ours_are_known_by_where_they_lie(setup: Setup, own: bool, demo: bool) -> None:
    assert (is_own(setup), is_demo(setup)) == (own, demo)
    if setup.server not in ("command", "running"):
        assert (names_own(setup.app), names_demo(setup.app)) == (own, demo)


def test_a_module_is_a_file_or_a_folder(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "main.py").touch()
    found = {name: holds_module(tmp_path, name) for name in ("shop", "shop.main", "shop.other", "main")}
    assert found == {"shop": True, "shop.main": True, "shop.other": False, "main": False}
