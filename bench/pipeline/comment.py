"""The comment under a pull request: what each gate said, the gravest first. Text in, text out."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

ReportOutcome = Literal["regressed", "failed", "inconclusive", "improved", "no change", "measured"]
"""The verdict of a gate; `failed` where there is none, `measured` where there was nothing to compare with."""

MOST_LETTERS = 60_000
"""GitHub takes 65,536."""

_GRAVEST_FIRST: tuple[ReportOutcome, ...] = (
    "regressed",
    "failed",
    "inconclusive",
    "improved",
    "no change",
    "measured",
)
_STATUSES: dict[ReportOutcome, int] = {"regressed": 1, "failed": 2, "inconclusive": 3}
_SIGNS: dict[ReportOutcome, str] = {
    "regressed": "🔴",
    "failed": "❗",
    "inconclusive": "🟡",
    "improved": "🟢",
    "no change": "⚪",
    "measured": "📏",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """One gate: its name, its outcome, its result in one line, and all of it; the last two are Markdown."""

    name: str
    outcome: ReportOutcome
    headline: str
    body: str


def gravest_outcome(reports: Sequence[GateReport]) -> ReportOutcome:
    """The outcome that decides. Raises ValueError where there is no report."""
    return min((report.outcome for report in reports), key=_GRAVEST_FIRST.index)


def exit_status(outcome: ReportOutcome, inconclusive: Literal["pass", "fail"]) -> int:
    """1 regressed, 2 failed, 3 inconclusive unless that passes, else 0."""
    return 0 if (outcome, inconclusive) == ("inconclusive", "pass") else _STATUSES.get(outcome, 0)


def marker(key: str) -> str:
    """The line that nobody sees and by which a comment is found again; `key` tells those of one request apart."""
    return f"<!-- fastapi-bench: {key} -->"


def compose(reports: Sequence[GateReport], key: str, footer: str = "", past: str = "") -> str:
    """The comment: one gate as it is, or an overview and a section for each of several; then the history."""
    blocks = [marker(key), *_overview(reports)] if len(reports) > 1 else [marker(key)]
    level = "#" if len(reports) > 1 else ""
    blocks += [_demote(report.body.strip(), level) for report in reports]
    blocks += [past] if past else []
    return _shorten("\n\n".join(blocks), f"\n\n<sub>{footer}</sub>\n" if footer else "\n")


def _overview(reports: Sequence[GateReport]) -> list[str]:
    outcome = gravest_outcome(reports)
    lines = [f"| {report.name} | {_SIGNS[report.outcome]} {report.headline} |" for report in reports]
    return [f"# {_SIGNS[outcome]} {outcome}", "\n".join(["| gate | result |", "| --- | --- |", *lines])]


def _demote(body: str, level: str) -> str:
    """The text with its headings lower by a level."""
    return re.sub(r"^(?=#+ )", level, body, flags=re.MULTILINE)


def _shorten(text: str, end: str) -> str:
    """The text, cut at the end of a line where it is too long for a comment."""
    if len(text) + len(end) <= MOST_LETTERS:
        return text + end
    cut = "\n\nThis is cut off: the rest is among the job's artifacts."
    kept = text[: MOST_LETTERS - len(cut) - len(end)].rpartition("\n")[0]
    return kept.rstrip("\n") + cut + end
