"""Bytecodes of each function of a request, the app's own and those of libraries."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.inside._fastapi_bench_exact.versions import APP, SCENARIOS, Folders


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    found = Folders(tmp_path)
    found.write({"user/mine.py": "EXPECTED = 'shop of base'\n" + SCENARIOS})
    return found


def test_functions_of_the_own_tree_are_told_from_those_of_libraries(folders: Folders, tmp_path: Path) -> None:
    folders.write(
        {
            "base/src/shop/work.py": "import textwrap\nfrom shop.deep import deep\nOF = textwrap.dedent(deep())",
            "base/src/shop/deep.py": "def deep():\n    return 'base'",
            "base/my_app.py": APP
            + "\nimport textwrap\nfrom shop.work import deep\nSAYS = lambda: textwrap.dedent(f'shop of {deep()}')",
        }
    )
    job = folders.job("base", "src")
    assert folders.traced(job) == (0, "")
    found = folders.functions(job)
    assert {"deep (src/shop/deep.py)", "<lambda> (my_app.py)", "app (my_app.py)"} <= set(found["own"])
    assert "dedent (textwrap.py)" in found["others"]
    assert not set(found["own"]) & set(found["others"])


def test_an_error_is_a_line_of_its_own_where_scenario_and_app_leave_one_open(folders: Folders) -> None:
    folders.write(
        {
            "user/mine.py": "print('hello', end='')\nEXPECTED = 'right'\n" + SCENARIOS,
            "base/my_app.py": APP + "SAYS = lambda: print('going', end='', flush=True) or 'wrong'",
        }
    )
    status, said = folders.traced(folders.job("base"))
    assert status == 1
    assert [line for line in said.splitlines() if line.startswith("bench: GET /: wrong-body")]


def test_a_turn_of_a_loop_is_three_bytecodes(folders: Folders) -> None:
    """FOR_ITER, STORE_FAST, JUMP_BACKWARD: see `python -m dis`."""
    loop = "def turn(count):\n    for _ in range(count):\n        pass\n    return 'shop of base'\n"
    counted = {}
    for turns in (10, 1010):
        folders.write({"base/my_app.py": APP + loop + f"SAYS = lambda: turn({turns})"})
        job = folders.job("base")
        assert folders.traced(job) == (0, "")
        counted[turns] = folders.functions(job)["own"]["turn (my_app.py)"]
    assert counted[1010] - counted[10] == 3 * 1000
