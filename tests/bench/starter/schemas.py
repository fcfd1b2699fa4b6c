"""JSON schemas as people write them, for tests with hypothesis, and an independent validator."""

from __future__ import annotations

import string
from typing import Any

import jsonschema_rs
from hypothesis import strategies as st

Strategy = st.SearchStrategy[dict[str, Any]]

PATTERNS = (
    r"^[a-z]{3}$",
    r"^\d{4}-\d{2}$",
    r"^(foo|bar)+$",
    r"[A-Z]",
    r"^\w+@\w+\.com$",
    r"^[^abc]{2,5}$",
    r"^.{3}$",
    r"^\S+$",
    r"^a?b*c+$",
    r"^(?:\+\d{1,3})?\d{7,}$",
    r"^[A-Z][a-z]+( [A-Z][a-z]+)*$",
    r"^#[0-9a-fA-F]{6}$",
    r"^[\w.-]+/[\w.-]+$",
    r"^\s*$",
)
FORMATS = (
    "date",
    "date-time",
    "time",
    "duration",
    "uuid",
    "email",
    "uri",
    "hostname",
    "ipv4",
    "ipv6",
    "json-pointer",
)
_NAMES = st.text(string.ascii_lowercase, min_size=1, max_size=3)
_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-50, 50),
    st.text(string.ascii_letters + string.digits + " -_", max_size=5),
)


def is_valid(value: Any, schema: Any) -> bool:
    """Whether a value is valid, formats included, by a library of others."""
    return jsonschema_rs.is_valid(schema, value, draft=jsonschema_rs.Draft202012, validate_formats=True)


@st.composite
def integers(draw: st.DrawFn) -> dict[str, Any]:
    """A schema of whole numbers that at least one number fits."""
    factor = draw(st.integers(1, 40))
    witness = factor * draw(st.integers(-200, 200))
    schema: dict[str, Any] = {"type": "integer"}
    if draw(st.booleans()):
        schema["multipleOf"] = factor
    if draw(st.booleans()):
        schema["minimum"] = witness - draw(st.integers(0, 100))
    elif draw(st.booleans()):
        schema["exclusiveMinimum"] = witness - draw(st.integers(1, 100))
    if draw(st.booleans()):
        schema["maximum"] = witness + draw(st.integers(0, 100))
    elif draw(st.booleans()):
        schema["exclusiveMaximum"] = witness + draw(st.integers(1, 100))
    return schema


@st.composite
def numbers(draw: st.DrawFn) -> dict[str, Any]:
    """A schema of numbers, in an interval that may be short."""
    least = draw(st.floats(-1000, 1000, allow_subnormal=False))
    width = draw(st.floats(0.001, 1000))
    keys = draw(st.sampled_from((("minimum", "maximum"), ("exclusiveMinimum", "exclusiveMaximum"))))
    bounds = dict(zip(keys, (least, least + width), strict=True))
    kept = draw(st.sets(st.sampled_from(keys)))
    return {"type": "number", **{key: value for key, value in bounds.items() if key in kept}}


@st.composite
def strings(draw: st.DrawFn) -> dict[str, Any]:
    """A schema of texts: by length, by format or by pattern."""
    kind = draw(st.sampled_from(("length", "format", "pattern")))
    if kind == "format":
        return {"type": "string", "format": draw(st.sampled_from(FORMATS))}
    if kind == "pattern":
        return {"type": "string", "pattern": draw(st.sampled_from(PATTERNS))}
    least = draw(st.integers(0, 30))
    schema: dict[str, Any] = {"type": "string", "minLength": least}
    return {**schema, "maxLength": least + draw(st.integers(0, 10))} if draw(st.booleans()) else schema


def leaves() -> Strategy:
    """Schemas of plain values that some value fits."""
    enums = st.lists(_SCALARS, min_size=1, max_size=4).map(lambda values: {"enum": values})
    constants = _SCALARS.map(lambda value: {"const": value})
    kinds = st.sampled_from(({"type": "boolean"}, {"type": "null"}, {}, {"type": ["null", "string"]}))
    return st.one_of(integers(), numbers(), strings(), enums, constants, kinds)


@st.composite
def _arrays(draw: st.DrawFn, parts: Strategy) -> dict[str, Any]:
    least = draw(st.integers(0, 2))
    return {
        "type": "array",
        "items": draw(parts),
        "minItems": least,
        **({"maxItems": least + draw(st.integers(0, 2))} if draw(st.booleans()) else {}),
        **({"uniqueItems": True} if draw(st.booleans()) else {}),
    }


@st.composite
def _objects(draw: st.DrawFn, parts: Strategy) -> dict[str, Any]:
    properties = draw(st.dictionaries(_NAMES, parts, max_size=3))
    required = draw(st.sets(st.sampled_from(sorted(properties)))) if properties else set()
    return {
        "type": "object",
        "properties": properties,
        "required": sorted(required),
        **({"additionalProperties": draw(st.one_of(st.booleans(), parts))} if draw(st.booleans()) else {}),
        **({"minProperties": draw(st.integers(0, 3))} if draw(st.booleans()) else {}),
    }


@st.composite
def _combined(draw: st.DrawFn, parts: Strategy) -> dict[str, Any]:
    word = draw(st.sampled_from(("anyOf", "oneOf", "allOf", "not")))
    if word == "not":
        return {"not": draw(parts)}
    schema = {word: draw(st.lists(parts, min_size=1, max_size=3))}
    return {**schema, **draw(parts)} if draw(st.booleans()) else schema


def schemas() -> Strategy:
    """Schemas of all kinds, nested; some fit no value at all."""
    return st.recursive(
        leaves(), lambda parts: st.one_of(_arrays(parts), _objects(parts), _combined(parts)), max_leaves=6
    )


def values() -> st.SearchStrategy[Any]:
    """JSON values, small enough to fit now and then."""
    plain = st.one_of(
        _SCALARS, st.floats(-100, 100), st.sampled_from(("foo", "abc", "2026-01", "A", "#00ff00"))
    )
    return st.recursive(
        plain,
        lambda parts: st.one_of(st.lists(parts, max_size=3), st.dictionaries(_NAMES, parts, max_size=3)),
        max_leaves=5,
    )
