"""Rows of the native engine, in bulk, as entries of Locust's statistics: its tables, charts and reports follow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from time import monotonic_ns

import numpy as np
from locust import stats as locust_stats
from locust.stats import RequestStats, StatsEntry, StatsError
from numpy.typing import NDArray

from bench.model.samples import OK, label_of, outcome_of

_INTENDED, _CONNECT, _SENT, _DONE, _TAG = 0, 1, 2, 4, 5
_KEPT_BITS = 13
"""Of the 52 bits behind the first one of a time: they change it by at most 2^-14, a sixteen-thousandth."""
_MOST_BUCKETS = 1 << 18


class RowTally:
    """Adds the rows of one generator process to Locust's statistics.

    A response time is Locust's: from when the request was to be sent, its connection included. With `due_suffix` each
    name has a second row, of this ending and no part of the total, whose times count from the intended start.
    """

    def __init__(self, stats: RequestStats, due_suffix: str = "") -> None:
        self._stats = stats
        self._due_suffix = due_suffix
        self._names: list[tuple[str, str]] = []
        self._outcomes: list[str] = []
        self._said: dict[tuple[str, str], str] = {}

    def learn(
        self,
        labels: Sequence[tuple[str, str]],
        outcomes: Sequence[str],
        failures: Sequence[tuple[str, str, str]],
    ) -> None:
        """Take the names that are new in the rows to come, in the order of their numbers; labels come with methods.

        Of each label and fault the first of the `failures` has the beginning of the answer that is shown.
        """
        self._names += [(method, label) for method, label in labels]
        self._outcomes += outcomes
        for label, fault, said in failures:
            self._said.setdefault((label, fault), f"{fault}: {said}" if said else fault)

    def add(self, rows: NDArray[np.int64]) -> None:
        """Count these rows, each in the second of its end, by the clock of Locust's statistics."""
        offset_ns = int(locust_stats.time.time() * 1e9) - monotonic_ns()  # type: ignore[attr-defined]
        for number, mine in _by_label(rows):
            method, label = self._names[number]
            name = label.removeprefix(f"{method} ")
            entry = self._extend(name, method, mine, mine[:, _SENT] - mine[:, _CONNECT], offset_ns)
            self._stats.total.extend(entry)
            if entry.num_failures:
                self._add_errors(entry, label, mine)
            if self._due_suffix:
                self._extend(name + self._due_suffix, method, mine, mine[:, _INTENDED], offset_ns)

    def _extend(
        self,
        name: str,
        method: str,
        rows: NDArray[np.int64],
        began_ns: NDArray[np.int64],
        offset_ns: int,
    ) -> StatsEntry:
        """Add rows, whose requests `began_ns`, to the entry of a name; gives them as an entry of their own."""
        entry = StatsEntry(self._stats, name, method)
        _fill(entry, rows, began_ns, offset_ns)
        self._stats.entries[(name, method)].extend(entry)
        return entry

    def _add_errors(self, entry: StatsEntry, label: str, rows: NDArray[np.int64]) -> None:
        numbers, counts = np.unique(outcome_of(rows[:, _TAG]), return_counts=True)
        for number, count in zip(numbers.tolist(), counts.tolist(), strict=True):
            if number == OK:
                continue
            fault = self._outcomes[number]
            said = self._said.get((label, fault), fault)
            key = StatsError.create_key(entry.method, entry.name, said)
            error = self._stats.errors.setdefault(key, StatsError(entry.method, entry.name, said))
            error.occurrences += count
            error.last_seen = entry.last_request_timestamp
            error.first_seen = error.first_seen or error.last_seen


def count_buckets(times_ms: NDArray[np.float64]) -> dict[int, int]:
    """How many of these times fall into each bucket of Locust's, whatever function makes them at the moment."""
    shift = np.int64(52 - _KEPT_BITS)
    rounded = (times_ms.view(np.int64) + (np.int64(1) << (shift - 1))) >> shift << shift
    values, counts = np.unique(rounded.view(np.float64), return_counts=True)
    found: dict[int, int] = defaultdict(int)
    bucket_of = locust_stats.bucket_response_time
    for value, count in zip(values.tolist(), counts.tolist(), strict=True):
        found[_bucket(bucket_of, value)] += count
    return found


@lru_cache(_MOST_BUCKETS)
def _bucket(bucket_of: Callable[[float], int], time_ms: float) -> int:
    return bucket_of(time_ms)


def _by_label(rows: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """The rows of each label, with its number."""
    labels = label_of(rows[:, _TAG])
    ordered = np.argsort(labels, kind="stable")
    numbers, firsts = np.unique(labels[ordered], return_index=True)
    for number, mine in zip(numbers.tolist(), np.split(ordered, firsts[1:]), strict=True):
        yield number, rows[mine]


def _fill(entry: StatsEntry, rows: NDArray[np.int64], began_ns: NDArray[np.int64], offset_ns: int) -> None:
    """Give a new entry the figures of some rows."""
    times_ms = (rows[:, _DONE] - began_ns) / 1e6
    done_ns = rows[:, _DONE] + offset_ns
    is_failed = outcome_of(rows[:, _TAG]) != OK
    entry.num_requests = len(rows)
    entry.num_failures = int(is_failed.sum())
    entry.total_response_time = float(times_ms.sum())  # type: ignore[assignment]
    entry.min_response_time = float(times_ms.min())  # type: ignore[assignment]
    entry.max_response_time = float(times_ms.max())  # type: ignore[assignment]
    entry.response_times = count_buckets(times_ms)
    entry.num_reqs_per_sec = _by_second(done_ns)
    entry.num_fail_per_sec = _by_second(done_ns[is_failed])
    entry.last_request_timestamp = int(done_ns.max()) / 1e9


def _by_second(at_ns: NDArray[np.int64]) -> dict[int, int]:
    seconds, counts = np.unique(at_ns // 1_000_000_000, return_counts=True)
    return dict(zip(seconds.tolist(), counts.tolist(), strict=True))
