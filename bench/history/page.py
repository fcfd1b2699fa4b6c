"""A history as one HTML page that loads nothing from the network.

The markup is in the template; this module computes what it shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from bench.history.chart import CommitPage, describe, draw, figure, title
from bench.history.entry import Machine
from bench.history.report import ADVICE, History, commit_count, latest_change, packages, services
from bench.history.trends import ChangePoint, Trend
from bench.model.commit import Commit
from bench.report import style_sheet
from bench.report.html import render_template

_SHEETS = (("bench.report", "colours.css"), ("bench.report", "page.css"), ("bench.history", "history.css"))


def render(history: History, commit_page: CommitPage) -> str:
    """The page; `commit_page` gives the link of a commit, or None."""
    colours: dict[str, int] = {}
    for entry in history.entries:
        colours.setdefault(entry.machine.fingerprint, len(colours))
    contents = {
        "title": f"History of {commit_count(history)}",
        "style": Markup("\n".join(style_sheet(name, room) for room, name in _SHEETS)),
        "facts": list(_facts(history).items()),
        "notes": history.notes,
        "advice": ADVICE,
        "steps": [_step(commit, changes) for commit, changes in history.advice.items()],
        "sections": list(_sections(history, colours, commit_page)),
        "colours": colours,
        "entries": history.entries,
        "commit_page": commit_page,
    }
    return render_template("history.html.jinja", contents, "bench.history")


def _facts(history: History) -> Mapping[str, str]:
    dates = [entry.commit.date[:10] for entry in history.entries]
    machines = dict.fromkeys(entry.machine.about for entry in history.entries)
    anchors = dict.fromkeys(entry.anchor for entry in history.entries if entry.anchor)
    names = services(history)
    return {
        **({"service" if len(names) == 1 else "services": ", ".join(names)} if names else {}),
        "commits": f"{len({entry.commit for entry in history.entries})}, {dates[0]} to {dates[-1]}",
        "machine" if len(machines) == 1 else "machines": "; ".join(machines),
        "measured against": "; ".join(anchors) or "nothing: counts",
    }


@dataclass(frozen=True, slots=True)
class _Change:
    """A change point in words, with its class for the style sheet and the section that draws it."""

    place: str
    title: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class _Step:
    """A commit with its change points, and the packages that changed with it."""

    commit: Commit
    changes: tuple[_Change, ...]
    packages: tuple[str, ...]


def _step(commit: Commit, changes: Sequence[tuple[Trend, ChangePoint]]) -> _Step:
    shown = (
        _Change(
            _place(_heading(trend)),
            title(trend, change),
            "worse" if change.worse else "better",
            describe(change),
        )
        for trend, change in changes
    )
    return _Step(commit, tuple(shown), packages(changes))


@dataclass(frozen=True, slots=True)
class _Heading:
    """A section's title, and the anchor of its figures."""

    title: str
    anchor: str | None


@dataclass(frozen=True, slots=True)
class _Panel:
    """A trend: its title, how to read it, and its chart as an `svg` element."""

    title: str
    reading: str
    drawing: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    """Trends under one heading, and the machines that measured them."""

    place: str
    title: str
    anchor: str | None
    machines: tuple[Machine, ...]
    panels: tuple[_Panel, ...]


def _sections(history: History, colours: Mapping[str, int], commit_page: CommitPage) -> Iterator[_Section]:
    """A section for each measured thing and anchor, with all its metrics, and one for each kind of count."""
    by_heading: dict[_Heading, list[Trend]] = {}
    for trend in history.trends:
        by_heading.setdefault(_heading(trend), []).append(trend)
    for heading, trends in by_heading.items():
        machines = {line.machine.fingerprint: line.machine for trend in trends for line in trend.lines}
        yield _Section(
            place=_place(heading),
            title=heading.title,
            anchor=heading.anchor,
            machines=tuple(machines.values()),
            panels=tuple(_panel(trend, colours, commit_page) for trend in trends),
        )


def _heading(trend: Trend) -> _Heading:
    if trend.anchor:
        return _Heading(trend.name, trend.anchor)
    return _Heading(f"{trend.metric} per request".capitalize(), None)


def _place(heading: _Heading) -> str:
    """The id of a section, for links."""
    words = f"{heading.title}, against {heading.anchor}" if heading.anchor else heading.title
    return "at-" + "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in words)


def _panel(trend: Trend, colours: Mapping[str, int], commit_page: CommitPage) -> _Panel:
    reading = f"{'lower' if trend.higher_is_worse else 'higher'} is better"
    if len(trend.lines) == 1:
        (line,) = trend.lines
        reading += f"; last {figure(line.points[-1].figure.value, trend)} ({latest_change(line)})"
    return _Panel(
        trend.metric if trend.anchor else trend.name, reading, Markup(draw(trend, colours, commit_page))
    )
