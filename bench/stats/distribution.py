"""Distributions of whole numbers, added piece by piece: every value, or counts in buckets that are 0.1 % wide.

The buckets are those of a high dynamic range histogram: as wide relative to their values, however large these are.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

_BITS = 10
_PER_OCTAVE = 1 << _BITS
"""Buckets between a number and its double: the middle of one is within 0.05 % of all that it holds."""
_MOST_WAITING = 4096

Values = NDArray[np.int64]
Weights = NDArray[np.float64]


class Distribution(Protocol):
    """Values, each with a weight where weights are given; all have one, or none has."""

    @property
    def count(self) -> int:
        """The number of values."""

    def add(self, values: Values, weights: Weights | None = None) -> None:
        """Add values, whose weights are above 0."""

    def mean(self) -> float:
        """The mean of at least one value, by weight where they have weights."""

    def largest(self) -> int:
        """The largest of at least one value."""

    def percentiles(self, percents: Sequence[float]) -> list[float]:
        """Linear between the two nearest of at least one value, each of which counts once."""

    def weighted(self, shares: Sequence[float]) -> list[float]:
        """For each share the smallest value such that the values up to it have at least that share of the weight."""


class Exact:
    """A distribution that keeps every value."""

    def __init__(self) -> None:
        self._values: list[Values] = []
        self._weights: list[Weights] = []
        self.count = 0

    def add(self, values: Values, weights: Weights | None = None) -> None:
        self._values.append(values)
        self.count += len(values)
        if weights is not None:
            self._weights.append(weights)

    def mean(self) -> float:
        weights = np.concatenate(self._weights) if self._weights else None
        return float(np.average(np.concatenate(self._values), weights=weights))

    def largest(self) -> int:
        return max(int(values.max()) for values in self._values if len(values))

    def percentiles(self, percents: Sequence[float]) -> list[float]:
        found: list[float] = np.percentile(np.concatenate(self._values), percents).tolist()
        return found

    def weighted(self, shares: Sequence[float]) -> list[float]:
        values, weights = np.concatenate(self._values), np.concatenate(self._weights)
        order = np.argsort(values)
        return _by_weight(values[order].astype(float), weights[order], shares)


class Histogram:
    """A distribution that keeps one number a bucket, so that its size does not grow with its values.

    Percentiles are within 0.05 % of those of the values themselves; mean, count, smallest and largest are exact.
    """

    def __init__(self) -> None:
        self._octaves: dict[int, Weights] = {}
        self._waiting: list[tuple[Values, Weights | None]] = []
        self._waiting_values = 0
        self._weight = self._total = 0.0
        self._bounds: list[int] = []
        self.count = 0

    def add(self, values: Values, weights: Weights | None = None) -> None:
        if len(values):
            self.count += len(values)
            self._waiting.append((values, weights))
            self._waiting_values += len(values)
        if self._waiting_values >= _MOST_WAITING:
            self._settle()

    def mean(self) -> float:
        self._settle()
        return self._total / self._weight

    def largest(self) -> int:
        self._settle()
        return self._bounds[1]

    def percentiles(self, percents: Sequence[float]) -> list[float]:
        places = np.asarray(percents) / 100 * (self.count - 1)
        below = np.floor(places)
        values, sums = self._table()
        upto, last = np.cumsum(sums), len(values) - 1
        low, high = (
            values[np.minimum(np.searchsorted(upto, ranks, side="right"), last)]
            for ranks in (below, below + 1)
        )
        found: list[float] = (low + (high - low) * (places - below)).tolist()
        return found

    def weighted(self, shares: Sequence[float]) -> list[float]:
        return _by_weight(*self._table(), shares)

    def _table(self) -> tuple[NDArray[np.float64], Weights]:
        """The middle of each bucket that holds a value, in order, and how much it holds."""
        self._settle()
        numbers = sorted(self._octaves)
        sums = np.concatenate([self._octaves[number] for number in numbers])
        buckets = np.add.outer(np.array(numbers) * _PER_OCTAVE, np.arange(_PER_OCTAVE)).ravel()
        there = sums > 0
        least, most = self._bounds
        return np.clip(middle(buckets[there]), least, most), sums[there]

    def _settle(self) -> None:
        """Count the values that wait: few of them are kept as they came, as buckets take more room."""
        if not self._waiting:
            return
        values = np.concatenate([some for some, _ in self._waiting])
        given = [some for _, some in self._waiting if some is not None]
        weights = np.concatenate(given) if given else None
        self._waiting, self._waiting_values = [], 0
        self._total += float(values.sum(dtype=float) if weights is None else values @ weights)
        self._weight += float(len(values) if weights is None else weights.sum())
        bounds = [*self._bounds, int(values.min()), int(values.max())]
        self._bounds = [min(bounds), max(bounds)]
        self._count(bucket(values), weights)

    def _count(self, buckets: Values, weights: Weights | None) -> None:
        first, last = int(buckets.min()) // _PER_OCTAVE, int(buckets.max()) // _PER_OCTAVE
        length = (last - first + 1) * _PER_OCTAVE
        sums = np.bincount(buckets - first * _PER_OCTAVE, weights, length).reshape(-1, _PER_OCTAVE)
        for number, mine in enumerate(sums, first):
            if mine.any():
                self._octaves[number] = self._octaves.get(number, 0.0) + mine.astype(float)


def bucket(values: Values) -> Values:
    """The number of each value's bucket; larger values have no smaller ones."""
    sizes = np.abs(values)
    shifts = np.maximum(np.frexp(sizes.astype(float))[1] - 1 - _BITS, 0).astype(np.int64)
    numbers: Values = np.sign(values) * (shifts * _PER_OCTAVE + (sizes >> shifts))
    return numbers


def middle(buckets: Values) -> NDArray[np.float64]:
    """The middle of the values in each bucket."""
    numbers = np.abs(buckets)
    shifts = np.maximum(numbers // _PER_OCTAVE - 1, 0)
    least = (numbers - shifts * _PER_OCTAVE) << shifts
    middles: NDArray[np.float64] = np.sign(buckets) * (least + ((1 << shifts) - 1) / 2)
    return middles


def _by_weight(values: NDArray[np.float64], weights: Weights, shares: Sequence[float]) -> list[float]:
    """Of values in their order."""
    upto = np.cumsum(weights) / weights.sum()
    found: list[float] = values[np.minimum(np.searchsorted(upto, shares), len(values) - 1)].tolist()
    return found
