"""A file of scenarios: what it imports, and that formatter and linter find nothing to change."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from bench.starter.expressions import Call, Code
from bench.starter.files import render_operations
from bench.starter.operations import Operation
from bench.starter.scenario_file import RESERVED, ScenarioFile, type_check, write

GET = Operation(
    name="get-items", method="GET", path="/items", target="/items", content_type="application/json"
)
OTHER = Operation(name="get-a", method="GET", path="/{a}", target="/1", about='a "b"', content_type="a/b")
SENDS = Operation(
    name="post-a", method="POST", path="/a", target="/a", has_json=True, json=[1], headers=(("A", "b"),)
)
STUB = Operation(
    name="get-b", method="GET", path="/b", target="/b", reason="a\nreason", content_type="text/html"
)


@pytest.mark.parametrize("operations", [(GET, OTHER), (GET, SENDS), (OTHER, SENDS, STUB), (GET, STUB)])
def test_it_imports_what_it_uses(operations: tuple[Operation, ...]) -> None:
    text = render_operations('a "name"\\', "An origin.", operations)
    formatted = ruff(text, "format", "--isolated")
    assert formatted == text
    stub_names = {"content_type", "HTML"} if STUB in operations else set()
    imported = {
        alias.name
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    used = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)} | stub_names
    assert imported - used == set()
    assert {
        "Request",
        "Scenario",
        "content_type",
        "json_request",
        "with_headers",
        "Always",
    } & used <= imported


def ruff(text: str, *arguments: str) -> str:
    command = [sys.executable, "-m", "ruff", *arguments, "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout


def test_helpers_stand_before_constants_and_constants_before_flows() -> None:
    made = ScenarioFile(
        name="x",
        origin="y",
        scenarios={"x": Call("Scenario", ["x", Code("flow")], {"group": "x"})},
        helpers=["def helper() -> int:\n    return 1"],
        constants=["A = helper()"],
        flows=["def flow(_rng: Random) -> Flow:\n    yield A"],
        is_journey=True,
    )
    text = write(made)
    assert ruff(text, "format", "--isolated") == text
    assert text.index("def helper") < text.index("A = ") < text.index("def flow") < text.index("SCENARIOS = ")
    assert "from random import Random\n\nfrom scenarios.model import Flow, Scenario\n" in text


def test_usual_types_have_names_that_nothing_else_may_have() -> None:
    assert type_check("application/json") == Code("JSON")
    assert type_check("a/b") == Call("content_type", ["a/b"])
    assert {"JSON", "Request", "json", "class", "print", "answer", "SCENARIOS"} <= RESERVED
