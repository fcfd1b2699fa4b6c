"""A history as text, JSON and an HTML page that needs nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Literal

from bench.history.divisive import LEAST
from bench.history.entry import Commit, Entry
from bench.history.trends import FORMER, Advice, ChangePoint, Line, Trend, advice, trends
from bench.metric import NOTHING
from bench.model import Caveat
from bench.report import sheet
from bench.report import text as plain_text
from bench.report.trend import Address, difference, drawing, figure, said, titled
from bench.stats import NO_EVIDENCE
from bench.table import Column, Row, Table, label

Form = Literal["text", "json", "html"]

ADVICE = (
    "Change points are advice, not verdicts: look at the commit, and let a gate decide (bench exact, bench ab). On "
    "pure noise, 4 % (a bell curve) to 11 % (heavy tails) of lines of 100 commits get one, and more on a machine that "
    f"has good and bad weeks. Changes of {100 * LEAST:g} % or less are not told."
)
RATIOS = (
    "Each figure is a ratio to the anchor's in the same run, the median of the repeats; the band is their range. "
    "Figures of different machines are not comparable: each has a line of its own."
)
COUNTS = "Instructions are counted, not timed, so they need no anchor; the band is what would not be found."
CHANGE = (
    f"Change: the last figure against the median of up to {FORMER} before it; {NO_EVIDENCE} where its range touches "
    "one of theirs."
)
HOLLOW = "A plus after a commit, and a hollow dot: measured with changes on top that no commit holds."


@dataclass(frozen=True, slots=True)
class History:
    """What a page shows: entries in the order of their commits, and the trends that they make."""

    entries: tuple[Entry, ...]
    trends: tuple[Trend, ...]
    advice: Advice

    @property
    def notes(self) -> tuple[str, ...]:
        anchored = [RATIOS] if any(trend.anchor for trend in self.trends) else []
        counted = [COUNTS] if any(trend.anchor is None for trend in self.trends) else []
        dirty = [HOLLOW] if any(entry.commit.dirty for entry in self.entries) else []
        return (*anchored, *counted, CHANGE, *dirty)


def history(entries: Sequence[Entry]) -> History:
    """The contents of a page from the entries that count."""
    found = trends(entries)
    return History(tuple(entries), found, advice(found))


def render(told: History, form: Form, address: Address) -> str:
    """In one of the formats."""
    if form == "html":
        return html(told, address)
    return text(told) if form == "text" else as_json(told)


# --- text ----------------------------------------------------------------------------------------


def text(told: History) -> str:
    """A table of how each figure stands, and the change points by commit; ends in a newline."""
    lines = [plain_text.render(_table(told)), "Change points (advice)", ""]
    for commit, changes in told.advice.items():
        lines.append(f"{commit.date[:10]}  {commit.short}  {commit.subject}")
        lines += [f"    {titled(trend, change)} {said(change)}" for trend, change in changes]
        lines += [f"    package: {package}" for package in _packages(changes)]
    if not told.advice:
        lines.append("None was found.")
    return "\n".join(lines) + "\n"


def _table(told: History) -> Table:
    columns = (
        label("measured"), label("metric"), Column("last"), Column("change"), Column("commits"),
        label("level changed at"),
    )  # fmt: skip
    rows = tuple(_row(trend, line) for trend in told.trends for line in trend.lines)
    return Table(f"History of {_counted(told)}", columns, rows, (*told.notes, ADVICE))


def _row(trend: Trend, line: Line) -> Row:
    against = f", against {trend.anchor}" if trend.anchor else ""
    steps = "; ".join(
        f"{change.commit.short} {difference(change.ratio)}" for change in reversed(line.changes)
    )
    entries = (
        trend.name, trend.metric, figure(line.points[-1].figure.value, trend), _change(line),
        str(len(line.points)), steps,
    )  # fmt: skip
    doubts = tuple(Caveat(code, "") for code in line.points[-1].caveats)
    return Row(entries, f"{line.machine.about}{against}", doubts)


def _change(line: Line) -> str:
    latest = line.latest
    if latest is None:
        return NOTHING
    return difference(latest.ratio) if latest.clear else NO_EVIDENCE


def _counted(told: History) -> str:
    count = len({entry.commit for entry in told.entries})
    return f"{count} commit{'' if count == 1 else 's'}"


def _packages(changes: Sequence[tuple[Trend, ChangePoint]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(package for _, change in changes for package in change.packages))


# --- JSON ----------------------------------------------------------------------------------------


def as_json(told: History) -> str:
    """Every line with its points and changes; ends in a newline."""
    lines = [_plain(trend, line) for trend in told.trends for line in trend.lines]
    return json.dumps({"lines": lines, "notes": [*told.notes, ADVICE]}, indent=2) + "\n"


def _plain(trend: Trend, line: Line) -> Mapping[str, object]:
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
        "latest": asdict(line.latest) if line.latest else None,
    }


# --- HTML ----------------------------------------------------------------------------------------


def html(told: History, address: Address) -> str:
    """The page; `address` says where a commit is shown, if anywhere."""
    colours: dict[str, int] = {}
    for entry in told.entries:
        colours.setdefault(entry.machine.fingerprint, len(colours))
    style = "\n".join(map(sheet, ("colours.css", "page.css", "history.css")))
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f"<title>History of {_counted(told)}: FastAPI benchmark</title>",
            f"<style>\n{style}</style>",
            "</head>",
            "<body>",
            _header(told),
            "<main>",
            _advice(told, address),
            *(_section(title, mine, colours, address) for title, mine in _sections(told).items()),
            _commits(told, address),
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _header(told: History) -> str:
    moments = [entry.commit.date[:10] for entry in told.entries]
    machines = dict.fromkeys(entry.machine.about for entry in told.entries)
    anchors = dict.fromkeys(entry.anchor for entry in told.entries if entry.anchor)
    facts = {
        "commits": f"{len({entry.commit for entry in told.entries})}, {moments[0]} to {moments[-1]}",
        "machine" if len(machines) == 1 else "machines": "; ".join(machines),
        "measured against": "; ".join(anchors) or "nothing: counts",
    }
    items = "".join(f"<div><dt>{name}</dt><dd>{escape(words)}</dd></div>" for name, words in facts.items())
    notes = "".join(f"<p>{escape(note)}</p>" for note in told.notes)
    return (
        f'<header>\n<h1><span class="kind">FastAPI benchmark</span> History of {_counted(told)}</h1>\n'
        f'<dl class="title">{items}</dl>\n<div class="notes">{notes}</div>\n</header>'
    )


def _advice(told: History, address: Address) -> str:
    items = "\n".join(_advised(commit, changes, address) for commit, changes in told.advice.items())
    found = f'<ol class="findings">\n{items}\n</ol>' if items else "<p>None was found.</p>"
    return f'<section id="changes"><h2>Change points</h2>\n<p class="advice">{escape(ADVICE)}</p>\n{found}</section>'


def _advised(commit: Commit, changes: Sequence[tuple[Trend, ChangePoint]], address: Address) -> str:
    figures = "".join(
        f'<li><a href="#{_place(_heading(trend))}">{escape(titled(trend, change))}</a> '
        f'<strong class="{"worse" if change.worse else "better"}">{said(change)}</strong></li>'
        for trend, change in changes
    )
    packages = "".join(f"<li>package: {escape(package)}</li>" for package in _packages(changes))
    return (
        f"<li><h3>{_linked(commit, address)} {escape(commit.subject)}</h3>\n<p>{escape(commit.date[:10])}</p>\n"
        f'<ul class="figures">{figures}{packages}</ul></li>'
    )


def _linked(commit: Commit, address: Address) -> str:
    target = address(commit.hash)
    name = f"<code>{escape(commit.short)}</code>"
    return f'<a href="{escape(target)}">{name}</a>' if target else name


def _sections(told: History) -> Mapping[str, Sequence[Trend]]:
    """What is measured against an anchor, each with its metrics together; counts, which have one, all together."""
    found: dict[str, list[Trend]] = {}
    for trend in told.trends:
        found.setdefault(_heading(trend), []).append(trend)
    return found


def _heading(trend: Trend) -> str:
    return (
        f"{trend.name}, against {trend.anchor}"
        if trend.anchor
        else f"{trend.metric} per request".capitalize()
    )


def _place(heading: str) -> str:
    """What a section is called in links."""
    return "at-" + "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in heading)


def _section(heading: str, mine: Sequence[Trend], colours: Mapping[str, int], address: Address) -> str:
    title, _, against = heading.partition(", against ")
    measured = f"<p>Measured against {escape(against)}.</p>" if against else ""
    panels = "\n".join(_panel(trend, colours, address) for trend in mine)
    return (
        f'<section id="{_place(heading)}"><h2>{escape(title)}</h2>\n{measured}{_legend(mine, colours)}'
        f'<div class="panels">\n{panels}\n</div></section>'
    )


def _legend(mine: Sequence[Trend], colours: Mapping[str, int]) -> str:
    """Which line is which machine's, where there are several."""
    machines = {line.machine.fingerprint: line.machine.about for trend in mine for line in trend.lines}
    if len(machines) < 2:
        return ""
    items = "".join(
        f'<li style="--line: var(--setup-{colours[key] % 8})">{escape(about)} <span>({key})</span></li>'
        for key, about in machines.items()
    )
    return f'<ul class="legend">{items}</ul>'


def _panel(trend: Trend, colours: Mapping[str, int], address: Address) -> str:
    title = trend.metric if trend.anchor else trend.name
    better = "lower" if trend.higher_is_worse else "higher"
    line = trend.lines[0]
    last = (
        f"; last {figure(line.points[-1].figure.value, trend)} ({_change(line)})"
        if len(trend.lines) == 1
        else ""
    )
    return (
        f'<div class="panel"><h3>{escape(title)} <span>{better} is better{last}</span></h3>\n'
        f"{drawing(trend, colours, address)}</div>"
    )


def _commits(told: History, address: Address) -> str:
    rows = "\n".join(_commit_row(entry, address) for entry in reversed(told.entries))
    heads = "".join(
        f'<th scope="col">{name}</th>' for name in ("commit", "date", "subject", "run", "machine")
    )
    return (
        f'<section id="commits"><details><summary><h2>Commits</h2> <span>{len(told.entries)} entries</span></summary>\n'
        f'<div class="scroll" tabindex="0" role="region" aria-label="Commits"><table>'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>{rows}</tbody></table></div></details></section>"
    )


def _commit_row(entry: Entry, address: Address) -> str:
    commit = entry.commit
    words = (commit.date[:10], commit.subject, entry.run, entry.machine.about)
    cells = "".join(f"<td>{escape(word)}</td>" for word in words)
    return f'<tr><th scope="row">{_linked(commit, address)}</th>{cells}</tr>'
