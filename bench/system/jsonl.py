"""Files of JSON lines that survive a crash: every append is one write and one fsync.

A crash leaves whole lines, or whole lines and a last one that was cut off: it has no line end.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, TypeVar

from pydantic import ValidationError

from bench.errors import UsageError

T = TypeVar("T")


def append(path: Path, *lines: bytes) -> None:
    """Append lines, each with its end, by one write and one fsync; without any the file is created. Raises OSError."""
    with path.open("ab") as file:
        _write(file, b"".join(lines))


def append_to_whole(path: Path, line: bytes, whole: Callable[[bytes], bytes]) -> None:
    """Append a line to the part of the file that `whole` keeps; other writers wait meanwhile.

    `whole` takes the content and returns it fit for another line. Raises OSError, and what `whole` raises.
    """
    with path.open("a+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        content = file.read()
        kept = whole(content)
        if len(kept) < len(content):
            file.truncate(len(kept))
        _write(file, kept[len(content) :] + line)


def split(content: bytes) -> tuple[list[bytes], bytes]:
    """The whole lines of a file, without their ends, and the last one where it was cut off: empty where it was not."""
    *lines, torn = content.split(b"\n")
    return lines, torn


def parse(lines: Iterable[bytes], where: str, read: Callable[[bytes], T]) -> Iterator[T]:
    """Read each line. Raises UsageError, with place, line number and reason, for a line that `read` refuses.

    `read` refuses with a ValueError; a pydantic ValidationError, which is one, names the field.
    """
    for number, line in enumerate(lines, 1):
        try:
            yield read(line)
        except ValueError as error:
            raise UsageError(f"{where}, line {number}: {reason(error)}") from None


def reason(error: ValueError) -> str:
    """The reason why a line cannot be read, on one line."""
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc'])) or 'the line'}: {first['msg']}"


def check_schema(line: bytes, schema: int) -> None:
    """Raise ValueError for a line that is not JSON or of another schema; a line without a schema passes."""
    fields = json.loads(line)
    found = fields.get("schema", schema) if isinstance(fields, dict) else schema
    if found != schema:
        raise ValueError(f"schema {found}, this version reads {schema}")


def _write(file: IO[bytes], content: bytes) -> None:
    file.write(content)
    file.flush()
    os.fsync(file.fileno())
