"""The pages of the documentation, read as data: their tables, their paths, and how a type is written in them."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator, Mapping
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

ROOT = Path(__file__).parents[2]
_WORDS = {int: "integer", float: "number", str: "text", bool: "boolean", type(None): "null"}


def tables(page: str) -> dict[str, dict[str, str]]:
    """The tables that list fields, by the heading above: of each field, in order, its type."""
    found: dict[str, dict[str, str]] = {}
    for section in re.split(r"^#+ ", page, flags=re.MULTILINE)[1:]:
        rows = re.findall(r"^\| `(\w+)` \|(.*?)\|.*?\|.*\|$", section, re.MULTILINE)
        if rows:
            found[section.splitlines()[0]] = {name: kind.strip() for name, kind in rows}
    return found


def json_type(hint: Any) -> str:
    """How the page writes the JSON of a type: `list of number`, `[Latency](#latency) or null`."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint in _WORDS:
        return _WORDS[hint]
    if origin is Literal:
        return "text"
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(map(json_type, inner)))
    if origin is tuple:
        return f"list of {json_type(inner[0])}"
    if origin in (Mapping, dict):
        return f"map of {json_type(inner[1])}"
    return f"[{hint.__name__}](#{hint.__name__.lower()})"


def parts(kind: type) -> Iterator[type]:
    """A dataclass and every dataclass that its fields hold, each once."""
    seen: list[type] = [kind]
    for one in seen:
        yield one
        for hint in get_type_hints(one).values():
            seen.extend(part for part in _dataclasses(hint) if part not in seen)


def _dataclasses(hint: Any) -> Iterator[type]:
    if is_dataclass(hint):
        yield hint  # type: ignore[misc]
    for inner in get_args(hint):
        yield from _dataclasses(inner)
