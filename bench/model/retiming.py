"""What a sample file says by the clock of another machine, by ours."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.model.evidence import read_failures, write_failures
from bench.model.gaps import count_gaps
from bench.model.samples import FAILURES_SUFFIX, count_rows

Clock = Callable[[NDArray[np.int64]], NDArray[np.int64]]
"""Moments of another clock, in ns, as ours."""

_MOMENTS = (0, 2, 3, 4)
"""The columns of a row that are moments: all but the wait for a connection, and the tag."""
_GAP_MOMENTS = (0,)


def retime(path: Path, clock: Clock) -> None:
    """Change all moments in what a `SampleFile` wrote, and in the failures next to it."""
    _change(path, count_rows(path), _MOMENTS, clock)
    _change(path.with_suffix(".gaps"), count_gaps(path), _GAP_MOMENTS, clock)
    facts = path.with_suffix(".json")
    found = json.loads(facts.read_text())
    facts.write_text(
        json.dumps(found | {name: _moved(found[name], clock) for name in ("start_ns", "end_ns")})
    )
    failures = path.with_suffix(FAILURES_SUFFIX)
    moved = [replace(one, done_ns=_moved(one.done_ns, clock)) for one in read_failures(failures)]
    write_failures(failures, moved)


def _change(path: Path, count: int, columns: tuple[int, ...], clock: Clock) -> None:
    if count:
        rows = np.fromfile(path, np.int64).reshape(count, -1)
        for column in columns:
            rows[:, column] = clock(rows[:, column])
        rows.tofile(path)


def _moved(moment_ns: int, clock: Clock) -> int:
    return int(clock(np.array([moment_ns], np.int64))[0])
