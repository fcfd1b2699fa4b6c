"""A worker's report to Locust's master, which names times by the worker's clock: the same report by the master's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

_PER_SECOND = ("num_reqs_per_sec", "num_fail_per_sec")
_MOMENTS = ("start_time", "last_request_timestamp")


def shift(report: Mapping[str, Any], ahead_s: float) -> None:
    """Take away, in place, what the worker's clock is ahead, in seconds.

    Seconds that requests are counted by move by whole ones: such a count is half a second off at most.
    """
    whole_s = round(ahead_s)
    for entry in entries(report):
        for name in _PER_SECOND:
            entry[name] = {second - whole_s: count for second, count in entry[name].items()}
        _move(entry, _MOMENTS, ahead_s)
    for error in report["errors"].values():
        _move(error, ("first_seen", "last_seen"), ahead_s)


def begin_no_earlier(report: Mapping[str, Any], begin_s: float) -> None:
    """Move the starts of all entries, in place, to a common start that their worker waited for."""
    for entry in entries(report):
        entry["start_time"] = max(entry["start_time"], begin_s)


def entries(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The figures of each name, and of all together."""
    yield from report["stats"]
    yield report["stats_total"]


def _move(fields: dict[str, Any], names: tuple[str, ...], ahead_s: float) -> None:
    for name in names:
        if fields.get(name):  # Locust's own zero and None say that there was no request
            fields[name] -= ahead_s
