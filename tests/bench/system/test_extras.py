"""Extras are read from the metadata of what is installed, as installers write it."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.model.plan import Setup
from bench.system.extras import check_demo, install_command, left_out, missing, need

METADATA = """Metadata-Version: 2.4
Name: fastapi-bench
Version: 9
Requires-Dist: a-core-package-x>=2
Requires-Dist: numpy>=2; extra == "charts"
Requires-Dist: no-such-package-x[fast]>=3.9 ; extra == "charts"
Requires-Dist: no.such_package-y; python_version < "99" and extra == 'locust'
Requires-Dist: numpy; extra == "well"
Requires-Dist: no-a-x; extra == "many"
Requires-Dist: no-b-x; extra == "many"
Requires-Dist: no-c-x; extra == "many"
Requires-Dist: no-d-x; extra == "many"
Requires-Dist: no-e-x; extra == "many"
"""


@pytest.fixture
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another installation of the harness, in front of the real one."""
    folder = tmp_path / "fastapi_bench-9.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(METADATA)
    monkeypatch.syspath_prepend(tmp_path)
    assert metadata.version("fastapi-bench") == "9"


@pytest.mark.usefixtures("_installed")
@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ("charts", ("no-such-package-x",)),
        ("locust", ("no.such_package-y",)),
        ("well", ()),
        ("no-such-extra", ()),
    ],
)
def test_what_is_missing_of_an_extra(extra: str, expected: tuple[str, ...]) -> None:
    assert missing(extra) == expected


@pytest.mark.usefixtures("_installed")
def test_a_need_that_is_not_met_names_the_command_for_all_that_is_missing() -> None:
    with pytest.raises(UsageError) as caught:
        need("charts", "well", "locust", what="this")
    assert "pip install 'fastapi-bench[charts,locust]'" in str(caught.value)
    assert caught.value.status == 2
    need("well", what="this")


@pytest.mark.usefixtures("_installed")
def test_many_packages_are_counted() -> None:
    assert "(not installed: no-a-x, no-b-x, no-c-x and 2 more packages)" in str(left_out("many", "charts"))
    assert left_out("well", "charts") is None


def test_the_command_is_for_this_interpreter() -> None:
    assert sys.executable in install_command("app")
    assert "pip install 'fastapi-bench[app,servers]'" in install_command("app", "servers")


def test_a_source_tree_that_is_not_installed_lacks_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [])
    assert missing("charts") == ()


@pytest.mark.usefixtures("_installed")
def test_the_demo_app_needs_its_packages_and_an_app_of_ones_own_none_of_ours(tmp_path: Path) -> None:
    needs = 'Requires-Dist: no-a-x; extra == "app"\nRequires-Dist: no-b-x; extra == "servers"\n'
    (tmp_path / "fastapi_bench-9.dist-info" / "METADATA").write_text(METADATA + needs)
    mine = Setup("mine", "uvicorn", app="my_app:app")
    check_demo([mine, Setup("anchor", "uvicorn", app="bench.machine.bare_app:app")])
    with pytest.raises(UsageError, match=r"'demo' .* no-a-x and no-b-x .*\[app,servers\]"):
        check_demo([mine, Setup("demo", "uvicorn")])
