"""The end of a child's log, for an error message."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

_LINES = 12


def tail(log: Path, lines: int = _LINES) -> str:
    """The last lines of a log; empty where there are none."""
    return "\n".join(log.read_text(errors="replace").rstrip().splitlines()[-lines:])


def quote(log: Path, lines: int = _LINES) -> str:
    """The last lines of a log, indented, or a remark that it is empty."""
    return indent(tail(log, lines) or "(nothing was written)", "    ", lambda _: True)
