"""The text of `bench.toml` and of `bench_scenarios.py`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from bench.starter.draft import Draft
from bench.starter.operations import Operation

if TYPE_CHECKING:
    from jinja2 import Environment

CONFIGURATION = "bench.toml"
SCENARIOS = "bench_scenarios.py"

_WIDE = 88
_STEP = "    "
_TYPES = {"application/json": "JSON", "text/html": "HTML", "text/plain": "TEXT"}
"""Content types that have a name of their own in the file."""
_FORM_HEADER = ("Content-Type", "application/x-www-form-urlencoded")
_MOST_LANES = 12
"""Scenarios that the plan `default` measures: so many share its minutes well."""


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
    return _templates().get_template("bench.toml.jinja").render(contents)


def render_scenarios(draft: Draft) -> str:
    """The text of `bench_scenarios.py`."""
    entries = [_scenario(each) for each in draft.scenarios]
    stubs = [(each, _scenario(each)) for each in draft.stubs]
    text = "\n".join([*entries, *(entry for _, entry in stubs)])
    contents = {
        "draft": draft,
        "entries": entries,
        "stubs": stubs,
        "types": [(name, kind) for kind, name in _TYPES.items() if f"check={name}" in text],
        "checks": "check=" in text,
        "sends_json": "json_request(" in text,
        "with_headers": "with_headers(" in text,
    }
    return _templates().get_template("bench_scenarios.py.jinja").render(contents)


@cache
def _templates() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("bench.starter"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    made.filters |= {"toml": toml, "commented": _commented, "line": _one_line}
    return made


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


# --- TOML ----------------------------------------------------------------------------------------


def toml(value: object) -> str:
    """A text, a number, a list or a table of texts as TOML writes it."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{toml(str(key))} = {toml(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


# --- Python --------------------------------------------------------------------------------------


def literal(value: Any, indent: str = "") -> str:
    """A JSON value as Python writes it, over several lines where one is too long."""
    if isinstance(value, str):
        return _quote(value)
    if not isinstance(value, list | dict) or not value:
        return repr(value)
    short = _brackets(value, [literal(each) for each in _parts(value)], ", ", "")
    if len(indent + short) <= _WIDE and "\n" not in short:
        return short
    inner = indent + _STEP
    return _brackets(
        value, [f"\n{inner}{literal(each, inner)}," for each in _parts(value)], "", f"\n{indent}"
    )


def _parts(value: list[Any] | dict[str, Any]) -> list[Any]:
    return value if isinstance(value, list) else list(value.values())


def _brackets(value: list[Any] | dict[str, Any], parts: list[str], between: str, end: str) -> str:
    if isinstance(value, list):
        return f"[{between.join(parts)}{end}]"
    pairs = []
    for key, part in zip(value, parts, strict=True):
        space = part[: len(part) - len(part.lstrip("\n "))]
        pairs.append(f"{space}{_quote(key)}: {part.lstrip(chr(10) + ' ')}")
    return f"{{{between.join(pairs)}{end}}}"


def _quote(text: str) -> str:
    """A text in double quotes, as formatters want it; half of a pair of surrogates can only be written by number."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return ascii(text)
    return json.dumps(text, ensure_ascii=False)


def _scenario(operation: Operation) -> str:
    """An entry of the table of scenarios."""
    lines = [_quote(operation.name) + ",", _request(operation) + ","]
    if operation.about:
        lines.append(_quote(operation.about) + ",")
    inner = "\n".join(f"{_STEP * 3}{line}" for line in lines)
    return f"{_STEP * 2}_single(\n{inner}\n{_STEP * 2}),"


def _request(operation: Operation) -> str:
    """The expression that makes the request of an operation."""
    indent = _STEP * 3
    named = "{" in operation.path
    words: dict[str, str] = {}
    if named:
        words["name"] = _quote(f"{operation.method} {operation.path}")
    if operation.expect != 200:
        words["expect"] = str(operation.expect)
    if operation.content_type:
        words["check"] = (
            _TYPES.get(operation.content_type) or f"content_type({_quote(operation.content_type)})"
        )
    first = [_quote(operation.method), _quote(operation.target)]
    if operation.has_json:
        first.append(literal(operation.json, indent + _STEP))
        made = _call("json_request", first, words, indent)
        return f"with_headers({made}, {_headers(operation.headers)})" if operation.headers else made
    headers = operation.headers
    if operation.form:
        first.append(f"{_quote(operation.form)}.encode()")
        headers = (_FORM_HEADER, *headers)
    if headers:
        words = {"headers": _headers(headers), **words}
    return _call("Request", first, words, indent)


def _headers(headers: tuple[tuple[str, str], ...]) -> str:
    return "(" + "".join(f"({_quote(name)}, {_quote(value)}), " for name, value in headers).rstrip() + ")"


def _call(name: str, first: list[str], words: dict[str, str], indent: str) -> str:
    given = [*first, *(f"{key}={value}" for key, value in words.items())]
    line = f"{name}({', '.join(given)})"
    if len(indent + line) <= _WIDE and "\n" not in line:
        return line
    inner = indent + _STEP
    return f"{name}(\n" + "".join(f"{inner}{each},\n" for each in given) + f"{indent})"


def _commented(text: str) -> str:
    """Lines as comments, each from its own indentation on."""
    return "\n".join(f"{_STEP * 2}# {line.removeprefix(_STEP * 2)}" for line in text.splitlines())


def _one_line(text: str) -> str:
    return " ".join(text.split())
