"""A value that is valid for a JSON schema: the same one each time, small, and plain to read. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

from bench.starter.formats import SAMPLES
from bench.starter.patterns import samples
from bench.starter.validity import Schema, SchemaError, bounds, equal, fits, resolve

_DEEPEST = 12
_MOST_PROPOSALS = 60
_MOST_MERGES = 50
_HINTS = (
    ("object", ("properties", "additionalProperties", "minProperties", "required")),
    ("array", ("items", "prefixItems", "minItems", "uniqueItems")),
    ("string", ("pattern", "minLength", "maxLength", "format")),
    ("number", ("minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum")),
)
_TEXT = "text"


def draw(schema: Schema, document: Mapping[str, Any], depth: int = 0) -> Any:
    """A valid value: an example, the default or a member of the enum where there is one that fits, else a made one.

    `document` is where references lead. Raises SchemaError when no value was found.
    """
    for value in _proposals(schema, document, depth):
        if fits(value, schema, document):
            return value
    raise SchemaError("no valid value was found for its schema")


def examples(holder: Mapping[str, Any]) -> Iterator[Any]:
    """The examples of a schema, a parameter or a body, as OpenAPI 3.0, 3.1 and JSON Schema write them."""
    if "example" in holder:
        yield holder["example"]
    some = holder.get("examples", ())
    if isinstance(some, Mapping):
        yield from (each["value"] for each in some.values() if isinstance(each, Mapping) and "value" in each)
    elif isinstance(some, list | tuple):
        yield from some


def _proposals(schema: Schema, document: Mapping[str, Any], depth: int) -> Iterator[Any]:
    """Values that may be valid, the best first."""
    if depth > _DEEPEST:
        raise SchemaError("its schema is nested too deeply")
    if isinstance(schema, bool):
        yield _TEXT
        return
    whole = _flatten(schema, document)
    yield from examples(whole)
    if whole.get("default") is not None:
        yield whole["default"]
    if "const" in whole:
        yield whole["const"]
    yield from whole.get("enum", ())
    branches = [*whole.get("anyOf", ()), *whole.get("oneOf", ())]
    if branches:
        base = {key: value for key, value in whole.items() if key not in ("anyOf", "oneOf", "default")}
        yield from _of_branches(base, branches, document, depth)
    else:
        yield from _of_types(whole, document, depth)
    if whole.get("nullable") is True:
        yield None


def _of_branches(
    base: dict[str, Any], branches: list[Schema], document: Mapping[str, Any], depth: int
) -> Iterator[Any]:
    """Values of each branch that is not null; then null, which fits where one of the branches is."""
    reason: SchemaError | None = None
    for branch in branches:
        if isinstance(branch, Mapping) and branch.get("type") == "null":
            continue
        try:
            yield from _proposals({"allOf": [base, branch]}, document, depth + 1)
        except SchemaError as error:
            reason = error
    yield None
    if reason:
        raise reason


def _of_types(whole: Mapping[str, Any], document: Mapping[str, Any], depth: int) -> Iterator[Any]:
    named = whole.get("type") or next(
        (kind for kind, keys in _HINTS if any(key in whole for key in keys)), "string"
    )
    types = [named] if isinstance(named, str) else list(named)
    for kind in sorted(types, key=lambda each: each == "null"):
        if kind == "string":
            yield from _strings(whole)
        elif kind in ("integer", "number"):
            yield from _numbers(whole)
        elif kind == "boolean":
            yield from (True, False)
        elif kind == "array":
            yield from _arrays(whole, document, depth)
        elif kind == "object":
            yield from _objects(whole, document, depth)
        else:
            yield None


# --- plain values --------------------------------------------------------------------------------


def _strings(schema: Mapping[str, Any]) -> Iterator[str]:
    if schema.get("format") == "binary" or schema.get("contentMediaType") == "application/octet-stream":
        raise SchemaError("it needs a file")
    if schema.get("format") in SAMPLES:
        yield SAMPLES[schema["format"]]
        return
    if "pattern" in schema:
        yield from samples(schema["pattern"])
        return
    least, most = schema.get("minLength", 0), schema.get("maxLength")
    for number in range(_MOST_PROPOSALS):
        text = _TEXT + (str(number) if number else "")
        text = text.rjust(least, "t") if least > len(text) else text
        yield text if most is None else text[max(0, len(text) - most) :]


def _numbers(schema: Mapping[str, Any]) -> Iterator[float]:
    """Whole numbers from 1 or the least one on, then down from the greatest, and last fractions in between."""
    least, greatest, _, _ = bounds(schema)
    factor = schema.get("multipleOf") or 1
    first = least
    if (least is None or least <= 1) and (greatest is None or greatest >= 1):
        first = 1
    if first is not None:
        lowest = math.ceil(first / factor)
        yield from ((lowest + step) * factor for step in range(_MOST_PROPOSALS))
    if greatest is not None:
        highest = math.floor(greatest / factor)
        yield from ((highest - step) * factor for step in range(_MOST_PROPOSALS))
    yield from (0, -1)
    if least is not None and greatest is not None:
        yield from (least + (greatest - least) * part for part in (0.5, 0.25, 0.75, 0.0, 1.0))
    elif least is not None:
        yield from (least + 0.5, math.nextafter(least, math.inf))
    elif greatest is not None:
        yield from (greatest - 0.5, math.nextafter(greatest, -math.inf))


# --- values of values ----------------------------------------------------------------------------


def _arrays(schema: Mapping[str, Any], document: Mapping[str, Any], depth: int) -> Iterator[list[Any]]:
    """One element, or as many as there must be; none at all where elements cannot be drawn or need not be."""
    first = [draw(each, document, depth + 1) for each in schema.get("prefixItems", ())]
    rest = schema.get("items", True)
    least = schema.get("minItems", 0)
    wanted = max(least, min(1, schema.get("maxItems", 1))) - len(first)
    try:
        yield first + _elements(rest, max(0, wanted), bool(schema.get("uniqueItems")), document, depth=depth)
    except SchemaError:
        if least > len(first):
            raise
    yield first
    yield []


def _elements(
    schema: Schema, count: int, different: bool, document: Mapping[str, Any], *, depth: int
) -> list[Any]:
    if not different:
        return [draw(schema, document, depth + 1)] * count if count else []
    found: list[Any] = []
    for value in _proposals(schema, document, depth + 1):
        if len(found) == count:
            break
        if fits(value, schema, document) and not any(equal(value, each) for each in found):
            found.append(value)
    return found


def _objects(schema: Mapping[str, Any], document: Mapping[str, Any], depth: int) -> Iterator[dict[str, Any]]:
    """The required properties and those with an example; more where there must be more."""
    properties: Mapping[str, Schema] = schema.get("properties", {})
    other = schema.get("additionalProperties", True)
    required = list(dict.fromkeys(schema.get("required", ())))
    made = {name: draw(properties.get(name, other), document, depth + 1) for name in required}
    for name, part in properties.items():
        if name not in made and isinstance(part, Mapping) and any(True for _ in examples(part)):
            made[name] = draw(part, document, depth + 1)
    yield made
    least = schema.get("minProperties", 0)
    optional = chain(properties, (f"name{number}" for number in range(1, least + 1)))
    for name in optional:
        if len(made) >= least:
            break
        if name not in made and properties.get(name, other) is not False:
            made = {**made, name: draw(properties.get(name, other), document, depth + 1)}
    yield made
    yield {name: made[name] for name in required}


# --- one schema of several -----------------------------------------------------------------------


def _flatten(schema: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """A schema with what it refers to, and with all of `allOf`, in one; what draws from it checks the result."""
    whole: dict[str, Any] = {}
    waiting: list[Schema] = [schema]
    for _ in range(_MOST_MERGES):
        if not waiting:
            return whole
        part = waiting.pop()
        if isinstance(part, bool):
            continue
        if "$ref" in part:
            waiting.append(resolve(part["$ref"], document))
        waiting += part.get("allOf", ())
        _merge(whole, {key: value for key, value in part.items() if key not in ("$ref", "allOf")})
    raise SchemaError("its schema refers to itself")


def _merge(whole: dict[str, Any], part: Mapping[str, Any]) -> None:
    """Add a schema to another, so that both hold where that can be written in one."""
    for key, value in part.items():
        if key not in whole:
            whole[key] = value
        elif key == "properties":
            both = {name: {"allOf": [whole[key][name], value[name]]} for name in value if name in whole[key]}
            whole[key] = {**whole[key], **value, **both}
        elif key == "required":
            whole[key] = [*whole[key], *value]
        elif key in ("minimum", "minLength", "minItems", "minProperties"):
            whole[key] = max(whole[key], value)
        elif key in ("maximum", "maxLength", "maxItems", "maxProperties"):
            whole[key] = min(whole[key], value)
        elif key == "enum":
            whole[key] = [each for each in whole[key] if any(equal(each, other) for other in value)]
        elif key == "type":
            whole[key] = _both_types(whole[key], value)


def _both_types(one: Any, other: Any) -> Any:
    first, second = ([each] if isinstance(each, str) else list(each) for each in (one, other))
    return [each for each in first if each in second] or one
