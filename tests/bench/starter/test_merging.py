"""Several schemas as one: what holds for all of them still holds."""

from __future__ import annotations

from typing import Any

import pytest

from bench.starter.merging import flatten
from bench.starter.validity import SchemaError

DOCUMENT: dict[str, Any] = {
    "Item": {"type": ["object", "null"], "required": ["a"], "properties": {"a": {"minimum": 2}}},
    "Named": {"$ref": "#/Item", "required": ["b"], "properties": {"a": {"type": "integer"}, "b": {}}},
    "Self": {"$ref": "#/Self"},
}


def test_references_and_parts_are_one_schema_and_are_said() -> None:
    whole, references = flatten({"allOf": [{"$ref": "#/Named"}, {"type": "object"}, True]}, DOCUMENT)
    assert references == {"#/Named", "#/Item"}
    assert whole["type"] == ["object"]
    assert sorted(whole["required"]) == ["a", "b"]
    assert whole["properties"]["b"] == {}
    both = whole["properties"]["a"]["allOf"]
    assert all(part in both for part in ({"minimum": 2}, {"type": "integer"}))


@pytest.mark.parametrize(
    ("key", "one", "other", "both"),
    [
        ("minLength", 2, 3, 3),
        ("maxItems", 2, 3, 2),
        ("enum", [1, 2, True], [True, 2], [True, 2]),
        ("type", "integer", ["integer", "null"], ["integer"]),
    ],
)
def test_of_two_rules_both_hold(key: str, one: Any, other: Any, both: Any) -> None:
    assert flatten({"allOf": [{key: one}, {key: other}]}, {})[0] == {key: both}
    assert flatten({"allOf": [{key: other}, {key: one}]}, {})[0].keys() == {key}


def test_a_schema_that_is_nothing_but_itself_is_none() -> None:
    with pytest.raises(SchemaError):
        flatten({"$ref": "#/Self"}, DOCUMENT)
