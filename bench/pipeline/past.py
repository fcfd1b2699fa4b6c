"""A history in a comment: how the figures of the default branch moved, folded away below the gates."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from bench.errors import UsageError
from bench.report.markdown import grid
from bench.stats.format import NO_EVIDENCE, NOTHING, difference
from bench.stats.table import Column, Row, Table, label

_MOST_ROWS = 20
_COLUMNS = (
    label("name"),
    label("metric"),
    Column("commits"),
    Column("last change of level"),
    label("at"),
    Column("latest"),
)


def render_past(text: str, source: str) -> str:
    """The history in the JSON of `bench history show`, as Markdown; lines whose level changed come first.

    Raises UsageError for other JSON; `source` is the name of the file.
    """
    try:
        lines: Sequence[Mapping[str, Any]] = json.loads(text)["lines"]
        ordered = sorted(lines, key=lambda line: not line["change_points"])
        rows = tuple(Row(_entries(line)) for line in ordered[:_MOST_ROWS])
        commits = {point["hash"] for line in lines for point in line["points"]}
    except (ValueError, LookupError, TypeError, RecursionError):
        raise UsageError(f"{source}: not the JSON of `bench history show --format json`") from None
    more = f"\n\n{len(lines) - _MOST_ROWS} more are in the history itself." if len(lines) > _MOST_ROWS else ""
    table = grid(Table("", _COLUMNS, rows, ()))
    count = f"{len(commits)} commit{'' if len(commits) == 1 else 's'}"
    return (
        f"<details><summary>History of the default branch: {count}</summary>\n\n{table}{more}\n\n</details>"
    )


def _entries(line: Mapping[str, Any]) -> tuple[str, ...]:
    change = line["change_points"][-1] if line["change_points"] else None
    latest = line["latest"]
    return (
        str(line["name"]),
        str(line["metric"]),
        str(len(line["points"])),
        difference(change["ratio"]) if change else NOTHING,
        str(change["commit"])[:10] if change else "",
        NOTHING if latest is None else difference(latest["ratio"]) if latest["shown"] else NO_EVIDENCE,
    )
