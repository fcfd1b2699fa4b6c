"""A gate's judgement as text, Markdown, JSON and JUnit's XML."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Literal, TypeVar
from urllib.parse import quote

from bench.gates.output.changes import brief, change_title, table
from bench.gates.output.junit import junit
from bench.gates.output.whiskers import READING, letters
from bench.model.change import Judgement
from bench.report import markdown as md
from bench.report import text as plain_text
from bench.stats.table import Column, Row

Format = Literal["text", "markdown", "json", "junit"]
T = TypeVar("T")

_SIGNS = {"regressed": "🔴", "improved": "🟢", "no change": "⚪", "inconclusive": "🟡"}
_MOST_NAMED, _MOST_SAME, _MOST_EXPLAINED = 3, 8, 10


def render(judgement: Judgement, form: Format) -> str:
    """The judgement in one of the formats; ends in a newline."""
    return _FORMS[form](judgement)


def headline(judgement: Judgement) -> str:
    """The verdict in one line: `regressed: noop-async +0.5 %`."""
    verdict = judgement.verdict
    if verdict is None:
        return "measured, with nothing to compare with"
    some = [brief(judgement, one) for one in judgement.changes if one.counts and one.verdict == verdict]
    if verdict == "no change":
        return f"no change in {len(some)} of {len(judgement.changes)}"
    more = [f"and {len(some) - _MOST_NAMED} more"] if len(some) > _MOST_NAMED else []
    return f"{verdict}: {', '.join([*some[:_MOST_NAMED], *more])}"


def markdown(judgement: Judgement, picture: str | None = None) -> str:
    """The verdict in one line, the forest, the table; `picture` is the path of a drawn forest, without its suffix.

    The forest is also a column of letters, as a comment or a job's summary cannot show a picture of a local folder.
    Many rows without a change are folded away.
    """
    sign = _SIGNS.get(judgement.verdict or "", "")
    blocks = [
        f"# {sign} {md.plain(headline(judgement))}".replace("#  ", "# "),
        *([f"![{_DRAWN}]({quote(picture)}.svg)", f"[As PNG]({quote(picture)}.png)"] if picture else []),
        f"## {md.plain(judgement.title)}",
        *_grids(judgement),
        *map(md.plain, judgement.notes),
        *_explanations(judgement),
    ]
    return "\n\n".join(blocks) + "\n"


_DRAWN = "How head differs from base"


def _grids(judgement: Judgement) -> Iterator[str]:
    """The table with the forest next to the names; many rows without a change make a second, folded table."""
    whole = table(judgement)
    if judgement.verdict is None:
        yield md.grid(whole)
        return
    place = [column.align for column in whole.columns].index("right")
    columns = _insert(whole.columns, place, Column("forest", align="left", kind="drawing"))
    lines = zip(whole.rows, letters(judgement), strict=True)
    rows = [Row(_insert(row.entries, place, line)) for row, line in lines]
    same = [row for row, one in zip(rows, judgement.changes, strict=True) if one.verdict == "no change"]
    folded = same if len(same) > _MOST_SAME else []
    if shown := [row for row in rows if row not in folded]:
        yield _unbreakable(md.grid(replace(whole, columns=columns, rows=tuple(shown))))
    if folded:
        inner = _unbreakable(md.grid(replace(whole, columns=columns, rows=tuple(folded))))
        yield f"<details><summary>no change in {len(same)} of {len(rows)}</summary>\n\n{inner}\n\n</details>"
    yield f"Forest: {READING}."


def _insert(row: tuple[T, ...], place: int, entry: T) -> tuple[T, ...]:
    return (*row[:place], entry, *row[place:])


def _unbreakable(grid: str) -> str:
    """The grid with non-breaking spaces in figures such as `+0.50 to +0.52 %`."""
    return re.sub(r"(?<=\d) (?=%|to [+-])|(?<= to) (?=[+-]\d)", "\u00a0", grid)


def _explanations(judgement: Judgement) -> Iterator[str]:
    explained = [one for one in judgement.changes if one.why]
    for one in explained[:_MOST_EXPLAINED]:
        why = "\n".join(f"- {md.plain(why)}" for why in one.why)
        yield f"**{md.plain(change_title(judgement, one))}**\n\n{why}"
    if len(explained) > _MOST_EXPLAINED:
        yield f"Reasons for {len(explained) - _MOST_EXPLAINED} more are in the text and the JSON."


def _text(judgement: Judgement) -> str:
    reasons = "".join(
        f"\n{change_title(judgement, one)}:\n" + "".join(f"    {why}\n" for why in one.why)
        for one in judgement.changes
        if one.why
    )
    return f"{headline(judgement)}\n\n{plain_text.render(table(judgement))}{reasons}"


def _json(judgement: Judgement) -> str:
    rows = [asdict(change) for change in judgement.changes]
    document = {
        "verdict": judgement.verdict,
        "title": judgement.title,
        "rows": rows,
        "notes": list(judgement.notes),
    }
    return json.dumps(document, indent=2) + "\n"


_FORMS: Mapping[Format, Callable[[Judgement], str]] = {
    "text": _text,
    "markdown": markdown,
    "json": _json,
    "junit": junit,
}
