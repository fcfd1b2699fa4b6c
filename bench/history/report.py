"""A history as text and as JSON, and the words that its page shares with them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from bench.history.chart import describe, difference, figure, title
from bench.history.entry import Entry
from bench.history.trends import FORMER, Advice, ChangePoint, Latest, MachineLine, Trend, advice, trends
from bench.model.record import Caveat
from bench.report import text as plain_text
from bench.stats.change_points import LEAST
from bench.stats.format import NO_EVIDENCE, NOTHING
from bench.stats.table import Column, Row, Table, label

ADVICE = (
    "Change points are advice, not verdicts: look at the commit, and let a gate decide (bench exact, bench ab). Of "
    "simulated lines of 100 commits without any change, 2 % get one where figures are independent (10 % with heavy "
    "tails), 3 % where neighbours are alike (AR(1) of 0.3 and of 0.6), and 24 % where the machine drifts slowly under "
    "noise as large. A step of 5 % in noise of 2 % is found in 98 % of lines in the middle, in 82 % after 5 commits. "
    f"Changes of {100 * LEAST:g} % or less are not reported."
)
RATIOS = (
    "Each figure is a ratio to the anchor's in the same run, drawn rotation by rotation where both have slices, the "
    "median of the rounds; the band is their range. "
    "Figures of different machines are not comparable: each has a line of its own."
)
COUNTS = "Instructions are counted, not timed, so they need no anchor; the band is what would not be found."
CHANGE = (
    f"Change: the last figure over the mean of up to {FORMER} before it; {NO_EVIDENCE} where it lies within the 95 % "
    "prediction interval of these (of counts: within what would not be found)."
)
HOLLOW = "A plus after a commit, and a hollow dot: measured with changes on top that no commit holds."
_MOST_STEPS = 2


@dataclass(frozen=True, slots=True)
class History:
    """Entries in the order of their commits, their trends, and the change points of these."""

    entries: tuple[Entry, ...]
    trends: tuple[Trend, ...]
    advice: Advice

    @property
    def notes(self) -> tuple[str, ...]:
        anchored = [RATIOS] if any(trend.anchor for trend in self.trends) else []
        counted = [COUNTS] if any(trend.anchor is None for trend in self.trends) else []
        dirty = [HOLLOW] if any(entry.commit.dirty for entry in self.entries) else []
        return (*anchored, *counted, CHANGE, *dirty)


def build_history(entries: Sequence[Entry]) -> History:
    """The history of the entries that count, in the order of their commits."""
    found = trends(entries)
    return History(tuple(entries), found, advice(found))


# --- text ----------------------------------------------------------------------------------------


def render_text(history: History) -> str:
    """A table of the last figures, and the change points by commit; ends in a newline."""
    lines = [plain_text.render(_table(history)), "Change points (advice)", ""]
    for commit, changes in history.advice.items():
        lines.append(f"{commit.date[:10]}  {commit.short}  {commit.subject}")
        lines += [f"    {title(trend, change)} {describe(change)}" for trend, change in changes]
        lines += [f"    package: {package}" for package in packages(changes)]
    if not history.advice:
        lines.append("None was found.")
    return "\n".join(lines) + "\n"


def _table(history: History) -> Table:
    columns = (
        label("measured"),
        label("metric"),
        Column("last"),
        Column("change"),
        Column("commits"),
        label("level changed at"),
    )
    rows = tuple(_row(trend, line) for trend in history.trends for line in trend.lines)
    return Table(
        f"History of {commit_count(history)}{_of_services(history)}", columns, rows, (*history.notes, ADVICE)
    )


def _row(trend: Trend, line: MachineLine) -> Row:
    against = f", against {trend.anchor}" if trend.anchor else ""
    steps = [f"{one.commit.short} {difference(one.ratio)}" for one in reversed(line.changes)]
    more = [f"{len(steps) - _MOST_STEPS} more"] if len(steps) > _MOST_STEPS else []
    entries = (
        trend.name,
        trend.metric,
        figure(line.points[-1].figure.value, trend),
        latest_change(line),
        str(len(line.points)),
        "; ".join([*steps[:_MOST_STEPS], *more]),
    )
    doubts = tuple(Caveat(code, "") for code in line.points[-1].caveats)
    return Row(entries, f"{line.machine.about}{against}", doubts)


def latest_change(line: MachineLine) -> str:
    """The last figure against those before it: `+5.1 %`, `~`, or a dash where there are none."""
    latest = line.latest
    if latest is None:
        return NOTHING
    return difference(latest.ratio) if latest.shown else NO_EVIDENCE


def services(history: History) -> tuple[str, ...]:
    """The names of the services that were measured; none where the app was always the harness's own."""
    return tuple(dict.fromkeys(entry.service for entry in history.entries if entry.service))


def _of_services(history: History) -> str:
    names = services(history)
    return f" of {' and '.join(names)}" if names else ""


def commit_count(history: History) -> str:
    """`60 commits`."""
    count = len({entry.commit for entry in history.entries})
    return f"{count} commit{'' if count == 1 else 's'}"


def packages(changes: Sequence[tuple[Trend, ChangePoint]]) -> tuple[str, ...]:
    """The packages that changed together with the code at these change points, each once."""
    return tuple(dict.fromkeys(package for _, change in changes for package in change.packages))


# --- JSON ----------------------------------------------------------------------------------------


def render_json(history: History) -> str:
    """Every line with its points and changes; ends in a newline."""
    lines = [_plain(trend, line) for trend in history.trends for line in trend.lines]
    return json.dumps({"lines": lines, "notes": [*history.notes, ADVICE]}, indent=2) + "\n"


def _plain(trend: Trend, line: MachineLine) -> Mapping[str, object]:
    return {
        "name": trend.name,
        "metric": trend.metric,
        "higher_is_worse": trend.higher_is_worse,
        "anchor": trend.anchor,
        "machine": asdict(line.machine),
        "points": [
            asdict(point.commit) | asdict(point.figure) | {"caveats": point.caveats} for point in line.points
        ],
        "change_points": [
            {
                "commit": change.commit.hash,
                "ratio": change.ratio,
                "worse": change.worse,
                "packages": change.packages,
            }
            for change in line.changes
        ],
        "latest": _plain_latest(line.latest) if line.latest else None,
    }


def _plain_latest(latest: Latest) -> Mapping[str, object]:
    """JSON knows no infinity: without an interval its bounds are null."""
    bounded = math.isfinite(latest.high)
    return {
        "ratio": latest.ratio,
        "low": latest.low if bounded else None,
        "high": latest.high if bounded else None,
        "shown": latest.shown,
    }
