"""Our own check of a value, against that of a library of others."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from bench.starter.validity import SchemaError, bounds, equal, fits, resolve
from tests.bench.starter.schemas import is_valid, schemas, values


@given(values(), schemas())
@settings(max_examples=400, deadline=None)
def test_it_says_what_others_say(value: Any, schema: dict[str, Any]) -> None:
    """Of formats ours is stricter, so that these are left out."""
    if "format" not in str(schema):
        assert fits(value, schema, {}) == is_valid(value, schema)


@pytest.mark.parametrize(
    ("value", "schema", "valid"),
    [
        (1.0, {"type": "integer"}, True),
        (True, {"type": "integer"}, False),
        (True, {"enum": [1]}, False),
        (3, {"minimum": 3, "exclusiveMinimum": True}, False),
        (None, {"type": "string", "nullable": True}, True),
        ({"a": 1}, {"patternProperties": {"^a": {"type": "string"}}}, False),
        ({"ab": 1}, {"propertyNames": {"maxLength": 1}}, False),
        (5, {"if": {"minimum": 3}, "then": {"multipleOf": 5}, "else": False}, True),
        (1, {"if": {"minimum": 3}, "then": {"multipleOf": 5}, "else": False}, False),
    ],
)
def test_what_openapi_adds_and_what_is_rare(value: Any, schema: dict[str, Any], valid: bool) -> None:
    assert fits(value, schema, {}) is valid


def test_equal_tells_truth_values_from_numbers() -> None:
    assert equal({"a": [1, 2.0]}, {"a": [1.0, 2]})
    assert not equal([1], [True])
    assert not equal({"a": 1}, {"b": 1})


def test_the_stricter_bound_counts() -> None:
    assert bounds({"minimum": 3, "exclusiveMinimum": 3}) == (3, None, True, False)
    assert bounds({"maximum": 3, "exclusiveMaximum": 5}) == (None, 3, False, False)


def test_a_reference_that_leads_nowhere_is_said() -> None:
    document = {"a": [{"b%c": True}]}
    assert resolve("#/a/0/b%25c", document) is True
    for reference in ("#/a/1", "#/a/x", "#/b", "other#/a", "#/a"):
        with pytest.raises(SchemaError):
            resolve(reference, document)
