"""Real interpreters, asked who they are and what they have; `pip`'s own kind of files tell them of packages."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import pytest

from bench.errors import ServerError
from bench.serve.interpreter_facts import ask
from tests.bench.serve.environments import environment


def test_an_interpreter_says_what_it_is_and_has(tmp_path: Path) -> None:
    facts = ask(environment(tmp_path / "x", {}), ("json", "os.path", "uvloop", "email.message", "email.no"))
    assert facts.version == ".".join(map(str, sys.version_info[:3]))
    assert facts.modules == {"json", "email.message"}
    assert facts.title == f"{platform.python_implementation()} {facts.version}"
    assert (facts.packages, facts.places) == ({}, ())
    assert facts.free_threaded is False


def test_modules_are_looked_for_where_the_service_would(tmp_path: Path) -> None:
    path = environment(tmp_path / "x", {})
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "uvloop.py").touch()
    assert ask(path, ("uvloop",)).modules == frozenset()
    assert ask(path, ("uvloop",), (tmp_path / "lib",)).modules == {"uvloop"}


def test_a_program_that_is_no_python_is_an_error_that_says_so(tmp_path: Path) -> None:
    with pytest.raises(ServerError, match=r"^/bin/false does not run: "):
        ask(Path("/bin/false"))
    with pytest.raises(ServerError, match=r"^/bin/echo does not run: "):
        ask(Path("/bin/echo"))
    absent = tmp_path / "absent"
    with pytest.raises(ServerError, match="does not run: "):
        ask(absent)
    assert not os.access(absent, os.F_OK)


def test_a_package_is_said_once_in_the_spelling_of_the_one_that_is_imported(tmp_path: Path) -> None:
    path = environment(tmp_path / "x", {"Ordered_Set": "4", "fastapi": "0.99.1"})
    other = environment(tmp_path / "y", {"ordered.set": "5", "FastAPI": "1", "zope.interface": "2"})
    folders = tuple(other.parents[1].glob("lib/python*/site-packages"))
    assert ask(path).packages == {"fastapi": "0.99.1", "Ordered_Set": "4"}
    assert ask(path, (), folders).packages == {"FastAPI": "1", "ordered.set": "5", "zope.interface": "2"}


def test_a_module_is_found_and_not_imported(tmp_path: Path) -> None:
    path = environment(tmp_path / "x", {})
    (tmp_path / "src" / "shop").mkdir(parents=True)
    (tmp_path / "src" / "shop" / "__init__.py").write_text("raise SystemExit(3)")
    (tmp_path / "src" / "single.py").write_text("raise SystemExit(3)")
    folders = (tmp_path / "src",)
    assert ask(path, ("shop",), folders, "shop").places[0] == tmp_path / "src" / "shop"
    assert ask(path, (), folders, "single").places == folders
    assert ask(path, (), (), "shop").places == ()


@pytest.mark.parametrize("variable", ["", "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP"])
def test_nothing_of_the_current_folder_or_of_a_variable_gets_into_the_question(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """Python would import these in place of its own."""
    path = environment(tmp_path / "x", {})
    for name in ("json", "platform", "importlib", "sysconfig", "sitecustomize", "os"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)
    if variable:
        monkeypatch.setenv(variable, str(tmp_path))
    assert ask(path).executable == path
