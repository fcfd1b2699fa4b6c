"""Modules come from the tree of their version, whatever the path of imports holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from bench.inside._fastapi_bench_exact.imports import own_path
from bench.system.home import HOME
from tests.bench.inside._fastapi_bench_exact.versions import APP, SCENARIOS, Folders

SAYS = "\nfrom shop.work import OF\nSAYS = lambda: f'shop of {OF}'"


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    found = Folders(tmp_path)
    found.write({"user/mine.py": "EXPECTED = 'shop of base'\n" + SCENARIOS, "base/my_app.py": APP + SAYS})
    for side in ("user", "base", "head"):
        found.write({f"{side}/src/shop/work.py": f"OF = '{side}'"})
    return found


def test_folders_of_other_versions_become_those_of_the_own_one(folders: Folders, tmp_path: Path) -> None:
    job = folders.job("base", "src")
    user, base, head = (tmp_path / name for name in ("user", "base", "head"))
    path = [
        str(user),
        str(user / "lib"),
        str(head / "lib"),
        str(base / "lib"),
        "/usr/lib/python3",
        "python.zip",
    ]
    assert own_path(job, path) == [
        *(str(base / "src"), str(base)),
        *(
            str(base),
            str(base / "lib"),
            str(base / "lib"),
            str(base / "lib"),
            "/usr/lib/python3",
            "python.zip",
        ),
    ]


def test_what_is_installed_stays_where_it_is(folders: Folders, tmp_path: Path) -> None:
    installed = str(tmp_path / "user" / ".venv" / "lib" / "python3.11" / "site-packages")
    job = folders.job("base")
    assert own_path(job, [installed])[-1] == installed


@pytest.mark.parametrize("entry", ["src", "{user}/src"], ids=["relative", "the user's"])
def test_a_src_layout_is_found_by_pythonpath(folders: Folders, tmp_path: Path, entry: str) -> None:
    path = entry.format(user=tmp_path / "user")
    assert folders.asked(folders.job("base"), PYTHONPATH=path) == (0, "")


def test_a_src_layout_is_found_in_the_folders_that_a_job_names(folders: Folders) -> None:
    assert folders.asked(folders.job("base", "src")) == (0, "")


FINDER = """
import sys, importlib.util
class Finder:
    def find_spec(name, path=None, target=None):
        if name == "shop.work":
            return importlib.util.spec_from_file_location(name, {file!r})
sys.meta_path.insert(0, Finder)
"""
"""As some editable installs do it."""


def test_a_module_of_the_working_tree_is_refused_where_the_own_tree_has_it(
    folders: Folders, tmp_path: Path
) -> None:
    stranger = tmp_path / "user" / "src" / "shop" / "work.py"
    folders.write({"base/my_app.py": FINDER.format(file=str(stranger)) + APP + SAYS})
    status, said = folders.asked(folders.job("base", "src"))
    assert status == 1
    assert f"module shop.work was imported from {stranger}, not from its own tree" in said


def test_a_package_without_a_file_is_refused_as_well(folders: Folders, tmp_path: Path) -> None:
    """A submodule that was not checked out is an empty folder, and one that lies elsewhere is taken in its place."""
    folders.write(
        {
            "base/my_app.py": f"sys = __import__('sys'); sys.path.insert(0, {str(tmp_path / 'user' / 'src')!r})\n"
            + APP
            + SAYS
        }
    )
    status, said = folders.asked(folders.job("base", "src"))
    assert (status, "module shop was imported from" in said) == (1, True)


def test_a_module_that_the_own_tree_lacks_is_borrowed_and_said(folders: Folders, tmp_path: Path) -> None:
    work = tmp_path / "base" / "src" / "shop" / "work.py"
    work.rename(work.with_name("other.py"))
    stranger = tmp_path / "user" / "src" / "shop" / "work.py"
    folders.write(
        {
            "base/my_app.py": FINDER.format(file=str(stranger)) + APP + SAYS,
            "user/mine.py": "EXPECTED = 'shop of user'\n" + SCENARIOS,
        }
    )
    assert folders.asked(folders.job("base", "src")) == (0, "src/shop/work.py")


def test_the_harness_itself_may_lie_in_the_users_repository(folders: Folders) -> None:
    """Under all its names: multiprocessing calls the program `__mp_main__` as well."""
    alias = "\nsys.modules['__mp_main__'] = sys.modules['__main__']"
    folders.write(
        {"base/my_app.py": APP + SAYS + alias, "base/bench/inside/_fastapi_bench_exact/tracing.py": ""}
    )
    job = folders.job("base", "src")
    assert folders.traced(replace(job, foreign=(HOME, *job.foreign))) == (0, "")


def test_an_app_of_the_working_tree_is_refused(folders: Folders, tmp_path: Path) -> None:
    folders.write({"user/lib/my_app.py": APP + SAYS})
    (tmp_path / "base" / "my_app.py").unlink()
    job = folders.job("base", "src")
    status, said = folders.asked(job, PYTHONPATH=str(tmp_path / "user" / "lib"))
    assert (status, "No module named 'my_app'" in said) == (1, True)
