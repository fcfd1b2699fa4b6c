"""Callgrind's part files, written with `--compress-strings=no`, so that each can be read by itself.

The format: https://valgrind.org/docs/manual/cl-format.html
"""

from __future__ import annotations

import re
from collections import Counter

_SUMMARY = re.compile(r"^summary: (\d+)$", re.MULTILINE)


def total(text: str) -> int:
    """The instructions of a part. Raises ValueError where the file is cut off."""
    found = _SUMMARY.search(text)
    if found is None:
        raise ValueError("this is no finished part file of callgrind")
    return int(found[1])


def inside(text: str, function: str) -> tuple[int, int]:
    """How often a function was called, and the instructions of those calls with all that they called."""
    call = re.compile(rf"^cfn={re.escape(function)}(?:[.'].*)?\ncalls=(\d+) .*\n\S+ (\d+)$", re.MULTILINE)
    found = [(int(count), int(cost)) for count, cost in call.findall(text)]
    return sum(count for count, _ in found), sum(cost for _, cost in found)


def by_object(text: str) -> Counter[str]:
    """Instructions by program or shared library, without those of what it calls."""
    spent: Counter[str] = Counter()
    place, called = "", False
    for line in text.splitlines():
        if line.startswith("ob="):
            place = line[3:]
        elif line.startswith("calls="):
            called = True  # the next line is the cost of the call, which counts where it was spent
        elif line[:1] in "0123456789+-*" and place and line:
            if not called:
                spent[place] += int(line.split()[-1])
            called = False
    return spent
