"""The check of a wheel, on the wheel that this work tree gives and on copies of it with faults."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tools.wheel import PACKAGE, faults, main

DROPPED = (
    "fastapi_bench/bench/py.typed",
    "fastapi_bench/bench/plan/setups.toml",
    "fastapi_bench/target_app/templates/fortunes.html",
    "fastapi_bench/locustfile.py",
    "fastapi_bench/__main__.py",
)
ADDED = ("fastapi_bench/tools/wheel.py", "fastapi_bench/bench/.env", "fastapi_bench/reports/README.md")


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


def test_the_wheel_of_this_tree_holds_one_package_and_nothing_else(
    wheel: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert list(faults(wheel)) == []
    assert main([str(wheel)]) == 0
    assert capsys.readouterr().out.startswith(f"{wheel.name}: holds {PACKAGE}")


def test_one_name_goes_to_the_top_level(wheel: Path) -> None:
    """As an installer sees it: by the wheel's own list of its files."""
    with zipfile.ZipFile(wheel) as archive:
        (record,) = (name for name in archive.namelist() if name.endswith(".dist-info/RECORD"))
        names = [line.partition(",")[0] for line in archive.read(record).decode().splitlines()]
        top = archive.read(record.replace("RECORD", "top_level.txt")).decode().split()
    assert {name.partition("/")[0] for name in names if ".dist-info/" not in name} == {PACKAGE}
    assert top == [PACKAGE]


def test_the_wheel_is_typed_and_holds_data_files(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    data = {
        *("py.typed", "bench/py.typed", "scenarios/py.typed", "target_app/py.typed"),
        *("bench/plan/plans.toml", "bench/report/page.css", "bench/report/templates/report.html.jinja"),
        *("bench/serve/peers/main.go", "bench/serve/peers/server.js", "target_app/migrations/script.py.mako"),
    }
    assert {f"{PACKAGE}/{name}" for name in data} <= names
    assert not any(
        part in name.split("/") for name in names for part in ("tools", "tests", "reports", "docs")
    )


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


def test_a_second_name_at_the_top_level_is_a_fault(wheel: Path, tmp_path: Path) -> None:
    top, _ = faults(rewrite(wheel, tmp_path, added="bench/__init__.py"))
    assert top.startswith("bench is at the top level")


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
