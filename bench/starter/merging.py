"""One schema of several: references and `allOf` merged, so that what a value needs stands in one place. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bench.starter.validity import Schema, SchemaError, equal, resolve

_MOST_MERGES = 50


def flatten(schema: Mapping[str, Any], document: Mapping[str, Any]) -> tuple[dict[str, Any], frozenset[str]]:
    """A schema with what it refers to, and with all of `allOf`, in one; and its references.

    What draws from it checks the result.
    """
    whole: dict[str, Any] = {}
    references: set[str] = set()
    waiting: list[Schema] = [schema]
    for _ in range(_MOST_MERGES):
        if not waiting:
            return whole, frozenset(references)
        part = waiting.pop()
        if isinstance(part, bool):
            continue
        if "$ref" in part:
            waiting.append(resolve(part["$ref"], document))
            references.add(part["$ref"])
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
