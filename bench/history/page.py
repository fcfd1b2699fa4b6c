"""A history as an HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from bench.history.chart import Address, describe, draw, figure, title
from bench.history.entry import Entry
from bench.history.report import ADVICE, History, commit_count, latest_change, packages
from bench.history.trends import ChangePoint, Trend
from bench.model.commit import Commit
from bench.report import style_sheet
from bench.report.html import document


def render(told: History, address: Address) -> str:
    """The page; `address` says where a commit is shown, if anywhere."""
    colours: dict[str, int] = {}
    for entry in told.entries:
        colours.setdefault(entry.machine.fingerprint, len(colours))
    sheets = [("bench.report", "colours.css"), ("bench.report", "page.css"), ("bench.history", "history.css")]
    style = "\n".join(style_sheet(name, room) for room, name in sheets)
    main = [
        _advice(told, address),
        *(_section(heading, mine, colours, address) for heading, mine in _sections(told).items()),
        _commits(told, address),
    ]
    return document(f"History of {commit_count(told)}", style, [_header(told)], main)


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
        f'<header>\n<h1><span class="kind">FastAPI benchmark</span> History of {commit_count(told)}</h1>\n'
        f'<dl class="title">{items}</dl>\n<div class="notes">{notes}</div>\n</header>'
    )


def _advice(told: History, address: Address) -> str:
    items = "\n".join(_advised(commit, changes, address) for commit, changes in told.advice.items())
    found = f'<ol class="findings">\n{items}\n</ol>' if items else "<p>None was found.</p>"
    return f'<section id="changes"><h2>Change points</h2>\n<p class="advice">{escape(ADVICE)}</p>\n{found}</section>'


def _advised(commit: Commit, changes: Sequence[tuple[Trend, ChangePoint]], address: Address) -> str:
    figures = "".join(
        f'<li><a href="#{_place(_heading(trend))}">{escape(title(trend, change))}</a> '
        f'<strong class="{"worse" if change.worse else "better"}">{describe(change)}</strong></li>'
        for trend, change in changes
    )
    versions = "".join(f"<li>package: {escape(package)}</li>" for package in packages(changes))
    return (
        f"<li><h3>{_linked(commit, address)} {escape(commit.subject)}</h3>\n<p>{escape(commit.date[:10])}</p>\n"
        f'<ul class="figures">{figures}{versions}</ul></li>'
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
    name, _, against = heading.partition(", against ")
    measured = f"<p>Measured against {escape(against)}.</p>" if against else ""
    panels = "\n".join(_panel(trend, colours, address) for trend in mine)
    return (
        f'<section id="{_place(heading)}"><h2>{escape(name)}</h2>\n{measured}{_legend(mine, colours)}'
        f'<div class="panels">\n{panels}\n</div></section>'
    )


def _legend(mine: Sequence[Trend], colours: Mapping[str, int]) -> str:
    """Which line is which machine's, where there are several."""
    machines = {line.machine.fingerprint: line.machine.about for trend in mine for line in trend.lines}
    if len(machines) < 2:
        return ""
    items = "".join(
        f'<li style="--line: var(--setup-{colours[key] % 8})">{escape(about)} <span>({escape(key)})</span></li>'
        for key, about in machines.items()
    )
    return f'<ul class="legend">{items}</ul>'


def _panel(trend: Trend, colours: Mapping[str, int], address: Address) -> str:
    name = trend.metric if trend.anchor else trend.name
    better = "lower" if trend.higher_is_worse else "higher"
    line = trend.lines[0]
    last = (
        f"; last {figure(line.points[-1].figure.value, trend)} ({latest_change(line)})"
        if len(trend.lines) == 1
        else ""
    )
    return (
        f'<div class="panel"><h3>{escape(name)} <span>{better} is better{last}</span></h3>\n'
        f"{draw(trend, colours, address)}</div>"
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
