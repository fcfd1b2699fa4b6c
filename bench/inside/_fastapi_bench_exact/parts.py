"""Callgrind's part files: the instructions that one of them holds in all."""

from __future__ import annotations

import re

_TOTALS = re.compile(r"^totals: (\d+)$", re.MULTILINE)


def total(text: str) -> int:
    """The instructions of a part, of all threads. Raises ValueError where the file is cut off.

    They are in its last line. `summary:` in its header also counts the work of other threads before the part began.
    """
    match = _TOTALS.search(text)
    if match is None:
        raise ValueError("this is no finished part file of callgrind")
    return int(match[1])
