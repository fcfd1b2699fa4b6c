"""The text of `bench.toml` and of `bench_scenarios.py`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bench.starter.draft import Draft
from bench.starter.expressions import Call, Code, quoted
from bench.starter.operations import Operation
from bench.starter.scenario_file import SCENARIOS, ScenarioFile, type_check, write
from bench.starter.templating import fill

CONFIGURATION = "bench.toml"

__all__ = ["CONFIGURATION", "SCENARIOS", "render_configuration", "render_operations", "render_scenarios"]

_FORM_HEADER = ("Content-Type", "application/x-www-form-urlencoded")
_MOST_LANES = 12
"""Scenarios that the plan `default` measures: so many share its minutes well."""
_TRIED = """\
Written by `bench init`, which drew each request from the app's schema and sent it to the service: `expect` and `check`
are what came back. The file is yours now: put in values that your users send."""
_UNTRIED = """\
Written by `bench init --no-smoke`, which drew each request from the app's schema and sent none. The file is yours now:
put in values that your users send."""


def render_configuration(draft: Draft) -> str:
    """The text of `bench.toml`."""
    names = [each.name for each in draft.scenarios]
    contents = {
        "draft": draft,
        "service": draft.service,
        "framework": _framework(draft),
        "setups": [each.name for each in draft.usable],
        "scenarios": names,
        "measured": names[:_MOST_LANES],
        "compared": _pick(draft),
    }
    return fill("bench.toml.jinja", contents)


def render_scenarios(draft: Draft) -> str:
    """The text of `bench_scenarios.py`."""
    return render_operations(draft.name, _TRIED if draft.is_tried else _UNTRIED, draft.operations)


def render_operations(name: str, origin: str, operations: Sequence[Operation]) -> str:
    """The text of a file of scenarios with one request each; operations that cannot be called are comments.

    `origin` is a paragraph that says in the file where they come from.
    """
    made = ScenarioFile(
        name=name,
        origin=origin,
        scenarios={each.name: _scenario(each) for each in operations if each.is_callable},
        stubs=[(each, _scenario(each)) for each in operations if not each.is_callable],
    )
    return write(made)


def _framework(draft: Draft) -> str:
    service = draft.service
    version = service.packages.get(service.framework, "")
    title = {"fastapi": "FastAPI", "blacksheep": "BlackSheep"}.get(
        service.framework, service.framework.title()
    )
    return f"{title} {version}".strip() or f"a plain {service.interface.upper()} app"


def _pick(draft: Draft) -> list[str]:
    """Two scenarios to compare servers with: a GET, not of the health path, and the first that sends, else two GETs."""
    reads = [each for each in draft.scenarios if each.method == "GET"]
    reads.sort(key=lambda each: (each.target == draft.health, len(each.target)))
    writes = [each for each in draft.scenarios if each.method != "GET"]
    return [each.name for each in (*reads[:1], *writes[:1], *reads[1:], *writes[1:])][:2]


def _scenario(operation: Operation) -> Call:
    """The expression that makes the scenario of an operation."""
    about = [operation.about] if operation.about else []
    return Call("_single", [operation.name, _request(operation), *about])


def _request(operation: Operation) -> Call:
    """The expression that makes the request of an operation."""
    words: dict[str, Any] = {}
    if "{" in operation.path:
        words["name"] = f"{operation.method} {operation.path}"
    if operation.expect != 200:
        words["expect"] = operation.expect
    if operation.content_type:
        words["check"] = type_check(operation.content_type)
    first: list[Any] = [operation.method, operation.target]
    if operation.has_json:
        made = Call("json_request", [*first, operation.json], words)
        return Call("with_headers", [made, operation.headers]) if operation.headers else made
    headers = operation.headers
    if operation.form:
        first.append(Code(f"{quoted(operation.form)}.encode()"))
        headers = (_FORM_HEADER, *headers)
    if headers:
        words = {"headers": headers, **words}
    return Call("Request", first, words)
