"""Changes as a forest: a line each, its interval around "no difference"; in letters, and as a chart."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence

from bench.model.change import HIGHER_IS_WORSE, Change, Judgement, Verdict
from bench.report.charts.panels import Chart, ForestPanel, Whisker
from bench.stats.format import difference, percent

READING = "├ ┤ interval, ░ too small to matter, ■ regressed, ◊ improved, ● no change, ○ inconclusive, ◄ ► further out"

_POINTS: dict[Verdict | None, str] = {
    "regressed": "■",
    "improved": "◊",
    "no change": "●",
    "inconclusive": "○",
    None: "○",
}
_HALF = 10
_MARGINS_IN_LETTERS, _MARGINS_DRAWN = 5, 20


def letters(judgement: Judgement) -> list[str]:
    """A line of 21 letters for each change, all of one metric to one scale; empty where there is no ratio."""
    reach = {
        metric: _reach(members, _MARGINS_IN_LETTERS) for metric, members in _by_metric(judgement.changes)
    }
    return [_letters(one, reach[one.metric]) for one in judgement.changes]


def chart(judgement: Judgement) -> Chart | None:
    """A panel for each metric; None where nothing was compared."""
    panels = tuple(
        ForestPanel(
            f"{metric}: {'higher' if HIGHER_IS_WORSE.get(metric, True) else 'lower'} is worse",
            tuple(map(_whisker, members)),
            _reach(members, _MARGINS_DRAWN),
        )
        for metric, members in _by_metric(judgement.changes)
        if any(one.ratio is not None for one in members)
    )
    return (
        Chart(
            name="forest",
            title="How head differs from base",
            reading=judgement.title,
            panels=panels,
            abreast=1,
        )
        if panels
        else None
    )


def _by_metric(changes: Sequence[Change]) -> Iterator[tuple[str, list[Change]]]:
    for metric in dict.fromkeys(one.metric for one in changes):
        yield metric, [one for one in changes if one.metric == metric]


def _whisker(one: Change) -> Whisker:
    text = f"{difference(one.ratio)} {one.verdict}" if one.ratio is not None else one.verdict or ""
    low, high = _ends(one)
    return Whisker(
        label=one.name,
        text=text,
        verdict=one.verdict or "inconclusive",
        middle=None if one.ratio is None else percent(one.ratio),
        low=low,
        high=high,
        margin=100 * (one.margin or 0.0),
    )


def _ends(one: Change) -> tuple[float | None, float | None]:
    """The interval in per cent; None where it is open to one side, as there is no whisker to draw."""
    if one.low is None or one.high is None or not (math.isfinite(one.low) and math.isfinite(one.high)):
        return None, None
    return percent(one.low), percent(one.high)


def _reach(changes: Sequence[Change], margins: int) -> float:
    """How far a scale goes to either side, in per cent: to the furthest end, or to some times the median margin."""
    ends = [abs(end) for one in changes for end in (*_ends(one), one.ratio and percent(one.ratio)) if end]
    ends = [end for end in ends if math.isfinite(end)]
    band = statistics.median([100 * (one.margin or 0.0) for one in changes])
    widest = max([*ends, 2 * band]) or 1.0
    return min(widest, margins * band) if band else widest


def _letters(one: Change, reach: float) -> str:
    if one.ratio is None:
        return ""
    cells = ["·"] * (2 * _HALF + 1)
    near = min(_HALF, math.floor(100 * (one.margin or 0.0) / reach * _HALF))
    cells[_HALF - near : _HALF + near + 1] = ["░"] * (2 * near + 1)
    cells[_HALF] = "│"
    low, high = _ends(one)
    if low is not None and high is not None:
        left, right = _cell(low, reach), _cell(high, reach)
        cells[left : right + 1] = ["─"] * (right + 1 - left)
        cells[left], cells[right] = ("◄" if low < -reach else "├"), ("►" if high > reach else "┤")
    middle = percent(one.ratio)
    cells[_cell(middle, reach)] = "►" if middle > reach else "◄" if middle < -reach else _POINTS[one.verdict]
    return "".join(cells)


def _cell(at: float, reach: float) -> int:
    return _HALF + round(max(-1.0, min(1.0, at / reach)) * _HALF)
