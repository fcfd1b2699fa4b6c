"""Interpreters as a developer has them: real virtual environments, and whatever else this machine holds."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.errors import ServerError
from bench.model.plan import Setup
from bench.serve import interpreter
from bench.serve.interpreter import OWN, describe_interpreters, find_interpreter, service_interpreter

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


def environment(folder: Path) -> Path:
    """A new virtual environment's interpreter."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    return folder / "bin" / "python"


@pytest.fixture(autouse=True)
def none_active(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)


def test_without_a_word_it_is_the_active_one_then_the_folders_then_our_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert find_interpreter("", tmp_path) == OWN
    own = environment(tmp_path / ".venv")
    assert find_interpreter("", tmp_path).path == own
    active = environment(tmp_path / "active")
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "active"))
    assert find_interpreter("", tmp_path).path == active
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / "removed since"))
    assert find_interpreter("", tmp_path).path == own


def test_a_source_says_why_it_is_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment(tmp_path / ".venv")
    sources = [OWN.source, find_interpreter("", tmp_path).source]
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path / ".venv"))
    sources += [find_interpreter(python, tmp_path).source for python in ("", ".venv/bin/python")]
    assert len(set(sources)) == 4
    assert ".venv/bin/python" in sources[-1]


@pytest.mark.parametrize("python", [".venv/bin/python", ".venv", "{folder}/.venv/bin/python"])
def test_a_path_starts_from_the_folder_and_keeps_its_environment(python: str, tmp_path: Path) -> None:
    """The link of an environment must not be resolved: by it Python finds the environment's packages."""
    own = environment(tmp_path / ".venv")
    found = find_interpreter(python.format(folder=tmp_path), tmp_path)
    assert found.path == own
    assert found.programs == own.parent
    said = subprocess.check_output([found.path, "-c", "import sys; print(sys.prefix)"], text=True)
    assert Path(said.strip()).resolve() == (tmp_path / ".venv").resolve()


def test_a_program_is_looked_for_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = environment(tmp_path / "x")
    monkeypatch.setenv("PATH", str(own.parent))
    assert find_interpreter("python3", tmp_path).path == own.with_name("python3")


def test_a_version_is_an_environments_first(tmp_path: Path) -> None:
    own = environment(tmp_path / ".venv")
    assert find_interpreter(HERE, tmp_path).path == own
    assert find_interpreter(f"python{HERE}", tmp_path).path == own


@pytest.mark.parametrize("version", ["3.9", "3.12", "3.13"])
def test_a_version_is_found_where_this_machine_has_it(version: str, tmp_path: Path) -> None:
    """A shim of pyenv on PATH may be of a version that is not switched on."""
    try:
        found = find_interpreter(version, tmp_path)
    except ServerError:
        pytest.skip(f"no Python {version} is here")
    said = subprocess.check_output([found.path, "--version"], text=True)
    assert said.startswith(f"Python {version}.")


def test_a_shim_that_does_not_run_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shim = tmp_path / "bin" / f"python{HERE}"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\necho 'the version is not switched on' >&2\nexit 127\n")
    shim.chmod(0o755)
    kept = environment(tmp_path / f"pyenv/versions/{HERE}.1")
    monkeypatch.setenv("PATH", f"{shim.parent}:/usr/bin:/bin")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    monkeypatch.setattr(interpreter.shutil, "which", lambda name: str(shim) if name == shim.name else None)  # type: ignore[attr-defined]
    assert find_interpreter(HERE, tmp_path).path == kept


MISSING = {
    "a version": ("3.99", "uv python install 3.99"),
    "a version without a lock": ("3.99t", "uv python install 3.99t"),
    "a path": ("nowhere/bin/python", "python -m venv"),
    "a path of nobody": ("~no-such-user/python", "is no interpreter"),
    "a folder without one": (".", "is no interpreter"),
    "a program": ("pyhton3", "no such program"),
}


@pytest.mark.parametrize(("python", "way_out"), MISSING.values(), ids=MISSING)
def test_what_is_not_there_is_one_sentence_with_a_way_out(python: str, way_out: str, tmp_path: Path) -> None:
    with pytest.raises(ServerError) as caught:
        find_interpreter(python, tmp_path)
    said = str(caught.value)
    assert said.startswith(f'python = "{python}": ')
    assert way_out in said
    assert "\n" not in said


def test_an_app_of_ours_runs_in_our_own_and_one_of_the_users_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = environment(tmp_path / ".venv")
    monkeypatch.chdir(tmp_path)
    assert service_interpreter(Setup("ours", "uvicorn")) == OWN
    assert service_interpreter(Setup("theirs", "uvicorn", app="shop:app")).path == own
    assert service_interpreter(Setup("named", "uvicorn", python=".venv/bin/python")).path == own
    (tmp_path / "sub").mkdir()
    assert service_interpreter(Setup("theirs", "uvicorn", app="a:b", cwd=str(tmp_path / "sub"))) == OWN


def test_the_start_of_a_run_says_which_python_runs_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    mine = Setup("mine", "uvicorn", app="shop:app")
    setups = [
        Setup("ours", "uvicorn"),
        mine,
        replace(mine, name="other", server="granian"),
        replace(mine, name="absent", python="nowhere/python"),
        Setup("go", "command", command=("go",)),
        Setup("already", "running", address="http://127.0.0.1:8000"),
    ]
    assert list(describe_interpreters(setups)) == []
    own = environment(tmp_path / ".venv")
    assert list(describe_interpreters(setups)) == [f"mine, other: Python {own} (.venv of the folder)"]
