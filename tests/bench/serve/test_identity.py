"""The identity of services, held against git, against `pip`'s own kind of files, and against real environments."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from bench.model.json_values import as_mapping
from bench.model.plan import Setup
from bench.plan.config import load_setups
from bench.serve.identity import identify
from tests.bench.repository import commit, git
from tests.bench.serve.environments import environment

PYTHON = f"CPython {platform.python_version()}"


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A service in a repository of its own, with an environment of its own; the current folder."""
    root = tmp_path / "shop-repository"
    (root / "src" / "shop").mkdir(parents=True)
    (root / "src" / "shop" / "__init__.py").touch()
    (root / "src" / "shop" / "main.py").write_text("raise SystemExit('nobody may import this')\n")
    (root / "pyproject.toml").write_text('[project]\nname = "the-shop"\nversion = "1"\n')
    (root / ".gitignore").write_text(".venv\n")
    git(root, "init", "--quiet", "--initial-branch=main")
    git(root, "add", ".")
    commit(root, "first", "2026-11-01T10:00:00+01:00")
    environment(root / ".venv", {"fastapi": "0.99.1", "Ordered_Set": "4"})
    monkeypatch.chdir(root)
    return root


def app(name: str = "mine", **more: Any) -> Setup:
    return Setup(name, "uvicorn", app="shop.main:app", **({"app_dir": "src"} | more))


def test_a_service_is_asked_and_not_the_harness(shop: Path) -> None:
    assert identify([app()]) == [
        {
            "name": "the-shop",
            "setups": ("mine",),
            "git": {"commit": git(shop, "rev-parse", "HEAD"), "dirty": False},
            "python": PYTHON,
            "packages": {"fastapi": "0.99.1", "Ordered_Set": "4"},
        }
    ]


def test_changes_make_it_dirty_and_runs_of_ours_do_not(shop: Path) -> None:
    (shop / "reports" / "20261101-smoke").mkdir(parents=True)
    (shop / "reports" / "20261101-smoke" / "run.json").write_text("{}")
    assert identify([app()])[0]["git"] == {"commit": git(shop, "rev-parse", "HEAD"), "dirty": False}
    (shop / "src" / "shop" / "main.py").write_text("changed")
    assert identify([app()])[0]["git"] == {"commit": git(shop, "rev-parse", "HEAD"), "dirty": True}


def test_setups_of_one_service_are_said_once_and_two_environments_are_two(shop: Path, tmp_path: Path) -> None:
    other = environment(tmp_path / "other", {"fastapi": "0.100.0"})
    found = identify([app("a"), app("b", python=str(other)), app("c", workers=2)])
    assert [(one["setups"], one["packages"]) for one in found] == [
        (("a", "c"), {"fastapi": "0.99.1", "Ordered_Set": "4"}),
        (("b",), {"fastapi": "0.100.0"}),
    ]
    assert {str(one["name"]) for one in found} == {"the-shop"}


def test_the_folder_of_a_setup_goes_before_the_current_one(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (found,) = identify([app(cwd=str(shop))])
    assert (found["name"], found["python"]) == ("the-shop", PYTHON)
    assert found["packages"] == {"fastapi": "0.99.1", "Ordered_Set": "4"}


def test_an_app_that_is_installed_from_its_source_is_found_there(shop: Path, tmp_path: Path) -> None:
    """As `pip install -e` leaves it: a path file in the environment, and the app in another repository."""
    away = tmp_path / "away"
    (away / "warehouse").mkdir(parents=True)
    (away / "warehouse" / "__init__.py").touch()
    git(away, "init", "--quiet")
    git(away, "add", ".")
    commit(away, "elsewhere", "2026-11-03T10:00:00+01:00")
    (site,) = (shop / ".venv").glob("lib/python*/site-packages")
    (site / "warehouse.pth").write_text(f"{away}\n")
    (found,) = identify([Setup("mine", "uvicorn", app="warehouse:app")])
    assert found["name"] == "away"
    assert found["git"] == {"commit": git(away, "rev-parse", "HEAD"), "dirty": False}


def test_an_app_that_is_installed_as_a_package_belongs_to_the_folder(shop: Path) -> None:
    (site,) = (shop / ".venv").glob("lib/python*/site-packages")
    (site / "warehouse.py").touch()
    (found,) = identify([Setup("mine", "uvicorn", app="warehouse:app")])
    assert found["name"] == "the-shop"
    assert found["git"] == {"commit": git(shop, "rev-parse", "HEAD"), "dirty": False}


def test_modules_of_the_service_do_not_get_into_the_question(shop: Path) -> None:
    """Python would import these in place of its own, if the question were asked in the app's folder."""
    for name in ("json", "email", "platform", "typing", "sitecustomize"):
        (shop / "src" / f"{name}.py").write_text("raise SystemExit('imported')\n")
        (shop / f"{name}.py").write_text("raise SystemExit('imported')\n")
    assert identify([app()])[0]["packages"] == {"fastapi": "0.99.1", "Ordered_Set": "4"}


def test_our_own_path_of_imports_does_not_reach_the_question(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "spoilt").mkdir()
    (tmp_path / "spoilt" / "json.py").write_text("raise SystemExit('imported')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "spoilt"))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "spoilt" / "json.py"))
    assert identify([app()])[0]["python"] == PYTHON


def test_outside_of_a_repository_there_is_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "plain").mkdir()
    (tmp_path / "plain" / "mine.py").touch()
    monkeypatch.chdir(tmp_path / "plain")
    (found,) = identify([Setup("a", "uvicorn", app="mine:app")])
    assert (found["name"], found["git"], found["python"]) == ("plain", None, PYTHON)
    packages = found["packages"]
    assert isinstance(packages, Mapping)  # without an environment of its own it runs in the harness's
    assert packages["uvicorn"] == metadata.version("uvicorn")


@pytest.mark.parametrize("content", ["[tool.x]\n", "[project]\nname = 3\n", "not TOML"])
def test_without_a_name_of_its_own_a_service_is_called_after_its_repository(shop: Path, content: str) -> None:
    (shop / "pyproject.toml").write_text(content)
    assert identify([app()])[0]["name"] == "shop-repository"


def test_of_a_command_only_what_its_program_tells_is_known(shop: Path) -> None:
    commands = {
        "python": ("python", "app.py"),
        "own": (".venv/bin/uvicorn", "shop.main:app"),
        "other": ("node", "x.js"),
    }
    setups = [Setup(name, "command", command=command) for name, command in commands.items()]
    found = {str(name): one for one in identify(setups) for name in one["setups"]}  # type: ignore[attr-defined]
    assert (
        found["python"]["packages"] == found["own"]["packages"] == {"fastapi": "0.99.1", "Ordered_Set": "4"}
    )
    assert (found["other"]["python"], found["other"]["packages"]) == (None, {})
    assert {str(one["name"]) for one in found.values()} == {"the-shop"}


def test_the_name_of_the_configuration_goes_before_that_of_the_source(shop: Path, tmp_path: Path) -> None:
    other = environment(tmp_path / "other", {"fastapi": "0.100.0"})
    found = identify([app(), Setup("b", "uvicorn", python=str(other))], "the-cart")
    assert [one["name"] for one in found] == ["the-cart", "fastapi-bench"]
    assert shop == Path.cwd()


def test_of_a_server_that_runs_already_the_address_alone_is_known(shop: Path) -> None:
    """The folder that the command is typed in says nothing of it."""
    address = "http://127.0.0.1:8000/api"
    setups = [Setup("already", "running", address=address), app(), Setup("again", "running", address=address)]
    there, here = identify(setups)
    assert there == {
        "name": address,
        "setups": ("already", "again"),
        "git": None,
        "python": None,
        "packages": {},
    }
    assert (here["name"], here["setups"]) == ("the-shop", ("mine",))
    assert shop == Path.cwd()


def test_an_interpreter_that_does_not_run_leaves_the_source(shop: Path) -> None:
    (shop / ".venv" / "bin" / "python").unlink()
    (shop / ".venv" / "bin" / "python").write_text("#!/bin/sh\nexit 1\n")
    (shop / ".venv" / "bin" / "python").chmod(0o755)
    (found,) = identify([app()])
    assert (found["name"], found["python"], found["packages"]) == ("the-shop", None, {})


def test_the_apps_of_the_harness_are_no_service(shop: Path) -> None:
    assert identify(load_setups().values()) == []
    assert shop == Path.cwd()


def test_a_package_of_ones_own_may_have_the_name_of_ours(shop: Path) -> None:
    for name in ("bench", "scenarios"):
        (shop / name).mkdir()
        (shop / name / "__init__.py").touch()
    setups = [Setup(name, "uvicorn", app=f"{name}.main:app") for name in ("bench", "scenarios")]
    assert [(one["name"], one["setups"]) for one in identify(setups)] == [
        ("the-shop", ("bench", "scenarios"))
    ]


def test_our_app_in_an_interpreter_that_was_asked_for_is_a_service_of_its_own(
    shop: Path, tmp_path: Path
) -> None:
    other = environment(tmp_path / "other", {"fastapi": "0.100.0"})
    (found,) = identify([Setup("a", "uvicorn"), Setup("b", "uvicorn", python=str(other))])
    assert (found["name"], found["setups"]) == ("fastapi-bench", ("b",))
    packages = as_mapping(found["packages"])
    named = {
        name for name in packages if name != "fastapi-bench"
    }  # an editable install leaves that one in our folder
    assert (named, packages["fastapi"]) == ({"fastapi"}, "0.100.0")
