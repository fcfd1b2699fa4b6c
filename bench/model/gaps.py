"""Gaps between the pieces of answers whose end is not known ahead: streams, server-sent events.

A piece is what arrives at once. An answer of four pieces leaves three gaps, the first of them after the first bytes,
and answers in one piece leave none.
"""

from __future__ import annotations

import itertools
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_COLUMNS = 3
_ROW_BYTES = _COLUMNS * 8
_CHUNK_ROWS = 8192
"""Some 200 kB, to be written out at once, as of samples."""


def no_numbers() -> NDArray[np.int64]:
    """An empty column."""
    return np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """Gaps, one a row: when the later of the two pieces came (CLOCK_MONOTONIC), the time since the piece before it, and
    the number of the request's label."""

    at_ns: NDArray[np.int64] = field(default_factory=no_numbers)
    gap_ns: NDArray[np.int64] = field(default_factory=no_numbers)
    label: NDArray[np.int64] = field(default_factory=no_numbers)

    def rows(self, mask: NDArray[np.bool_]) -> Gaps:
        """The rows that the mask selects."""
        return Gaps(at_ns=self.at_ns[mask], gap_ns=self.gap_ns[mask], label=self.label[mask])


class GapFile:
    """Appends gaps to a file next to the samples, in chunks: an engine's memory stays flat however long it runs.

    Each row is three 64-bit integers, the columns of `Gaps`.
    """

    def __init__(self, path: Path) -> None:
        self._file = _beside(path).open("wb")
        self._rows = array("q")

    def add(self, label: int, arrivals_ns: Sequence[int]) -> None:
        """Add the gaps between the pieces of one answer, by the moments at which these came."""
        for earlier_ns, later_ns in itertools.pairwise(arrivals_ns):
            self._rows.extend((later_ns, later_ns - earlier_ns, label))

    def spill(self) -> None:
        """Write out the rows so far, once there are many."""
        if len(self._rows) >= _CHUNK_ROWS * _COLUMNS:
            self._flush()

    def close(self) -> None:
        """Write what is left."""
        self._flush()
        self._file.close()

    def _flush(self) -> None:
        self._rows.tofile(self._file)
        del self._rows[:]


def _beside(path: Path) -> Path:
    return path.with_suffix(".gaps")


def count_gaps(path: Path) -> int:
    """The rows of gaps next to a file of samples."""
    return _beside(path).stat().st_size // _ROW_BYTES


def read_gaps(path: Path, first: int, count: int) -> Gaps:
    """So many rows of gaps next to a file of samples, from the `first` on."""
    rows = np.fromfile(_beside(path), np.int64, count * _COLUMNS, offset=first * _ROW_BYTES).reshape(
        -1, _COLUMNS
    )
    at_ns, gap_ns, label = np.ascontiguousarray(rows.T)
    return Gaps(at_ns=at_ns, gap_ns=gap_ns, label=label)


def concatenate(parts: Sequence[Gaps]) -> Gaps:
    """Several gaps as one; their labels must be numbered alike."""
    return Gaps(
        at_ns=np.concatenate([part.at_ns for part in parts]),
        gap_ns=np.concatenate([part.gap_ns for part in parts]),
        label=np.concatenate([part.label for part in parts]),
    )
