"""Entries made up for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from bench.history.entry import Entry, Machine, SeriesFigure
from bench.model.commit import Commit

HERE = Machine("aaaaaaaaaaaa", "a machine")
THERE = Machine("bbbbbbbbbbbb", "another machine")
ANCHOR = "anchor / ping / native, 32 users"
_FIRST = datetime(2026, 11, 1, 12, tzinfo=UTC)


def commit(number: int, *, dirty: bool = False) -> Commit:
    """The commit of a day, counted from 0."""
    date = (_FIRST + timedelta(days=number)).isoformat()
    return Commit(f"{number:040x}", f"subject {number}", date, dirty)


def entry(
    number: int,
    value: float = 1.0,
    *,
    metric: str = "cpu",
    name: str = "uvicorn / noop-async",
    around: float = 0.01,
    machine: Machine = HERE,
    anchor: str | None = ANCHOR,
    dirty: bool = False,
    versions: Mapping[str, str] | None = None,
    service: str | None = None,
    harness: Mapping[str, str] | None = None,
    caveats: tuple[str, ...] = (),
) -> Entry:
    """An entry with one figure, whose range is `around` it on either side."""
    figure = SeriesFigure(value, value - around, value + around, 3)
    return Entry(
        commit=commit(number, dirty=dirty),
        when="2026-11-24T12:00:00+00:00",
        machine=machine,
        run="a-run",
        anchor=anchor,
        series={name: {metric: figure}},
        versions=versions or {},
        service=service,
        harness=harness or {},
        caveats={name: caveats} if caveats else {},
    )


def history(values: Sequence[float], **more: object) -> tuple[Entry, ...]:
    """An entry a value, a commit a day."""
    return tuple(entry(number, value, **more) for number, value in enumerate(values))  # type: ignore[arg-type]
