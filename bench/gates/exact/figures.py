"""Part files -> instructions per request, by endpoint."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bench.gates.exact import callgrind
from bench.inside._fastapi_bench_exact.parts import total

MISS = "find_name_in_mro"
"""The interpreter's function that looks up an attribute which its cache of lookups does not hold.

The cache is hashed by addresses: which lookups evict each other is luck, and one more line anywhere in the app changes
it. Measured on a database endpoint: 97 or 156 lookups a request, 2.5 % of its instructions. They are counted
separately.
"""

_PRICES = {"_PyObject_Malloc": 22, "_PyObject_Free": 38}
"""The interpreter's functions that allocate and free small blocks of memory, and the instructions of a usual call.

Each call counts as that many instructions. It takes some more where its pool has just one block left, again and again
if that block is freed and allocated: this is luck, too. Measured on ten thousand steps of arithmetic: 1.3 % of a
request.
"""

_BEHIND = (
    *("pymalloc_alloc", "pymalloc_pool_extend", "allocate_from_new_pool", "new_arena"),
    *("pymalloc_free", "insert_to_usedpool", "insert_to_freepool"),
)
"""Functions that those call, unless a compiler has inlined them; the price of the call includes them."""


@dataclass(frozen=True, slots=True)
class Figure:
    """Instructions per request, block by block and without luck, and the cache misses of attribute lookups per request.

    Block n of one version ran after as many requests as block n of the other, so both have warmed up equally and are
    compared with each other.
    """

    blocks: tuple[float, ...]
    lookups: float = 0.0

    @property
    def instructions(self) -> float:
        return statistics.median(self.blocks)

    def __add__(self, other: Figure) -> Figure:
        """The blocks of both, as of one longer measurement."""
        return Figure(self.blocks + other.blocks, (self.lookups + other.lookups) / 2)


def count_instructions(part: str) -> tuple[int, int]:
    """The instructions of a part file without luck, and the number of attribute lookups that missed the cache."""
    calls = callgrind.inclusive(part, (MISS, *_PRICES))
    lookups, missed = calls[MISS]
    spent = missed + callgrind.exclusive(part, (*_PRICES, *_BEHIND))
    paid = sum(calls[name][0] * price for name, price in _PRICES.items())
    return total(part) - spent + paid, lookups


Figures = Mapping[str, Figure | None]
"""By name of an endpoint; None where that version lacks it."""


def noise(values: Sequence[float]) -> float:
    """The standard error of the median of some values, by their median distance from it: outliers do not count.

    1.4826 turns that distance into a standard deviation, and 1.2533 (the root of pi/2) the error of a mean into that of
    a median; both hold for a normal distribution.
    """
    middle = statistics.median(values)
    deviation = 1.4826 * statistics.median(abs(value - middle) for value in values)
    return float(1.2533 * deviation / len(values) ** 0.5)
