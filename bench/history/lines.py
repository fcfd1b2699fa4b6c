"""Entries <-> lines of JSON.

Format history: 1, the first. A reader ignores fields that it does not know, so that fields may be added within a
version; one that changes its meaning, or goes, makes a new version, which older readers refuse.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from bench.errors import UsageError
from bench.history.entry import SCHEMA, Entry

_ENTRIES = TypeAdapter(Entry)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a file holds; `torn` is its last line where it was cut off in the middle, which nobody can read."""

    entries: tuple[Entry, ...]
    torn: bytes = b""


def line(entry: Entry) -> bytes:
    """The entry as one line, with its end."""
    return _ENTRIES.dump_json(entry) + b"\n"


def read(content: bytes, where: str) -> Kept:
    """The entries of a file. Raises UsageError, with the line's number, for what is no entry, or a later version's."""
    lines = content.splitlines(keepends=True)
    torn = lines.pop() if lines and not lines[-1].endswith(b"\n") and not _complete(lines[-1]) else b""
    return Kept(tuple(_entry(text, f"{where}, line {number}") for number, text in enumerate(lines, 1)), torn)


def whole(content: bytes, where: str) -> bytes:
    """The content, fit to have a line appended: without a last line that was cut off, and with an end at its end.

    Raises UsageError for a file that cannot be read, so that nothing is added to what nobody will see.
    """
    rest = content.removesuffix(read(content, where).torn)
    return rest if not rest or rest.endswith(b"\n") else rest + b"\n"


def _complete(text: bytes) -> bool:
    """Whether a line without an end is complete all the same: an editor may have left it so."""
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _entry(text: bytes, where: str) -> Entry:
    try:
        said = json.loads(text)
        schema = said.get("schema", SCHEMA) if isinstance(said, dict) else SCHEMA
        if schema != SCHEMA:
            raise UsageError(f"{where}: schema {schema}, this version reads {SCHEMA}")
        entry = _ENTRIES.validate_python(said)
        _ = entry.moment  # its dates are dates
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the line"
        raise UsageError(f"{where}: {place}: {first['msg']}") from None
    except ValueError as error:
        raise UsageError(f"{where}: {error}") from None
    return entry
