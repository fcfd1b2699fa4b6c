"""Every value that is drawn is valid, by a validator of others; and people get what they would have written."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings

from bench.starter.validity import SchemaError
from bench.starter.values import draw
from tests.bench.starter.schemas import is_valid, leaves, schemas


@given(leaves())
@settings(max_examples=150, deadline=None)
def test_for_each_plain_schema_a_valid_value_is_drawn(schema: dict[str, Any]) -> None:
    assert is_valid(draw(schema, {}), schema)


@given(schemas())
@settings(max_examples=250, deadline=None)
def test_what_is_drawn_is_valid(schema: dict[str, Any]) -> None:
    try:
        value = draw(schema, {})
    except SchemaError:
        return
    assert is_valid(value, schema)


@given(schemas())
@settings(max_examples=50, deadline=None)
def test_what_is_drawn_is_the_same_each_time(schema: dict[str, Any]) -> None:
    try:
        assert draw(schema, {}) == draw(schema, {})
    except SchemaError:
        return


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "integer"}, 1),
        ({"type": "integer", "minimum": 10, "maximum": 20}, 10),
        ({"type": "integer", "maximum": -5}, -5),
        ({"type": "integer", "exclusiveMinimum": 3, "multipleOf": 4}, 4),
        ({"type": "integer", "minimum": 3, "exclusiveMinimum": True}, 4),  # as OpenAPI 3.0 writes it
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5),
        ({"type": "string"}, "text"),
        ({"type": "string", "minLength": 6}, "tttext"),
        ({"type": "string", "maxLength": 2}, "xt"),
        ({"type": "string", "examples": ["Ada", "Bob"]}, "Ada"),
        ({"type": "integer", "example": 7}, 7),
        ({"type": "integer", "example": 7, "maximum": 5}, 1),  # examples may be wrong
        ({"type": "string", "default": "red"}, "red"),
        ({"enum": ["green", "red"]}, "green"),
        ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, 1),
        ({"type": ["null", "boolean"]}, True),
        ({"type": "string", "nullable": True, "enum": [None]}, None),
        ({"oneOf": [{"type": "integer"}, {"type": "integer", "minimum": 0}]}, 0 - 1),
        ({"type": "array", "items": {"type": "integer"}}, [1]),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 3, "uniqueItems": True}, [1, 2, 3]),
        (
            {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False},
            [1, "text"],
        ),
        ({"properties": {"a": {"type": "integer"}, "b": {}}, "required": ["a"]}, {"a": 1}),
        ({"properties": {"a": {"type": "integer", "example": 3}}}, {"a": 3}),
        ({"type": "object", "minProperties": 1, "additionalProperties": {"type": "integer"}}, {"name1": 1}),
        (
            {
                "allOf": [
                    {"properties": {"a": {"minimum": 2}}, "required": ["a"]},
                    {"properties": {"a": {"type": "integer"}}},
                ]
            },
            {"a": 2},
        ),
    ],
)
def test_people_get_what_they_would_have_written(schema: dict[str, Any], value: Any) -> None:
    assert draw(schema, {}) == value


def test_references_lead_into_the_document() -> None:
    document = {
        "components": {
            "schemas": {
                "Item": {
                    "type": "object",
                    "properties": {"name": {"$ref": "#/components/schemas/Na~1me"}},
                    "required": ["name"],
                },
                "Na/me": {"type": "string", "minLength": 5},
            }
        }
    }
    assert draw({"$ref": "#/components/schemas/Item"}, document) == {"name": "ttext"}
    with pytest.raises(SchemaError, match="Nothing"):
        draw({"$ref": "#/components/schemas/Nothing"}, document)
    with pytest.raises(SchemaError):
        draw({"$ref": "other.json#/Item"}, document)


def test_a_schema_that_holds_itself_ends_where_it_may() -> None:
    tree = {
        "type": "object",
        "properties": {"children": {"type": "array", "items": {"$ref": "#/Tree"}}},
        "required": ["children"],
    }
    value = draw({"$ref": "#/Tree"}, {"Tree": tree})
    while value["children"]:
        (value,) = value["children"]
    endless = {"type": "object", "properties": {"next": {"$ref": "#/Endless"}}, "required": ["next"]}
    with pytest.raises(SchemaError):
        draw({"$ref": "#/Endless"}, {"Endless": endless})


def ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/{name}"}


def or_null(schema: Any) -> dict[str, Any]:
    return {"anyOf": [schema, {"title": "nothing", "type": "null"}]}


def fields(schema: Any, names: str = "abcdefgh", kind: Any = "object") -> dict[str, Any]:
    """An object in which all of these are required."""
    return {"type": kind, "properties": dict.fromkeys(names, schema), "required": list(names)}


def chain(length: int, names: str) -> dict[str, Any]:
    """Objects of objects, without a way back: with two names in each they double at each step."""
    steps = [f"X{number or ''}" for number in range(length)] + ["End"]
    return {one: fields(ref(other), names) for one, other in pairwise(steps)} | {"End": {"type": "string"}}


NULLS = dict.fromkeys("abcdefgh")
RECURSIVE: dict[str, tuple[dict[str, Any], Any]] = {
    "or null": ({"X": fields(or_null(ref("X")))}, NULLS),
    "null in its type": ({"X": fields(ref("X"), kind=["object", "null"])}, NULLS),
    "nullable": ({"X": fields({"allOf": [ref("X")], "nullable": True})}, NULLS),
    "lists": ({"X": fields({"type": "array", "items": ref("X")}, "ab")}, {"a": [], "b": []}),
    "another branch": (
        {"X": {"anyOf": [ref("Sum"), {"type": "integer"}]}, "Sum": fields(ref("X"), "abcd")},
        dict.fromkeys("abcd", 1),
    ),
    "a branch in place": ({"X": {"oneOf": [fields(ref("X"), "ab"), {"type": "integer"}]}}, {"a": 1, "b": 1}),
    "two of them": (
        {"X": fields(or_null(ref("Y")), "ab"), "Y": fields(or_null(ref("X")), "cd")},
        {name: {"c": None, "d": None} for name in "ab"},
    ),
    "no way back": (chain(3, "ab"), dict.fromkeys("ab", dict.fromkeys("ab", dict.fromkeys("ab", "text")))),
}


@pytest.mark.parametrize(("document", "value"), RECURSIVE.values(), ids=RECURSIVE)
def test_what_holds_itself_ends_at_once(document: dict[str, Any], value: Any) -> None:
    assert draw(ref("X"), document) == value
    assert jsonschema_rs.is_valid({**document, **ref("X")}, value) or "nullable" in str(document)


HUGE: dict[str, dict[str, Any]] = {
    "without an end": {"X": fields(ref("X"))},
    "without an end in any branch": {"X": {"anyOf": [fields(ref("X"), name) for name in "abcdefghijklm"]}},
    "doubling": {**chain(11, "abcd")},
    "lists of lists": {"X": {"type": "array", "minItems": 900, "items": {"type": "array", "minItems": 900}}},
    "a list": {"X": {"type": "array", "minItems": 10**9}},
    "a list of different ones": {"X": {"type": "array", "minItems": 10**9, "uniqueItems": True}},
    "an object": {"X": {"type": "object", "minProperties": 10**9}},
    "a text": {"X": {"type": "string", "minLength": 10**11}},
    "a pattern": {"X": {"type": "string", "pattern": "^(a{9999}){9999}$"}},
}


@pytest.mark.parametrize("document", HUGE.values(), ids=HUGE)
def test_a_body_that_would_be_huge_is_given_up_at_once(document: dict[str, Any]) -> None:
    began_s = time.process_time()
    with pytest.raises(SchemaError, match="too"):
        draw(ref("X"), document)
    assert time.process_time() - began_s < 10


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"type": "string", "format": "binary"},
        {"type": "integer", "minimum": 3, "maximum": 2},
        {"$ref": "#"},
        {"enum": []},
        {"type": "string", "pattern": "("},
    ],
)
def test_what_cannot_be_drawn_has_a_reason(schema: Any) -> None:
    with pytest.raises(SchemaError):
        draw(schema, {"$ref": "#"})
