"""Changes in words and figures: the title of each, and all of them as one table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bench.model.change import Change, Judgement
from bench.stats.metrics import three_digits
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
    levels = [_figure(one.base, one.unit), _figure(one.head, one.unit)]
    parts = [
        _difference(one),
        *([f"between {interval}"] if interval else []),
        *([f"from {levels[0]} to {levels[1]}"] if all(levels) else []),
    ]
    return f"{one.metric}: {', '.join(filter(None, parts)) or one.verdict}"


def difference(ratio: float) -> str:
    """`+0.51 %`."""
    return f"{percent(ratio):+.2f} %"


def percent(ratio: float) -> float:
    """A ratio as a difference in per cent; zero is never written as -0."""
    return round(100 * (ratio - 1), 2) + 0.0


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


def _figure(value: float | None, unit: str) -> str:
    """`1,005`, `12.7 ms`, `0.0004`."""
    if value is None:
        return ""
    small = 0 < value < 0.0095
    text = f"{value:,.0f}" if value == round(value) else f"{value:.2g}" if small else three_digits(value)
    return f"{text} {unit}".rstrip()


def _share(value: float | None) -> str:
    return "" if value is None else f"{value * 100:.2f} %"


_COLUMNS = (
    _Column(label("name"), lambda one: one.name, _always),
    _Column(label("metric"), lambda one: one.metric, _has_metrics),
    _Column(Column("base"), lambda one: _figure(one.base, one.unit)),
    _Column(Column("head"), lambda one: _figure(one.head, one.unit)),
    _Column(Column("per request"), lambda one: _figure(one.head, one.unit), _has_no_verdict),
    _Column(Column("difference"), _difference),
    _Column(Column("interval"), _interval, _has_intervals),
    _Column(Column("found from"), lambda one: _share(one.mde), _always),
    _Column(label("verdict"), lambda one: one.verdict or ""),
)
