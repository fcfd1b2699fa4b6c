"""Python expressions as text, laid out as formatters want them: values, calls, and texts with code in them. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_WIDE = 88
_STEP = "    "


@dataclass(frozen=True, slots=True)
class Code:
    """An expression that is written as it is; `is_text` says whether it gives a text."""

    text: str
    is_text: bool = True


@dataclass(frozen=True, slots=True)
class Call:
    """A call with its arguments; `after` follows it, such as `.encode()`."""

    function: str
    arguments: Sequence[Any] = ()
    keywords: Mapping[str, Any] = field(default_factory=dict)
    after: str = ""


def render(value: Any, indent: str = "", used: int = 0) -> str:
    """A JSON value, bytes, a tuple, code or a call as Python writes it, over several lines where one is too long.

    `indent` is that of the line it begins on, `used` the number of other characters on this line.
    """
    line = _flat(value)
    if len(indent) + used + len(line) <= _WIDE or not _parts(value):
        return line
    before, after = _ends(value)
    inner = indent + _STEP
    lines = [f"{inner}{key}{render(part, inner, len(key) + 1)},\n" for key, part in _parts(value)]
    return f"{before}\n{''.join(lines)}{indent}{after}"


def join(parts: Sequence[str | Code]) -> str | Code:
    """Texts and code, one after the other, as one text: an f-string where there is code between texts."""
    kept = [part for part in parts if part != ""]
    if all(isinstance(part, str) for part in kept):
        return "".join(part for part in kept if isinstance(part, str))
    if len(kept) == 1 and isinstance(kept[0], Code):
        return as_text(kept[0])
    return Code(f'f"{"".join(map(_placed, kept))}"')


def as_text(code: Code) -> Code:
    """Code that gives the same as a text."""
    return code if code.is_text else Code(f"str({code.text})")


def _flat(value: Any) -> str:
    if isinstance(value, Code):
        return value.text
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, bytes):
        return _bytes(value)
    if not isinstance(value, list | tuple | dict | Call):
        return repr(value)
    before, after = _ends(value)
    parts = [key + _flat(part) for key, part in _parts(value)]
    comma = "," if isinstance(value, tuple) and len(parts) == 1 else ""
    return f"{before}{', '.join(parts)}{comma}{after}"


def _ends(value: Any) -> tuple[str, str]:
    if isinstance(value, Call):
        return f"{value.function}(", f"){value.after}"
    if isinstance(value, dict):
        return "{", "}"
    return ("(", ")") if isinstance(value, tuple) else ("[", "]")


def _parts(value: Any) -> list[tuple[str, Any]]:
    """The parts between brackets, each with the text before it."""
    if isinstance(value, Call):
        given: Iterator[tuple[str, Any]] = (("", part) for part in value.arguments)
        return [*given, *((f"{name}=", part) for name, part in value.keywords.items())]
    if isinstance(value, dict):
        return [(f"{_flat(key)}: ", part) for key, part in value.items()]
    return [("", part) for part in value] if isinstance(value, list | tuple) else []


def quoted(text: str) -> str:
    """A text in the quotes that formatters want; half of a pair of surrogates can only be written by number."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return ascii(text)
    inside = json.dumps(text, ensure_ascii=False)[1:-1]
    if '"' in text and "'" not in text:
        unescaped = re.sub(r"\\(.)", lambda found: '"' if found[1] == '"' else found[0], inside)
        return f"'{unescaped}'"
    return f'"{inside}"'


def _bytes(value: bytes) -> str:
    text = repr(value)
    return f'b"{text[2:-1]}"' if text[1] == "'" and '"' not in text else text


def _placed(part: str | Code) -> str:
    """A part of an f-string."""
    if isinstance(part, Code):
        return f"{{{part.text}}}"
    return json.dumps(part, ensure_ascii=False)[1:-1].replace("{", "{{").replace("}", "}}")
