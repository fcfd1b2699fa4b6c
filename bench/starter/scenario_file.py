"""The text of a file of scenarios, whatever they were made from. Pure but for its template."""

from __future__ import annotations

import ast
import builtins
import keyword
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.starter.expressions import Call, Code, quoted, render
from bench.starter.operations import Operation
from bench.starter.templating import STEP, fill

SCENARIOS = "bench_scenarios.py"

_TYPES = {"application/json": "JSON", "text/html": "HTML", "text/plain": "TEXT"}
"""Content types that have a name of their own in the file."""
_SINGLE = '''\
def _single(name: str, request: Request, about: str = "") -> Scenario:
    """A scenario of one request, which is compared with no other scenario."""
    return Scenario(name, Always(request), about=about, group=name)'''
_IMPORTS = (
    ("", ("json", "os", "re")),
    ("random", ("Random",)),
    ("urllib.parse", ("quote", "urlencode")),
    ("uuid", ("uuid4",)),
    ("scenarios.forms", ("FormField", "multipart_request", "read_upload")),
    ("scenarios.model", ("Flow", "Pause", "Request", "Scenario", "content_type", "json_request")),
    ("scenarios.single", ("Always", "with_headers")),
)
"""The names that a file may use, with the modules that they come from, in the order of their lines."""
RESERVED = frozenset(
    {
        *(name for _, names in _IMPORTS for name in names),
        *(*_TYPES.values(), *keyword.kwlist, *dir(builtins)),
        *("SCENARIOS", "scenario", "answer", "found", "annotations"),
    }
)
"""The names that nothing else in a file may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioFile:
    """The scenarios of a file by their names, and what stands before them, each piece as Python text.

    `origin` is a paragraph that says where it comes from. Helpers are functions that the constants use. Stubs are
    scenarios that stand in the table as comments, each with its operation.
    """

    name: str
    origin: str
    scenarios: Mapping[str, Call]
    stubs: Sequence[tuple[Operation, Call]] = ()
    helpers: Sequence[str] = ()
    constants: Sequence[str] = ()
    flows: Sequence[str] = ()
    is_journey: bool = False


def type_check(content_type: str) -> Code | Call:
    """The check of a content type: a constant of the file, where it is a usual one."""
    name = _TYPES.get(content_type)
    return Code(name) if name else Call("content_type", [content_type])


def write(file: ScenarioFile) -> str:
    """The whole text, with what it imports."""
    entries = [_entry(each) for each in file.scenarios.values()]
    stubs = [(operation, _entry(each)) for operation, each in file.stubs]
    table = [*entries, *(text for _, text in stubs)]
    flows = [_SINGLE, *file.flows] if any("_single(" in text for text in table) else file.flows
    used = _names("\n\n".join([*file.helpers, *file.constants, *flows, "SCENARIOS = (", *table, "Scenario)"]))
    checks = [f"{name} = content_type({quoted(kind)})" for kind, name in _TYPES.items() if name in used]
    constants = [*(["\n".join(checks)] if checks else []), *file.constants]
    contents = {
        "file": file,
        "imports": _imports(used | ({"content_type"} if checks else set())),
        "body": _body(file.helpers, constants, flows),
        "journey": render(dict(file.scenarios), "", len("SCENARIOS = ")) if file.is_journey else "",
        "entries": entries,
        "stubs": stubs,
    }
    return fill("bench_scenarios.py.jinja", contents)


def _entry(scenario: Call) -> str:
    """An entry of the table of scenarios."""
    return f"{STEP * 2}{render(scenario, STEP * 2, 1)},"


def _body(helpers: Sequence[str], constants: Sequence[str], flows: Sequence[str]) -> str:
    """The part between the imports and the table: one blank line before a constant, two around a function."""
    made = "".join(f"\n\n{helper}\n" for helper in helpers)
    made += "\n" if helpers and constants else ""
    made += "".join(f"\n{constant}\n" for constant in constants)
    return made + "".join(f"\n\n{flow}\n" for flow in flows)


def _imports(used: set[str]) -> list[str]:
    """The lines that import names: those of the standard library, then ours."""
    groups: list[list[str]] = [[], []]
    for module, names in _IMPORTS:
        found = [name for name in names if name in used]
        group = groups[module.startswith("scenarios")]
        if not module:
            group += [f"import {name}" for name in found]
        elif found:
            group.append(f"from {module} import {', '.join(found)}")
    return ["\n".join(group) for group in groups if group]


def _names(text: str) -> set[str]:
    return {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
