"""Faults against the app as it is: they fit, they compile, and what they add is what they say."""

from __future__ import annotations

import ast
from collections import Counter
from pathlib import Path

import pytest

from bench.errors import GateError
from scenarios import SCENARIOS
from tools.calibration.faults import (
    DOCUMENTED,
    EXACT,
    FAULTS,
    HANDLERS,
    PRICED,
    Patch,
    SeededFault,
    add_loop,
    change_documentation,
    watched_scenarios,
)

ROOT = Path(__file__).parents[3]
PATCHES = [
    pytest.param(patch, id=f"{fault.name}: {scenario}: {patch.file}")
    for fault in FAULTS.values()
    for scenario, patches in fault.spoiled.items()
    for patch in patches
]


def source(file: str) -> str:
    return (ROOT / file).read_text(encoding="utf-8")


def calls(code: str) -> Counter[str]:
    """The calls in a source, as they are written."""
    return Counter(ast.unparse(node.func) for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call))


@pytest.mark.parametrize("patch", PATCHES)
def test_every_fault_fits_the_app_once_and_compiles(patch: Patch) -> None:
    assert source(patch.file).count(patch.anchor) == 1
    faulty = patch.apply(source(patch.file), turns=7)
    compile(faulty, patch.file, "exec")
    assert (faulty != source(patch.file), "TURNS" in faulty) == (True, False)


@pytest.mark.parametrize("scenario", HANDLERS)
def test_a_loop_is_in_the_one_handler_and_its_docstring_stays_one(scenario: str) -> None:
    patch = add_loop(scenario)
    tree = ast.parse(patch.apply(source(patch.file), turns=123))
    spoiled = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(ast.unparse(line).startswith("for _ in b'.' * 123") for line in node.body)
    ]
    (handler,) = spoiled
    assert handler.name == scenario.replace("-", "_")
    assert ast.get_docstring(handler) == HANDLERS[scenario][1]


@pytest.mark.parametrize(
    ("fault", "scenario", "more"),
    [
        pytest.param("query", "db-orm-async", {"crud.read": 1}, id="one query more"),
        pytest.param("blocking", "io-async", {"sleep_async": -1, "sleep": 1}, id="a wait that blocks"),
        pytest.param("leak", "noop-async", {"_KEPT.append": 1, "bytearray": 1}, id="something is kept"),
        pytest.param("waiting", "io-async", {}, id="a longer wait calls nothing else"),
    ],
)
def test_what_a_fault_calls_that_the_app_does_not(fault: str, scenario: str, more: dict[str, int]) -> None:
    patches = FAULTS[fault].spoiled[scenario]
    before = after = source(patches[0].file)
    for patch in patches:
        after = patch.apply(after)
    found = calls(after)
    found.subtract(calls(before))
    assert {name: count for name, count in found.items() if count} == more


@pytest.mark.parametrize(
    "app", [pytest.param("nothing of it", id="gone"), pytest.param("here, and here", id="twice")]
)
def test_a_fault_that_does_not_fit_any_more_is_said_loudly(app: str) -> None:
    with pytest.raises(GateError, match="times, not once"):
        Patch("app.py", "here", "there").apply(app)


@pytest.mark.parametrize("file", DOCUMENTED)
def test_words_change_no_code(file: str) -> None:
    code = source(file)
    first, second = change_documentation(code, 0), change_documentation(code, 6)
    assert len({code, first, second}) == 3
    bare = [ast.dump(ast.Module(ast.parse(text).body[1:], [])) for text in (code, first, second)]
    assert bare[0] == bare[1] == bare[2]
    assert ast.get_docstring(ast.parse(second)) is not None


def test_every_scenario_that_is_named_exists_and_the_exact_gate_watches_twenty() -> None:
    named = {name for fault in FAULTS.values() for name in fault.spoiled} | set(EXACT)
    assert named - set(SCENARIOS) == set()
    assert len(set(EXACT)) == 20


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_what_is_spoiled_is_watched_and_something_else_beside_it(fault: SeededFault) -> None:
    assert set(fault.spoiled) <= set(EXACT)
    rest = set(watched_scenarios("paired", fault)) - set(fault.spoiled)
    assert bool(rest) != fault.alone
    assert set(fault.spoiled) <= set(watched_scenarios("paired", fault))


def test_the_exact_gate_meets_one_handler_after_the_other_the_paired_one_all_at_once() -> None:
    fault = FAULTS["cpu-5"]
    names = tuple(HANDLERS)
    assert [fault.sites("exact", number) for number in range(5)] == [(name,) for name in (*names, names[0])]
    assert fault.sites("paired", 3) == names
    assert FAULTS["a-a"].sites("exact", 2) == ()
    assert names[0] == PRICED
