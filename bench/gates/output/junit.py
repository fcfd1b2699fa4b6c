"""A judgement as JUnit's XML, which CI systems show among the tests."""

from __future__ import annotations

import re
from xml.etree import ElementTree as Xml

from bench.gates.output.changes import brief
from bench.model.change import Change, Judgement

_COUNTS = {"failure": "failures", "error": "errors", "skipped": "skipped"}
_UNREADABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(judgement: Judgement) -> str:
    """A test case per change: regressed fails, inconclusive is an error, or skipped where the change does not count."""
    suite = Xml.Element("testsuite", name=_legible(judgement.title), tests=str(len(judgement.changes)))
    outcomes = [_outcome(one) for one in judgement.changes]
    for word, count in _COUNTS.items():
        suite.set(count, str(outcomes.count(word)))
    for one, outcome in zip(judgement.changes, outcomes, strict=True):
        case = Xml.SubElement(suite, "testcase", classname=_legible(one.metric), name=_legible(one.name))
        if outcome:
            message = _legible(f"{one.verdict}: {brief(judgement, one)}")
            text = "\n".join([message, *map(_legible, one.why)])  # some readers show the one, some the other
            Xml.SubElement(case, outcome, message=message).text = text
    Xml.indent(suite)
    return Xml.tostring(suite, encoding="unicode", xml_declaration=False) + "\n"


def _outcome(one: Change) -> str | None:
    if one.verdict == "inconclusive":
        return "error" if one.counts else "skipped"
    return "failure" if one.verdict == "regressed" else None


def _legible(words: str) -> str:
    """Words with a question mark for each character that XML cannot hold."""
    return _UNREADABLE.sub("?", words)
