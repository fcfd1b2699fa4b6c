"""Entries <-> lines of JSON.

Format history: 1, the first. A reader ignores fields that it does not know, so that fields may be added within a
version; one that changes its meaning, or goes, makes a new version, which older readers refuse.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from pydantic import TypeAdapter

from bench.history.entry import SCHEMA, Entry
from bench.system import jsonl

_ENTRIES = TypeAdapter(Entry)


@dataclass(frozen=True, slots=True)
class Kept:
    """The entries of a file; `torn` is a last line that was cut off in the middle."""

    entries: tuple[Entry, ...]
    torn: bytes = b""


def line(entry: Entry) -> bytes:
    """The entry as one line, with its end."""
    return _ENTRIES.dump_json(entry) + b"\n"


def read(content: bytes, where: str) -> Kept:
    """The entries of a file. Raises UsageError, with the line's number, for a line that is not an entry."""
    lines, last = jsonl.split(content)
    if _is_complete(last):
        lines, last = [*lines, last], b""
    return Kept(tuple(jsonl.parse(lines, where, _entry)), last)


def whole(content: bytes, where: str) -> bytes:
    """The content, fit to have a line appended: without a last line that was cut off, and with an end at its end.

    Raises UsageError for a file that cannot be read, so that nothing is added to what nobody will see.
    """
    rest = content.removesuffix(read(content, where).torn)
    return rest if not rest or rest.endswith(b"\n") else rest + b"\n"


def _is_complete(text: bytes) -> bool:
    """Whether a line without an end is complete all the same: an editor may have left it so."""
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


def _entry(line: bytes) -> Entry:
    """Raises ValueError for a line that is not an entry."""
    jsonl.check_schema(line, SCHEMA)
    entry = _ENTRIES.validate_json(line)
    _ = entry.moment  # its dates are dates
    return entry
