"""Callgrind's part files, written with `--compress-strings=no`, so that each can be read by itself.

The format: https://valgrind.org/docs/manual/cl-format.html
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

_COSTS = "0123456789+-*"
"""The first characters of lines that hold a cost."""


def inclusive(text: str, functions: Sequence[str]) -> dict[str, tuple[int, int]]:
    """By function: the number of calls, and the instructions of those calls and of all calls below them.

    Only the outermost calls count: deeper ones (`f'2`), and jumps to parts that a compiler moved (`f.cold`), are part.
    """
    names = "|".join(map(re.escape, functions))
    call = rf"^cfn=({names})(?:\.(?!cold|part)[^'\n]*)?\ncalls=(\d+) .*\n\S+ (\d+)$"
    calls: Counter[str] = Counter()
    spent: Counter[str] = Counter()
    for match in re.finditer(call, text, re.MULTILINE):
        calls[match[1]] += int(match[2])
        spent[match[1]] += int(match[3])
    return {name: (calls[name], spent[name]) for name in functions}


def exclusive(text: str, functions: Iterable[str]) -> int:
    """The instructions of these functions, without those of the functions that they call."""
    names = "|".join(map(re.escape, functions))
    spent = 0
    for name in re.finditer(rf"^fn=(?:{names})(?:[.'].*)?$", text, re.MULTILINE):
        end = text.find("\nfn=", name.end())
        lines = text[name.end() : None if end < 0 else end].splitlines()
        spent += sum(int(line.split()[-1]) for previous, line in pairwise(lines) if _is_own(previous, line))
    return spent


def _is_own(previous: str, line: str) -> bool:
    """Whether a line is a function's own cost: the line after `calls=` counts in the function that was called."""
    return line[:1] in _COSTS and bool(line) and not previous.startswith("calls=")


def by_object(text: str) -> Counter[str]:
    """Instructions by program or shared library, without those of the libraries that it calls."""
    spent: Counter[str] = Counter()
    place = ""
    for previous, line in pairwise(text.splitlines()):
        if line.startswith("ob="):
            place = line[3:]
        elif place and _is_own(previous, line):
            spent[place] += int(line.split()[-1])
    return spent
