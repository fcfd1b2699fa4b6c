"""When the sessions of a user start: after a pause, at a steady pace, or as they arrive for all users together.

Times are in seconds of a monotonic clock.
"""

from __future__ import annotations

from heapq import heappop, heappush
from random import Random
from typing import Protocol


class Timetable(Protocol):
    """Sessions of one user. Where they are `due` by themselves, a late one is answered late, too."""

    are_due: bool

    def next_s(self, now_s: float) -> float:
        """The start of the next session, which may have passed."""


class ThinkTimes:
    """Sessions that start a pause after the end of the one before; pauses are distributed exponentially."""

    are_due = False

    def __init__(self, mean_s: float, rng: Random) -> None:
        self._mean_s = mean_s
        self._rng = rng
        self._is_first = True

    def next_s(self, now_s: float) -> float:
        """The start of the next session; the first one starts now."""
        if self._is_first or not self._mean_s:
            self._is_first = False
            return now_s
        return now_s + self._rng.expovariate(1.0) * self._mean_s


class SteadyPace:
    """Sessions that start every so many seconds, and one after the other where they take longer."""

    are_due = True

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._due_s: float | None = None

    def next_s(self, now_s: float) -> float:
        """The start of the next session; the first one starts now."""
        self._due_s = now_s if self._due_s is None else self._due_s + self._every_s
        return self._due_s


class Arrivals:
    """Sessions that arrive at a rate, independently of each other, for whichever user is free.

    Times between them are distributed exponentially (a Poisson process). A session that finds no user free waits for
    one; with `sheds` it is left out, and counted in `shed`.
    """

    are_due = True

    def __init__(self, rate_per_s: float, rng: Random, *, sheds: bool = False) -> None:
        self._rate_per_s = rate_per_s
        self._rng = rng
        self._sheds = sheds
        self._given_back: list[float] = []
        self._due_s: float | None = None
        self.shed = 0

    def next_s(self, now_s: float) -> float:
        """The arrival that a user who is free takes."""
        while self._sheds and self._first_s(now_s) < now_s:
            self._take_s(now_s)
            self.shed += 1
        return self._take_s(now_s)

    def give_back(self, due_s: float) -> None:
        """Leave an arrival to another user, as the one that took it ends."""
        heappush(self._given_back, due_s)

    def _first_s(self, now_s: float) -> float:
        if self._due_s is None:
            self._due_s = now_s + self._rng.expovariate(self._rate_per_s)
        return min(self._given_back[0], self._due_s) if self._given_back else self._due_s

    def _take_s(self, now_s: float) -> float:
        due_s = self._first_s(now_s)
        if self._given_back and self._given_back[0] == due_s:
            return heappop(self._given_back)
        self._due_s = due_s + self._rng.expovariate(self._rate_per_s)
        return due_s
