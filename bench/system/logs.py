"""A child's log: its end, for an error message, or a copy of all of it; what looks like a secret is masked."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from textwrap import indent

from bench.model.secrets import mask_text, secret_values

_LINES = 12
_IMPORT_FRAME = '  File "<frozen importlib'
"""How a line of a traceback begins that names a step of the import system, which nobody can mend."""
_CHUNK_BYTES = 1 << 18
_MOST_BYTES = 1 << 20
"""Of the end of a log: an access log of a long run may have gigabytes before it."""


def tail(log: Path, lines: int = _LINES, known: Iterable[str] = ()) -> str:
    """The last lines of a log, without our environment's secrets and those `known`; empty where there are none.

    A traceback's steps through the import system are left out: they would push out the lines that say something.
    """
    with log.open("rb") as file:
        size = file.seek(0, os.SEEK_END) if file.seekable() else 0
        file.seek(max(0, size - _MOST_BYTES))
        end = file.read().decode(errors="replace")
    told = [line for line in end.rstrip().splitlines() if not line.startswith(_IMPORT_FRAME)]
    last = "\n".join(told[-lines:])
    return mask_text(last, (*secret_values(os.environ), *known))


def copy_masked(log: Path, copy: Path, known: Iterable[str] = ()) -> None:
    """Append a log, if there is one, to a copy, without our environment's secrets and those `known`. Raises OSError."""
    if not log.exists():
        return
    secrets = (*secret_values(os.environ), *known)
    copy.parent.mkdir(parents=True, exist_ok=True)
    with log.open(errors="replace") as source, copy.open("a", encoding="utf-8") as target:
        while lines := source.readlines(_CHUNK_BYTES):
            target.write(mask_text("".join(lines), secrets))


def quote(log: Path, lines: int = _LINES, known: Iterable[str] = ()) -> str:
    """`tail`, indented, or a remark that the log is empty."""
    return indent(tail(log, lines, known) or "(nothing was written)", "    ", lambda _: True)
