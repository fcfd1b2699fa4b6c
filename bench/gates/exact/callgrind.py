"""Callgrind's part files, written with `--compress-strings=no`, so that each can be read by itself.

The format: https://valgrind.org/docs/manual/cl-format.html
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

_COSTS = "0123456789+-*"
"""What the lines that hold a cost begin with."""

_TOTALS = re.compile(r"^totals: (\d+)$", re.MULTILINE)


def total(text: str) -> int:
    """The instructions of a part, of all threads. Raises ValueError where the file is cut off.

    They stand in its last line. `summary:` in the head holds as well what other threads did before the part began.
    """
    found = _TOTALS.search(text)
    if found is None:
        raise ValueError("this is no finished part file of callgrind")
    return int(found[1])


def inside(text: str, functions: Sequence[str]) -> dict[str, tuple[int, int]]:
    """By function, how often it was called, and the instructions of those calls with all that they called.

    Only the outermost calls: deeper ones (`f'2`), and jumps to what a compiler has put aside (`f.cold`), lie in them.
    """
    names = "|".join(map(re.escape, functions))
    call = rf"^cfn=({names})(?:\.(?!cold|part)[^'\n]*)?\ncalls=(\d+) .*\n\S+ (\d+)$"
    calls: Counter[str] = Counter()
    spent: Counter[str] = Counter()
    for found in re.finditer(call, text, re.MULTILINE):
        calls[found[1]] += int(found[2])
        spent[found[1]] += int(found[3])
    return {name: (calls[name], spent[name]) for name in functions}


def itself(text: str, functions: Iterable[str]) -> int:
    """The instructions of these functions, without those of what they call."""
    names = "|".join(map(re.escape, functions))
    spent = 0
    for name in re.finditer(rf"^fn=(?:{names})(?:[.'].*)?$", text, re.MULTILINE):
        end = text.find("\nfn=", name.end())
        lines = text[name.end() : None if end < 0 else end].splitlines()
        spent += sum(int(line.split()[-1]) for before, line in pairwise(lines) if _is_own(before, line))
    return spent


def _is_own(before: str, line: str) -> bool:
    """Whether a line is a cost, and not that of the call in the line before, which counts where it was spent."""
    return line[:1] in _COSTS and bool(line) and not before.startswith("calls=")


def by_object(text: str) -> Counter[str]:
    """Instructions by program or shared library, without those of what it calls."""
    spent: Counter[str] = Counter()
    place = ""
    for before, line in pairwise(text.splitlines()):
        if line.startswith("ob="):
            place = line[3:]
        elif place and _is_own(before, line):
            spent[place] += int(line.split()[-1])
    return spent
