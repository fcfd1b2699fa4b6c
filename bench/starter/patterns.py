"""A short text that a regular expression matches, built from the expression as Python parses it. Pure."""

from __future__ import annotations

import importlib
import re
import string
from collections.abc import Iterable, Iterator
from typing import Any

from bench.starter.validity import SchemaError

_parser: Any = importlib.import_module("re._parser")  # no public module gives the parsed expression

_ALPHABET = string.ascii_lowercase + string.ascii_uppercase + string.digits + "-_ .@:/" + string.printable
_REPEATS = frozenset({"MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"})
_EMPTY = frozenset({"AT", "ASSERT", "ASSERT_NOT"})
_MOST_EXTRA = 64
_LONGEST = 200_000


def samples(pattern: str) -> Iterator[str]:
    """Texts for a pattern, each a little longer than the last; some may not match: lookaheads are ignored.

    The empty text comes last: forms and paths take it for none. Raises SchemaError when the pattern cannot be read or
    holds what is not understood.
    """
    try:
        parsed = _parser.parse(pattern)
    except (re.error, TypeError, OverflowError):
        raise SchemaError(f"the pattern {pattern} cannot be read") from None
    texts = dict.fromkeys(_sample(parsed, extra) for extra in (*range(9), 15, 31, _MOST_EXTRA))
    yield from sorted(texts, key=lambda text: not text)


def _sample(tokens: Iterable[tuple[Any, Any]], extra: int) -> str:
    """A text for a part of an expression, in which each repeat is repeated `extra` times more than it must."""
    return "".join(_piece(str(kind), value, extra) for kind, value in tokens)


def _piece(kind: str, value: Any, extra: int) -> str:
    if kind == "LITERAL":
        return chr(int(value))
    if kind == "NOT_LITERAL":
        return next(char for char in _ALPHABET if ord(char) != value)
    if kind == "ANY":
        return "a"
    if kind == "IN":
        return _choose([(str(each), what) for each, what in value])
    if kind in _REPEATS:
        least, most = int(value[0]), int(value[1])
        return _repeat(_sample(value[2], extra), min(most, least + extra))
    if kind == "SUBPATTERN":
        return _sample(value[-1], extra)
    if kind == "ATOMIC_GROUP":
        return _sample(value, extra)
    if kind == "BRANCH":
        return _sample(value[1][0], extra)
    if kind in _EMPTY:
        return ""
    raise SchemaError(f"of a pattern, {kind.lower()} is not understood")


def _repeat(text: str, count: int) -> str:
    if len(text) * count > _LONGEST:
        raise SchemaError("of a pattern, the shortest text is too long")
    return text * count


def _choose(items: list[tuple[str, Any]]) -> str:
    """A character of a set, a letter where that is possible."""
    negated = any(kind == "NEGATE" for kind, _ in items)
    named = [chr(value) for kind, value in items if kind == "LITERAL"]
    named += [chr(value[0]) for kind, value in items if kind == "RANGE"]
    for char in _ALPHABET + "".join(named):
        if any(_holds(kind, value, char) for kind, value in items) != negated:
            return char
    raise SchemaError("a pattern holds a set of characters of which none was found")


def _holds(kind: str, value: Any, char: str) -> bool:
    if kind == "LITERAL":
        return ord(char) == int(value)
    if kind == "RANGE":
        return bool(value[0] <= ord(char) <= value[1])
    if kind == "CATEGORY":
        name = str(value).removeprefix("CATEGORY_").removeprefix("UNI_")
        return _is_of_category(name.removeprefix("NOT_"), char) != name.startswith("NOT_")
    return False


def _is_of_category(name: str, char: str) -> bool:
    if name == "DIGIT":
        return char.isdigit()
    return char.isspace() if name == "SPACE" else char.isalnum() or char == "_"
