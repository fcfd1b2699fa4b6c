"""How many users there were when, in a test whose load somebody changes while it runs: their peaks, and its stages."""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence

from bench.model.plan import Stage

_SOON_NS = 100_000_000
"""Users are counted a little after they have come."""
_SHORTEST_NS = 1_000_000_000
"""Of a stage: shorter ones belong to the next."""


class HeadCount:
    """Counts of users, by their class, at moments of CLOCK_MONOTONIC; at those of `settled_ns` all had come or gone."""

    def __init__(self) -> None:
        self._counts: list[tuple[int, int]] = []
        self._peaks: dict[str, int] = {}
        self.peak = 0
        self.settled_ns: list[int] = []

    def add(self, at_ns: int, users: Mapping[str, int]) -> None:
        """Add a count; moments must ascend."""
        self._counts.append((at_ns, sum(users.values())))
        self.peak = max(self.peak, self._counts[-1][1])
        for name, count in users.items():
            self._peaks[name] = max(count, self._peaks.get(name, 0))

    def peaks(self) -> dict[str, int]:
        """The most users of each class at once, of those classes that had any."""
        return {name: count for name, count in self._peaks.items() if count}

    def stages(self, span_ns: tuple[int, int], begins_ns: Sequence[int] = ()) -> tuple[Stage, ...]:
        """The stages of a span that begin at these moments, without any where the users were complete.

        The first begins with the span, and one that is shorter than a second is part of the next.
        """
        start_ns, end_ns = span_ns
        edges = [start_ns]
        for at_ns in sorted(begins_ns or self.settled_ns):
            if edges[-1] + _SHORTEST_NS <= at_ns <= end_ns - _SHORTEST_NS:
                edges.append(at_ns)
        pairs = zip(edges, [*edges[1:], end_ns], strict=True)
        return tuple(
            Stage((a - start_ns) / 1e9, (b - a) / 1e9, float(self._at(a + _SOON_NS)), float(self._at(b)))
            for a, b in pairs
        )

    def _at(self, at_ns: int) -> int:
        """The users at a moment: those of the last count by then."""
        place = bisect.bisect_right(self._counts, (at_ns, 1 << 62))
        return self._counts[place - 1][1] if place else 0
