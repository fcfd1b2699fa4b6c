"""Whether a value fits a JSON schema, as far as drawing values needs to know. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from bench.starter.formats import is_of_format

Schema = Mapping[str, Any] | bool
"""A JSON schema; true allows everything and false nothing."""

_REMOTE = "only references inside of the document are followed"


class SchemaError(Exception):
    """A schema that values cannot be drawn from; the message is the reason."""


def resolve(reference: object, document: Mapping[str, Any]) -> Schema:
    """The schema that a `$ref` names. Raises SchemaError when it is not in the document."""
    if not isinstance(reference, str) or not reference.startswith("#"):
        raise SchemaError(f"{reference}: {_REMOTE}")
    found: Any = document
    for part in reference[1:].strip("/").split("/") if reference != "#" else []:
        name = unquote(part).replace("~1", "/").replace("~0", "~")
        try:
            found = found[int(name)] if isinstance(found, list) else found[name]
        except (KeyError, IndexError, ValueError, TypeError):
            raise SchemaError(f"{reference}: there is no such schema") from None
    if not isinstance(found, Mapping | bool):
        raise SchemaError(f"{reference}: is no schema")
    return found


def fits(value: Any, schema: Schema, document: Mapping[str, Any]) -> bool:
    """Whether a value is valid. Raises SchemaError for a reference or a pattern that cannot be read."""
    if isinstance(schema, bool):
        return schema
    if "$ref" in schema and not fits(value, resolve(schema["$ref"], document), document):
        return False
    if value is None and schema.get("nullable") is True:
        return True
    return (
        _is_of_type(value, schema)
        and all(rule(value, schema) for rule in _rules(value))
        and _fits_combined(value, schema, document)
        and _fits_parts(value, schema, document)
    )


def equal(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same; unlike in Python, true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)


# --- one value -----------------------------------------------------------------------------------


def _is_of_type(value: Any, schema: Mapping[str, Any]) -> bool:
    named = schema.get("type")
    if "enum" in schema and not any(equal(value, each) for each in schema["enum"]):
        return False
    if "const" in schema and not equal(value, schema["const"]):
        return False
    if named is None:
        return True
    types = [named] if isinstance(named, str) else named
    return any(_TYPES[each](value) for each in types if each in _TYPES)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_TYPES: dict[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": lambda value: _is_number(value) and float(value).is_integer(),
    "number": _is_number,
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def bounds(schema: Mapping[str, Any]) -> tuple[float | None, float | None, bool, bool]:
    """The least and the greatest number, and whether each is itself excluded, as OpenAPI 3.0 and 3.1 write them."""
    least, greatest = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    least_out, greatest_out = above is True, below is True
    if _is_number(above) and (least is None or above >= least):
        least, least_out = above, True
    if _is_number(below) and (greatest is None or below <= greatest):
        greatest, greatest_out = below, True
    return least, greatest, least_out, greatest_out


def _number_fits(value: Any, schema: Mapping[str, Any]) -> bool:
    least, greatest, least_out, greatest_out = bounds(schema)
    if least is not None and (value < least or (least_out and value == least)):
        return False
    if greatest is not None and (value > greatest or (greatest_out and value == greatest)):
        return False
    factor = schema.get("multipleOf")
    return factor is None or _is_multiple(value, factor)


def _is_multiple(value: float, factor: float) -> bool:
    if isinstance(value, int) and isinstance(factor, int):
        return value % factor == 0
    return value == 0 or (factor != 0 and float(value / factor).is_integer())


def _string_fits(value: Any, schema: Mapping[str, Any]) -> bool:
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        return False
    if not is_of_format(value, str(schema.get("format", ""))):
        return False
    return "pattern" not in schema or matches(schema["pattern"], value)


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern is found in a text. Raises SchemaError when it is no regular expression of Python's."""
    try:
        return re.search(pattern, text) is not None
    except (re.error, TypeError):
        raise SchemaError(f"the pattern {pattern} cannot be read") from None


def _array_fits(value: Any, schema: Mapping[str, Any]) -> bool:
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        return False
    pairs = ((one, other) for number, one in enumerate(value) for other in value[:number])
    return not (schema.get("uniqueItems") and any(equal(one, other) for one, other in pairs))


def _object_fits(value: Any, schema: Mapping[str, Any]) -> bool:
    if not schema.get("minProperties", 0) <= len(value) <= schema.get("maxProperties", len(value)):
        return False
    required = schema.get("required", ())
    return not isinstance(required, Sequence) or all(name in value for name in required)


def _rules(value: Any) -> list[Callable[[Any, Mapping[str, Any]], bool]]:
    """The rule that holds for values of this kind."""
    if _is_number(value):
        return [_number_fits]
    kinds = ((str, _string_fits), (list, _array_fits), (dict, _object_fits))
    return [rule for kind, rule in kinds if isinstance(value, kind)]


# --- schemas in a schema -------------------------------------------------------------------------


def _fits_combined(value: Any, schema: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    if not all(fits(value, each, document) for each in schema.get("allOf", ())):
        return False
    if "anyOf" in schema and not any(fits(value, each, document) for each in schema["anyOf"]):
        return False
    if "oneOf" in schema and sum(fits(value, each, document) for each in schema["oneOf"]) != 1:
        return False
    if "if" in schema:
        branch = "then" if fits(value, schema["if"], document) else "else"
        if not fits(value, schema.get(branch, True), document):
            return False
    return "not" not in schema or not fits(value, schema["not"], document)


def _fits_parts(value: Any, schema: Mapping[str, Any], document: Mapping[str, Any]) -> bool:
    if isinstance(value, list):
        first = schema.get("prefixItems", ())
        rest = schema.get("items", True)
        parts = list(zip(value, first, strict=False)) + [(each, rest) for each in value[len(first) :]]
        return all(fits(each, part, document) for each, part in parts)
    if isinstance(value, dict):
        names = schema.get("propertyNames", True)
        return all(
            fits(name, names, document)
            and all(fits(each, part, document) for part in _of_property(name, schema))
            for name, each in value.items()
        )
    return True


def _of_property(name: str, schema: Mapping[str, Any]) -> list[Schema]:
    """The schemas that hold for a property: its own, those of patterns, or that of all others."""
    found = [schema["properties"][name]] if name in schema.get("properties", {}) else []
    found += [part for pattern, part in schema.get("patternProperties", {}).items() if matches(pattern, name)]
    return found or [schema.get("additionalProperties", True)]
