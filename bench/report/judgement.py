"""A gate's judgement as text, Markdown, JSON and JUnit's XML."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Literal
from xml.etree import ElementTree as Xml

from bench.report import markdown as md
from bench.report import text as plain_text
from bench.table import Column, Row, Table, label
from bench.verdict import Change, Judgement

Format = Literal["text", "markdown", "json", "junit"]

_SIGNS = {"regressed": "🔴", "improved": "🟢", "no change": "⚪", "inconclusive": "🟡"}


def render(judgement: Judgement, form: Format) -> str:
    """The judgement in one of the formats; ends in a newline."""
    return _FORMS[form](judgement)


def headline(judgement: Judgement) -> str:
    """The verdict in one line: `regressed: noop-async +0.5 %`."""
    verdict = judgement.verdict
    if verdict is None:
        return "measured, with nothing to compare with"
    some = [_brief(one) for one in judgement.changes if one.verdict == verdict]
    if verdict == "no change":
        return f"no change in {len(some)} of {len(judgement.changes)}"
    return f"{verdict}: {', '.join(some)}"


def _brief(one: Change) -> str:
    return one.name if one.ratio is None else f"{one.name} {difference(one.ratio)}"


def difference(ratio: float) -> str:
    """`+0.51 %`."""
    return f"{(ratio - 1) * 100:+.2f} %"


def _text(judgement: Judgement) -> str:
    return f"{headline(judgement)}\n\n{plain_text.render(_table(judgement))}{_reasons(judgement)}"


def _markdown(judgement: Judgement) -> str:
    sign = _SIGNS.get(judgement.verdict or "", "")
    reasons = [
        f"**{md.plain(one.name)}**\n\n" + "\n".join(f"- {md.plain(why)}" for why in one.why)
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
                Xml.SubElement(case, word, message=f"{verdict}: {_brief(one)}").text = "\n".join(one.why)
    for one in judgement.changes:
        if one.verdict not in ("regressed", "inconclusive"):
            Xml.SubElement(suite, "testcase", classname=one.metric, name=one.name)
    Xml.indent(suite)
    return Xml.tostring(suite, encoding="unicode", xml_declaration=False) + "\n"


def _table(judgement: Judgement) -> Table:
    compared = judgement.verdict is not None
    names = ("base", "head", "difference", "found from") if compared else ("per request", "found from")
    columns = (label("name"), *(Column(name) for name in names), *((label("verdict"),) if compared else ()))
    rows = tuple(Row(_compared(one) if compared else _alone(one)) for one in judgement.changes)
    return Table(judgement.title, columns, rows, judgement.notes)


def _compared(one: Change) -> tuple[str, ...]:
    return (
        one.name, _count(one.base), _count(one.head), "" if one.ratio is None else difference(one.ratio),
        _share(one.mde), one.verdict or "",
    )  # fmt: skip


def _alone(one: Change) -> tuple[str, ...]:
    return (one.name, _count(one.head), _share(one.mde))


def _count(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value * 100:.2f} %"


def _reasons(judgement: Judgement) -> str:
    return "".join(
        f"\n{one.name}:\n" + "".join(f"    {why}\n" for why in one.why)
        for one in judgement.changes
        if one.why
    )


_FORMS: Mapping[Format, Callable[[Judgement], str]] = {
    "text": _text,
    "markdown": _markdown,
    "json": _json,
    "junit": _junit,
}
