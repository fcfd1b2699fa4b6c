"""What the part files of a measurement say, by endpoint."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.gates.exact import callgrind

MISS = "find_name_in_mro"
"""The interpreter's function that looks an attribute up anew, where its cache of lookups has no place for it.

The cache is hashed by addresses: which lookups push each other out is luck, and another line anywhere in the app
draws new lots. Measured on a database endpoint: 97 or 156 lookups a request, 2.5 % of its instructions. They are
counted apart.
"""

_PRICES = {"_PyObject_Malloc": 22, "_PyObject_Free": 38}
"""The interpreter's functions that give and take small pieces of memory, and what a call takes where all is well.

Each call counts as that many instructions. It takes some more where its pool has just one piece left, again and again
if that piece comes and goes: luck, too. Measured on ten thousand steps of arithmetic: 1.3 % of a request.
"""

_BEHIND = (
    *("pymalloc_alloc", "pymalloc_pool_extend", "allocate_from_new_pool", "new_arena"),
    *("pymalloc_free", "insert_to_usedpool", "insert_to_freepool"),
)
"""What those call, where a compiler has not put it into them; paid for by the price of the call."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Instructions per request, block by block, without what is luck; and how many lookups anew a request made.

    Block n of one version has run after as many requests as block n of the other, so they share what is left of
    warming up and are compared with each other.
    """

    blocks: tuple[float, ...]
    lookups: float = 0.0

    @property
    def instructions(self) -> float:
        return statistics.median(self.blocks)

    def __add__(self, other: Figure) -> Figure:
        """The blocks of both, as of one longer measurement."""
        return Figure(self.blocks + other.blocks, (self.lookups + other.lookups) / 2)


def counted(part: str) -> tuple[int, int]:
    """The instructions of a part file without what is luck, and the number of lookups made anew."""
    called = callgrind.inside(part, (MISS, *_PRICES))
    lookups, missed = called[MISS]
    spent = missed + callgrind.itself(part, (*_PRICES, *_BEHIND))
    paid = sum(called[name][0] * price for name, price in _PRICES.items())
    return callgrind.total(part) - spent + paid, lookups


Figures = Mapping[str, Figure | None]
"""By name; None is what does not exist in that version."""


def noise(values: Sequence[float]) -> float:
    """The standard error of the median of some values, by their median distance from it: outliers do not count.

    1.4826 makes that distance a standard deviation, 1.2533 (the root of pi/2) a mean's error a median's; both
    hold for a normal distribution.
    """
    middle = statistics.median(values)
    deviation = 1.4826 * statistics.median(abs(value - middle) for value in values)
    return float(1.2533 * deviation / len(values) ** 0.5)
