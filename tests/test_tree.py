"""Tests stand in the tree of what they test: each module of bench and tools that holds logic has its file."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("bench", "tools")

DRAWN = "test_drawing.py, test_study.py and test_timelines.py check where what it draws stands"
FLEET = "test_fleet.py runs it as a process of its own"
INSTALLED = "test_installed.py runs it from the wheel"
EXCEPTIONS = {
    "bench/engines/asgi_benchmark.py": "test_pytest_plugin.py runs it under pytest",
    "bench/__main__.py": "calls bench.cli.main, as all tests do that start a command",
    "bench/locust/native_crowd.py": "test_native_user.py has users of Locust's lead it",
    "bench/locust/roll_call.py": "test_worker.py has a master ask for a class that a worker does not have",
    "bench/machine/bare_app.py": "one constant answer: test_bare_server.py compares both servers",
    "bench/locust/follower.py": FLEET,
    "bench/locust/leader.py": FLEET,
    "bench/locust/messages.py": "names of messages",
    "bench/machine/diagnosis.py": "a dataclass with fields only",
    "bench/machine/selftest/workload.py": "one constant scenario",
    "bench/measure/workbench.py": "dataclasses with fields only",
    "bench/model/record.py": "dataclasses with fields only",
    "bench/report/contents.py": "a dataclass with fields only",
    "bench/results/study/claim.py": "dataclasses with fields only",
    "bench/report/charts/drift.py": "test_drift.py checks what it draws",
    "bench/report/charts/lanes.py": DRAWN,
    "bench/report/charts/plane.py": DRAWN,
    "bench/report/charts/stacks.py": DRAWN,
    "bench/report/charts/strips.py": DRAWN,
    "bench/report/charts/times.py": DRAWN,
    "tools/package/fastapi_bench/__init__.py": INSTALLED,
    "tools/package/fastapi_bench/__main__.py": INSTALLED,
}
"""Modules without a test file of their own, and why."""


def holds_code(path: Path) -> bool:
    """Whether a module has more than a docstring."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return any(not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant)) for one in body)


def beside(module: Path) -> Path:
    """`tests/a/test_b.py` for `a/b.py` and `a/_b.py`, `tests/a/test_a.py` for `a/__init__.py`."""
    name = module.parent.name if module.name == "__init__.py" else module.stem.strip("_")
    return Path("tests") / module.parent / f"test_{name}.py"


MODULES = sorted(
    path.relative_to(ROOT)
    for room in ROOMS
    for path in (ROOT / room).rglob("*.py")
    if not path.is_symlink() and holds_code(path)
)


def test_every_module_that_holds_logic_has_a_test_file_beside_it() -> None:
    missing = [str(path) for path in MODULES if not (ROOT / beside(path)).exists()]
    assert len(MODULES) > 150
    assert [path for path in missing if path not in EXCEPTIONS] == []


@pytest.mark.parametrize("path", EXCEPTIONS)
def test_an_exception_is_a_module_that_is_there_and_has_no_test_file(path: str) -> None:
    assert Path(path) in MODULES
    assert not (ROOT / beside(Path(path))).exists()
    assert EXCEPTIONS[path]
