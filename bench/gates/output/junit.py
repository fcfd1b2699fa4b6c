"""Verdicts as JUnit's XML, which CI systems show among the tests."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from xml.etree import ElementTree as Xml

from bench.gates.output.changes import brief
from bench.model.change import Change, Judgement

JUnitOutcome = Literal["failure", "error", "skipped"]

_COUNTS: dict[JUnitOutcome, str] = {"failure": "failures", "error": "errors", "skipped": "skipped"}
_UNREADABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class JUnitCase:
    """One test case: a group and a name, and unless it passes an outcome, a sentence, and more lines about it."""

    group: str
    name: str
    outcome: JUnitOutcome | None = None
    message: str = ""
    more: tuple[str, ...] = ()


def junit(judgement: Judgement) -> str:
    """A test case per change: regressed fails, inconclusive is an error, or skipped where the change does not count."""
    cases = [
        JUnitCase(
            group=one.metric,
            name=one.name,
            outcome=_outcome(one),
            message=f"{one.verdict}: {brief(judgement, one)}",
            more=one.why,
        )
        for one in judgement.changes
    ]
    return render_suite(judgement.title, cases)


def render_suite(title: str, cases: Sequence[JUnitCase]) -> str:
    """The XML of these test cases; ends in a newline."""
    suite = Xml.Element("testsuite", name=_legible(title), tests=str(len(cases)))
    outcomes = [one.outcome for one in cases]
    for word, count in _COUNTS.items():
        suite.set(count, str(outcomes.count(word)))
    for one in cases:
        case = Xml.SubElement(suite, "testcase", classname=_legible(one.group), name=_legible(one.name))
        if one.outcome:
            message = _legible(one.message)
            text = "\n".join([message, *map(_legible, one.more)])  # some readers show the one, some the other
            Xml.SubElement(case, one.outcome, message=message).text = text
    Xml.indent(suite)
    return Xml.tostring(suite, encoding="unicode", xml_declaration=False) + "\n"


def _outcome(one: Change) -> JUnitOutcome | None:
    if one.verdict == "inconclusive":
        return "error" if one.counts else "skipped"
    return "failure" if one.verdict == "regressed" else None


def _legible(words: str) -> str:
    """Words with a question mark for each character that XML cannot hold."""
    return _UNREADABLE.sub("?", words)
