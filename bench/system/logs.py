"""The end of a child's log, for an error message; what looks like a secret is masked."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from textwrap import indent

from bench.model.secrets import mask_text, secret_values

_LINES = 12


def tail(log: Path, lines: int = _LINES, known: Iterable[str] = ()) -> str:
    """The last lines of a log, without our environment's secrets and those `known`; empty where there are none."""
    last = "\n".join(log.read_text(errors="replace").rstrip().splitlines()[-lines:])
    return mask_text(last, (*secret_values(os.environ), *known))


def quote(log: Path, lines: int = _LINES, known: Iterable[str] = ()) -> str:
    """`tail`, indented, or a remark that the log is empty."""
    return indent(tail(log, lines, known) or "(nothing was written)", "    ", lambda _: True)
