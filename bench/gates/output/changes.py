"""Changes in words and figures: the title of each, and all of them as one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.model.change import Change, Judgement
from bench.stats.format import difference, figure, hundredths
from bench.stats.table import Column, Row, Table, label


def change_title(judgement: Judgement, one: Change) -> str:
    """The title of a change among the others: its name, and its metric where there are several."""
    return f"{one.name} {one.metric}" if _has_metrics(judgement) else one.name


def brief(judgement: Judgement, one: Change) -> str:
    """`noop-async +0.51 %`."""
    return f"{change_title(judgement, one)} {_difference(one)}".rstrip()


def summary(one: Change) -> str:
    """`instructions: +0.51 %, between +0.50 and +0.52 %, from 1,000 to 1,005`."""
    interval = _interval(one).replace(" to ", " and ")
    levels = [figure(one.base, one.unit), figure(one.head, one.unit)]
    parts = [
        _difference(one),
        *([f"between {interval}"] if interval else []),
        *([f"from {levels[0]} to {levels[1]}"] if all(levels) else []),
    ]
    return f"{one.metric}: {', '.join(filter(None, parts)) or one.verdict}"


def table(judgement: Judgement) -> Table:
    """A row per change, and the columns that these changes need."""
    columns = [column for column in _COLUMNS if column.shown(judgement)]
    rows = tuple(Row(tuple(column.write(one) for column in columns)) for one in judgement.changes)
    return Table(judgement.title, tuple(column.head for column in columns), rows, judgement.notes)


def _has_verdict(judgement: Judgement) -> bool:
    return judgement.verdict is not None


def _has_no_verdict(judgement: Judgement) -> bool:
    return judgement.verdict is None


def _has_metrics(judgement: Judgement) -> bool:
    return len({one.metric for one in judgement.changes}) > 1


def _has_intervals(judgement: Judgement) -> bool:
    return any(_interval(one) for one in judgement.changes)


def _always(_: Judgement) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class _Column:
    """A column, its entry for a change, and whether a judgement needs the column."""

    head: Column
    write: Callable[[Change], str]
    shown: Callable[[Judgement], bool] = _has_verdict


def _difference(one: Change) -> str:
    return "" if one.ratio is None else difference(one.ratio)


def _interval(one: Change) -> str:
    """`-0.12 to +0.51 %`."""
    if one.low is None or one.high is None:
        return ""
    return f"{difference(one.low).removesuffix(' %')} to {difference(one.high)}"


_COLUMNS = (
    _Column(label("name"), lambda one: one.name, _always),
    _Column(label("metric"), lambda one: one.metric, _has_metrics),
    _Column(Column("base"), lambda one: figure(one.base, one.unit)),
    _Column(Column("head"), lambda one: figure(one.head, one.unit)),
    _Column(Column("per request"), lambda one: figure(one.head, one.unit), _has_no_verdict),
    _Column(Column("difference"), _difference),
    _Column(Column("interval"), _interval, _has_intervals),
    _Column(Column("found from"), lambda one: hundredths(one.mde), _always),
    _Column(label("verdict"), lambda one: one.verdict or ""),
)
