"""A trend as a small SVG: lines with their ranges, levels, and changes that link to their commits.

Written by hand, not drawn with matplotlib: each point says what it is when it is pointed at, each change is a link,
and thirty charts of a hundred commits take a few hundred kilobytes and no time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape

from bench.history.trends import ChangePoint, MachineLine, Point, Trend
from bench.stats.format import whole

CommitPage = Callable[[str], str | None]
"""From the hash of a commit to the page that shows it; None where no page does."""

_WIDTH, _RIGHT, _FOOT = 400.0, 12.0, 24.0
_PLOT, _ROW, _LABEL, _LETTER = 130.0, 15.0, 62.0, 7.0
_MANY = 80
_LEAST_ROOM = 0.001
"""Least height of the plot, as a share of the figures: smaller movements look level."""


def draw(trend: Trend, colours: Mapping[str, int], commit_page: CommitPage) -> str:
    """The chart as one `svg` element; `colours` numbers the colour of each machine, by its fingerprint."""
    scale = _Scale(trend)
    changes = [change for line in trend.lines for change in line.changes]
    rows = _rows([scale.x(change.point.place) for change in changes])
    top = 8.0 + _ROW * (max(rows, default=-1) + 1)
    # Upper rows first: their lines cross the lower labels, which must lie on top.
    upper_first = sorted(zip(rows, changes, strict=True), key=lambda pair: pair[0])
    parts = [
        f'<g transform="translate(0 {top:g})">',
        *scale.axes(),
        *(part for line in trend.lines for part in _line(line, scale, colours[line.machine.fingerprint])),
        "</g>",
        *(
            _mark(
                change,
                title(trend, change),
                target=commit_page(change.commit.hash),
                x=scale.x(change.point.place),
                y=13 + _ROW * row,
                foot=top + _PLOT,
            )
            for row, change in upper_first
        ),
    ]
    name = f"{trend.title}, {len(trend.commits)} commits"
    return (
        f'<svg viewBox="0 0 {_WIDTH:g} {top + _PLOT + _FOOT:g}" role="group" aria-label="{escape(name)}">'
        + "\n".join(parts)
        + "</svg>"
    )


def figure(value: float, trend: Trend) -> str:
    """A ratio in four digits, or a count: `1.312`, `435,696`."""
    return whole(value) if trend.anchor is None or value >= 1000 else f"{value:.4g}"


def difference(ratio: float) -> str:
    """`+5.1 %`."""
    share = 100 * (ratio - 1)
    return f"{share:+.2f} %" if abs(share) < 0.95 else f"{share:+.1f} %"


def describe(change: ChangePoint) -> str:
    """`+5.1 %, worse`."""
    return f"{difference(change.ratio)}, {'worse' if change.worse else 'better'}"


def title(trend: Trend, change: ChangePoint) -> str:
    """The title of the trend, with the machine of the change where the trend has several."""
    return (
        trend.title if len(trend.lines) == 1 else f"{trend.title} on {change.point.entry.machine.fingerprint}"
    )


class _Scale:
    """The places of commits (x) and figures (y) in the plot."""

    def __init__(self, trend: Trend) -> None:
        figures = [point.figure for line in trend.lines for point in line.points]
        low, high = min(one.low for one in figures), max(one.high for one in figures)
        room = max(0.06 * (high - low), _LEAST_ROOM * abs(high)) or 1.0
        self._low, self._high = low - room, high + room
        self._ticks = ticks(self._low, self._high)
        self._left = 10 + _LETTER * max(len(label) for _, label in self._ticks)
        self._dates = [commit.date[:10] for commit in trend.commits]

    def x(self, place: int) -> float:
        share = place / (len(self._dates) - 1) if len(self._dates) > 1 else 0.5
        return self._left + 6 + (_WIDTH - self._left - _RIGHT - 12) * share

    def y(self, value: float) -> float:
        return _PLOT * (self._high - value) / (self._high - self._low)

    def axes(self) -> Iterator[str]:
        for tick, label in self._ticks:
            y = self.y(tick)
            yield f'<line class="grid" x1="{self._left:g}" x2="{_WIDTH - _RIGHT:g}" y1="{y:.1f}" y2="{y:.1f}"/>'
            yield f'<text class="tick end" x="{self._left - 5:g}" y="{y + 4:.1f}">{label}</text>'
        y = _PLOT + 16
        yield f'<text class="tick" x="{self._left:g}" y="{y:g}">{escape(self._dates[0])}</text>'
        if len(self._dates) > 1:
            yield f'<text class="tick end" x="{_WIDTH - _RIGHT:g}" y="{y:g}">{escape(self._dates[-1])}</text>'


def ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Two to six round numbers from `low` to `high`, each with its label."""
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * times for times in (1, 2, 2.5, 5, 10) if power * times >= rough)
    digits = next(digits for digits in range(20) if math.isclose(step, round(step, digits), rel_tol=1e-9))
    first = math.ceil(low / step)
    return [(at * step, f"{at * step:,.{digits}f}") for at in range(first, math.floor(high / step) + 1)]


def _rows(places: Sequence[float]) -> list[int]:
    """The row of each label, so that labels in one row never touch; a label is centred on its place."""
    ends: list[float] = []
    rows = {}
    for index in sorted(range(len(places)), key=lambda index: places[index]):
        left = _centre(places[index]) - _LABEL / 2
        row = next((row for row, end in enumerate(ends) if end <= left), len(ends))
        ends[row : row + 1] = [left + _LABEL]
        rows[index] = row
    return [rows[index] for index in range(len(places))]


def _centre(place: float) -> float:
    """The middle of a label that stays inside the drawing."""
    return min(max(place, _LABEL / 2), _WIDTH - _LABEL / 2)


def _line(line: MachineLine, scale: _Scale, colour: int) -> Iterator[str]:
    yield f'<g class="machine" style="--line: var(--setup-{colour % 8})">'
    upper = [f"{scale.x(point.place):.1f},{scale.y(point.figure.high):.1f}" for point in line.points]
    lower = [f"{scale.x(point.place):.1f},{scale.y(point.figure.low):.1f}" for point in reversed(line.points)]
    yield f'<polygon class="band" points="{" ".join(upper + lower)}"/>'
    for first, last, mean in line.levels:
        y = scale.y(mean)
        yield f'<line class="level" x1="{scale.x(first):.1f}" x2="{scale.x(last):.1f}" y1="{y:.1f}" y2="{y:.1f}"/>'
    middle = [f"{scale.x(point.place):.1f},{scale.y(point.figure.value):.1f}" for point in line.points]
    yield f'<polyline class="line" points="{" ".join(middle)}"/>'
    radius = 1.6 if len(line.points) > _MANY else 2.6
    yield from (_dot(point, scale, radius) for point in line.points)
    yield "</g>"


def _dot(point: Point, scale: _Scale, radius: float) -> str:
    commit, one = point.commit, point.figure
    kind = "dot hollow" if commit.dirty else "dot"
    words = f"{commit.short} {commit.subject}\n{commit.date[:10]}\n{one.value:.6g} ({one.low:.6g} to {one.high:.6g})"
    if point.caveats:
        words += f"\ncaveats: {', '.join(point.caveats)}"
    at = f'cx="{scale.x(point.place):.1f}" cy="{scale.y(one.value):.1f}"'
    return f'<circle class="{kind}" {at} r="{radius:g}"><title>{escape(words)}</title></circle>'


def _mark(change: ChangePoint, name: str, *, target: str | None, x: float, y: float, foot: float) -> str:
    """A label at (x, y) with a line down to `foot`; a link where the commit has a `target`."""
    words = f"{name} {describe(change)}\nsince {change.commit.short} {change.commit.subject}"
    arrow = "▲" if change.ratio > 1 else "▼"
    content = (
        f"<title>{escape(words)}</title>"
        f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y + 4:.1f}" y2="{foot:.1f}"/>'
        f'<text x="{_centre(x):.1f}" y="{y:.1f}">{arrow} {difference(change.ratio)}</text>'
    )
    kind = "worse" if change.worse else "better"
    if target is None:
        return f'<g class="mark {kind}">{content}</g>'
    return f'<a class="mark {kind}" href="{escape(target)}">{content}</a>'
