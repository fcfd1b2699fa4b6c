"""Stretches in which requests waited for a server, and none was answered."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.model.samples import OK, Recording, Samples

_STALL_TIMES_P99 = 10


def stalls_ns(recording: Recording, service_p99_ms: float) -> NDArray[np.int64]:
    """Stretches of the measured part, longer than ten times p99, in which requests waited and no good answer came.

    A stretch begins with a good answer, or when the first request comes that finds nobody waiting. A request that is
    refused at once was not answered: a server that is gone stalls.
    """
    search = _Search(recording, round(_STALL_TIMES_P99 * 1e6 * service_p99_ms))
    for part in recording.parts():
        search.add(part)
    return np.concatenate(search.end())


class _Search:
    """Goes back through time: a stretch ends with the good answer after it, and those that waited end later still."""

    def __init__(self, recording: Recording, least_ns: int) -> None:
        self._start_ns, self._end_ns = recording.start_ns, recording.end_ns
        self._least_ns = least_ns
        self._after_ns = recording.end_ns
        self._due_ns: int | None = None  # the first that was due, of all that ended later
        self._found = [np.empty(0, np.int64)]

    def add(self, part: Samples) -> None:
        """Add requests that ended before all that were added."""
        later = part.done_ns >= self._start_ns
        order = np.argsort(part.done_ns[later], kind="stable")
        done_ns, intended_ns = part.done_ns[later][order], part.intended_ns[later][order]
        if not len(done_ns):
            return
        first_due_ns = np.minimum.accumulate(intended_ns[::-1])[::-1]
        if self._due_ns is not None:
            first_due_ns = np.append(np.minimum(first_due_ns, self._due_ns), self._due_ns)
        good_ns = done_ns[part.outcome[later][order] == OK]
        place = np.searchsorted(done_ns, good_ns, side="right")
        waiting = place < len(first_due_ns)
        after_ns = np.append(good_ns[1:], self._after_ns) if len(good_ns) else good_ns
        self._keep(good_ns[waiting], first_due_ns[place[waiting]], after_ns[waiting])
        self._due_ns = int(first_due_ns[0])
        self._after_ns = int(good_ns[0]) if len(good_ns) else self._after_ns

    def end(self) -> list[NDArray[np.int64]]:
        """All stretches, the one before the first good answer among them."""
        if self._due_ns is not None:
            first = np.array([self._start_ns, self._due_ns, self._after_ns])
            self._keep(first[:1], first[1:2], first[2:])
        return self._found

    def _keep(
        self, before_ns: NDArray[np.int64], since_ns: NDArray[np.int64], after_ns: NDArray[np.int64]
    ) -> None:
        begin_ns = np.maximum(np.maximum(since_ns, before_ns), self._start_ns)
        lengths_ns = np.minimum(after_ns, self._end_ns) - begin_ns
        self._found.append(lengths_ns[lengths_ns > self._least_ns])
