"""The check of a wheel, on the wheel that this work tree gives and on copies of it with faults."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tools.wheel import MODULES, PACKAGES, ROOT, faults, main

BUILD = "import sys, setuptools.build_meta as backend; print(backend.build_wheel(sys.argv[1]))"
DROPPED = ("bench/py.typed", "bench/plan/setups.toml", "target_app/templates/fortunes.html", "locustfile.py")
ADDED = ("tools/wheel.py", "tests/conftest.py", "reports/README.md")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by the backend of pyproject.toml without a network, from a copy that keeps the tree clean."""
    copy, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in ("pyproject.toml", "README.md", "LICENSE", *MODULES):
        shutil.copy(ROOT / name, copy / name)
    for name in (*PACKAGES, "tools", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        [sys.executable, "-c", BUILD, str(out)],
        cwd=copy,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (built,) = out.glob("*.whl")
    return built


def rewrite(wheel: Path, folder: Path, *, without: str = "", added: str = "") -> Path:
    """A copy of a wheel that lacks one file, or has one more."""
    copy = folder / wheel.name
    with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(copy, "w") as new:
        for name in old.namelist():
            if name != without:
                new.writestr(name, old.read(name))
        if added:
            new.writestr(added, "")
    return copy


def test_the_wheel_of_this_tree_holds_the_three_packages_and_nothing_else(
    wheel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert list(faults(wheel)) == []
    assert main([str(wheel)]) == 0
    assert capsys.readouterr().out.startswith(f"{wheel.name}: holds bench, scenarios, target_app")


def test_the_wheel_is_typed_and_holds_data_files(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"{package}/py.typed" for package in PACKAGES} <= names
    assert {"bench/plan/plans.toml", "bench/report/page.css", "target_app/migrations/script.py.mako"} <= names
    assert not any(name.startswith(("tools/", "tests/", "reports/", "docs/")) for name in names)


@pytest.mark.parametrize("name", DROPPED)
def test_a_file_that_is_missing_is_a_fault(
    wheel: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    assert main([str(rewrite(wheel, tmp_path, without=name))]) == 1
    assert f": {name} is missing" in capsys.readouterr().out


@pytest.mark.parametrize("name", ADDED)
def test_a_file_from_outside_the_packages_is_a_fault(wheel: Path, tmp_path: Path, name: str) -> None:
    (fault,) = faults(rewrite(wheel, tmp_path, added=name))
    assert fault == f"{name} does not belong in the wheel"


def test_a_wheel_without_its_licence_is_a_fault(wheel: Path, tmp_path: Path) -> None:
    (licence,) = (name for name in zipfile.ZipFile(wheel).namelist() if name.endswith("/LICENSE"))
    (fault,) = faults(rewrite(wheel, tmp_path, without=licence))
    assert fault == "licenses/LICENSE is missing from the metadata"


@pytest.mark.parametrize("arguments", [[], ["a.whl", "b.whl"], ["nowhere.whl"], [__file__]])
def test_wrong_usage_is_2_and_a_sentence(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
