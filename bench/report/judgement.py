"""A gate's judgement as text, Markdown, JSON and JUnit's XML."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Literal
from xml.etree import ElementTree as Xml

from bench.metric import three_digits
from bench.report import markdown as md
from bench.report import text as plain_text
from bench.table import Column, Row, Table, label
from bench.verdict import Change, Judgement

Format = Literal["text", "markdown", "json", "junit"]

_SIGNS = {"regressed": "🔴", "improved": "🟢", "no change": "⚪", "inconclusive": "🟡"}
_MOST_NAMED = 3


def render(judgement: Judgement, form: Format) -> str:
    """The judgement in one of the formats; ends in a newline."""
    return _FORMS[form](judgement)


def headline(judgement: Judgement) -> str:
    """The verdict in one line: `regressed: noop-async +0.5 %`."""
    verdict = judgement.verdict
    if verdict is None:
        return "measured, with nothing to compare with"
    some = [_brief(judgement, one) for one in judgement.changes if one.verdict == verdict]
    if verdict == "no change":
        return f"no change in {len(some)} of {len(judgement.changes)}"
    more = [f"and {len(some) - _MOST_NAMED} more"] if len(some) > _MOST_NAMED else []
    return f"{verdict}: {', '.join([*some[:_MOST_NAMED], *more])}"


def titled(judgement: Judgement, one: Change) -> str:
    """What a change is called among the others: its name, and its metric where there are several."""
    return f"{one.name} {one.metric}" if _has_metrics(judgement) else one.name


def difference(ratio: float) -> str:
    """`+0.51 %`."""
    return (
        f"{round((ratio - 1) * 100, 2) + 0.0:+.2f} %"  # adding nothing makes a plain zero of a negative one
    )


def _brief(judgement: Judgement, one: Change) -> str:
    name = titled(judgement, one)
    return name if one.ratio is None else f"{name} {difference(one.ratio)}"


def _text(judgement: Judgement) -> str:
    return f"{headline(judgement)}\n\n{plain_text.render(_table(judgement))}{_reasons(judgement)}"


def _markdown(judgement: Judgement) -> str:
    sign = _SIGNS.get(judgement.verdict or "", "")
    reasons = [
        f"**{md.plain(titled(judgement, one))}**\n\n" + "\n".join(f"- {md.plain(why)}" for why in one.why)
        for one in judgement.changes
        if one.why
    ]
    blocks = [
        f"# {sign} {md.plain(headline(judgement))}".replace("#  ", "# "),
        md.render_table(_table(judgement)),
        *reasons,
    ]
    return "\n\n".join(blocks) + "\n"


def _json(judgement: Judgement) -> str:
    rows = [asdict(change) for change in judgement.changes]
    said = {
        "verdict": judgement.verdict,
        "title": judgement.title,
        "rows": rows,
        "notes": list(judgement.notes),
    }
    return json.dumps(said, indent=2) + "\n"


def _junit(judgement: Judgement) -> str:
    """A test case a row: regressed ones have failed, inconclusive ones are in error."""
    suite = Xml.Element("testsuite", name=judgement.title, tests=str(len(judgement.changes)))
    for verdict, word, plural in (("regressed", "failure", "failures"), ("inconclusive", "error", "errors")):
        suite.set(plural, str(sum(one.verdict == verdict for one in judgement.changes)))
        for one in judgement.changes:
            if one.verdict == verdict:
                case = Xml.SubElement(suite, "testcase", classname=one.metric, name=one.name)
                Xml.SubElement(case, word, message=f"{verdict}: {_brief(judgement, one)}").text = "\n".join(
                    one.why
                )
    for one in judgement.changes:
        if one.verdict not in ("regressed", "inconclusive"):
            Xml.SubElement(suite, "testcase", classname=one.metric, name=one.name)
    Xml.indent(suite)
    return Xml.tostring(suite, encoding="unicode", xml_declaration=False) + "\n"


def _table(judgement: Judgement) -> Table:
    columns = [column for column in _COLUMNS if column.shown(judgement)]
    rows = tuple(Row(tuple(column.write(one) for column in columns)) for one in judgement.changes)
    return Table(judgement.title, tuple(column.head for column in columns), rows, judgement.notes)


@dataclass(frozen=True, slots=True)
class _Column:
    """A column, what it says of a change, and whether a judgement needs it."""

    head: Column
    write: Callable[[Change], str]
    shown: Callable[[Judgement], bool] = lambda judgement: judgement.verdict is not None


def _has_metrics(judgement: Judgement) -> bool:
    return len({one.metric for one in judgement.changes}) > 1


def _has_intervals(judgement: Judgement) -> bool:
    return any(_interval(one) for one in judgement.changes)


def _always(_: Judgement) -> bool:
    return True


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
    _Column(
        Column("per request"), lambda one: _figure(one.head, one.unit), lambda found: found.verdict is None
    ),
    _Column(Column("difference"), _difference),
    _Column(Column("interval"), _interval, _has_intervals),
    _Column(Column("found from"), lambda one: _share(one.mde), _always),
    _Column(label("verdict"), lambda one: one.verdict or ""),
)


def _reasons(judgement: Judgement) -> str:
    return "".join(
        f"\n{titled(judgement, one)}:\n" + "".join(f"    {why}\n" for why in one.why)
        for one in judgement.changes
        if one.why
    )


_FORMS: Mapping[Format, Callable[[Judgement], str]] = {
    "text": _text,
    "markdown": _markdown,
    "json": _json,
    "junit": _junit,
}
