"""A value that is valid for a JSON schema: the same one each time, small, and plain to read. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from bench.starter.formats import SAMPLES
from bench.starter.merging import flatten
from bench.starter.patterns import samples
from bench.starter.validity import Schema, SchemaError, bounds, equal, fits

_DEEPEST = 12
_MOST_STEPS = 3000
_MOST_PARTS = 5000
_MOST_CHARACTERS = 200_000
_MOST_PROPOSALS = 60
_HINTS = (
    ("object", ("properties", "additionalProperties", "minProperties", "required")),
    ("array", ("items", "prefixItems", "minItems", "uniqueItems")),
    ("string", ("pattern", "minLength", "maxLength", "format")),
    ("number", ("minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum")),
)
_TEXT = "text"
_TOO_LARGE = "the smallest body that was found for its schema is too large"


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a value will stand: how deep, and within values of which references. All places share the steps left."""

    document: Mapping[str, Any]
    depth: int = 0
    within: frozenset[str] = frozenset()
    steps: Iterator[int] = field(default_factory=lambda: iter(range(_MOST_STEPS)))

    def inside(self, references: Iterable[str] = ()) -> _Place:
        """A place one step deeper, within values of these references as well."""
        return replace(self, depth=self.depth + 1, within=self.within.union(references))

    def is_returned_to(self, schema: object) -> bool:
        """Whether a schema speaks of one that this place is within: a value of it need not end."""
        if isinstance(schema, Mapping):
            return schema.get("$ref") in self.within or any(map(self.is_returned_to, schema.values()))
        return isinstance(schema, list) and any(map(self.is_returned_to, schema))


def draw(schema: Schema, document: Mapping[str, Any]) -> Any:
    """A valid value: an example, the default or a member of the enum where there is one that fits, else a made one.

    A value of a schema that refers to itself ends as soon as it may. `document` is where references lead. Raises
    SchemaError when no value was found, or none of some thousand parts.
    """
    return _draw(schema, _Place(document))


def _draw(schema: Schema, place: _Place) -> Any:
    for value in _proposals(schema, place):
        if fits(value, schema, place.document):
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


def _proposals(schema: Schema, place: _Place) -> Iterator[Any]:
    """Values that may be valid, the best first."""
    if place.depth > _DEEPEST:
        raise SchemaError("its schema is nested too deeply")
    if next(place.steps, None) is None:
        raise SchemaError(_TOO_LARGE)
    if isinstance(schema, bool):
        yield _TEXT
        return
    whole, references = flatten(schema, place.document)
    yield from examples(whole)
    if whole.get("default") is not None:
        yield whole["default"]
    if "const" in whole:
        yield whole["const"]
    yield from whole.get("enum", ())
    if references & place.within and (whole.get("nullable") is True or "null" in _types(whole)):
        yield None
    branches = [*whole.get("anyOf", ()), *whole.get("oneOf", ())]
    if branches:
        base = {key: value for key, value in whole.items() if key not in ("anyOf", "oneOf", "default")}
        yield from _of_branches(base, branches, place, references)
    else:
        yield from _of_types(whole, place.inside(references))
    if whole.get("nullable") is True:
        yield None


def _of_branches(
    base: dict[str, Any], branches: list[Schema], place: _Place, references: frozenset[str]
) -> Iterator[Any]:
    """Values of each branch; null, which fits where one of them is, comes before those that refer back."""
    reason: SchemaError | None = None
    some = [each for each in branches if not (isinstance(each, Mapping) and each.get("type") == "null")]
    for branch in sorted([*some, None], key=place.is_returned_to):
        try:
            merged = {"allOf": [base, branch]}
            yield from (None,) if branch is None else _proposals(merged, place.inside(references))
        except SchemaError as error:
            reason = error
    if reason:
        raise reason


def _types(whole: Mapping[str, Any]) -> list[str]:
    """The types that a schema names, or those that its other keys hint at; null is the last."""
    named = whole.get("type") or next(
        (kind for kind, keys in _HINTS if any(key in whole for key in keys)), "string"
    )
    types = [named] if isinstance(named, str) else list(named)
    return sorted(types, key=lambda each: each == "null")


def _of_types(whole: Mapping[str, Any], place: _Place) -> Iterator[Any]:
    for kind in _types(whole):
        if kind == "string":
            yield from _strings(whole)
        elif kind in ("integer", "number"):
            yield from _numbers(whole)
        elif kind == "boolean":
            yield from (True, False)
        elif kind == "array":
            yield from _arrays(whole, place)
        elif kind == "object":
            yield from _objects(whole, place)
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
    if least > _MOST_CHARACTERS:
        raise SchemaError("it needs too long a text")
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


def _arrays(schema: Mapping[str, Any], place: _Place) -> Iterator[list[Any]]:
    """One element, or as many as there must be; none at all where elements cannot be drawn or would not end."""
    first = [_draw(each, place) for each in schema.get("prefixItems", ())]
    rest = schema.get("items", True)
    least = schema.get("minItems", 0)
    wanted = max(least, min(1, schema.get("maxItems", 1))) - len(first)
    if place.is_returned_to(rest):
        yield first
    try:
        yield first + _elements(rest, max(0, wanted), bool(schema.get("uniqueItems")), place)
    except SchemaError:
        if least > len(first):
            raise
    yield first
    yield []


def _elements(schema: Schema, count: int, different: bool, place: _Place) -> list[Any]:
    if count > _MOST_PARTS:
        raise SchemaError(_TOO_LARGE)
    if not different:
        return _repeat(_draw(schema, place), count) if count else []
    found: list[Any] = []
    for value in _proposals(schema, place):
        if len(found) == count:
            break
        if fits(value, schema, place.document) and not any(equal(value, each) for each in found):
            found.append(value)
    return found


def _repeat(value: Any, count: int) -> list[Any]:
    """So many times one value. Raises SchemaError where these have too many parts in all."""
    if _count_parts(value) * count > _MOST_PARTS:
        raise SchemaError(_TOO_LARGE)
    return [value] * count


def _count_parts(value: Any) -> int:
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_count_parts, parts))


def _objects(schema: Mapping[str, Any], place: _Place) -> Iterator[dict[str, Any]]:
    """The required properties and those with an example; more where there must be more."""
    properties: Mapping[str, Schema] = schema.get("properties", {})
    other = schema.get("additionalProperties", True)
    required = list(dict.fromkeys(schema.get("required", ())))
    made = {name: _draw(properties.get(name, other), place) for name in required}
    for name, part in properties.items():
        if name not in made and isinstance(part, Mapping) and any(True for _ in examples(part)):
            made[name] = _draw(part, place)
    yield made
    least = schema.get("minProperties", 0)
    optional = chain(properties, (f"name{number}" for number in range(1, least + 1)))
    for name in optional:
        if len(made) >= least:
            break
        if name not in made and properties.get(name, other) is not False:
            made = {**made, name: _draw(properties.get(name, other), place)}
    yield made
    yield {name: made[name] for name in required}
