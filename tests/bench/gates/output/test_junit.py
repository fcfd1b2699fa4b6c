from __future__ import annotations

from xml.etree import ElementTree as Xml

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.gates.output.junit import junit
from bench.model.change import Change, Judgement

SLOWER = Change("noop", "cpu", "regressed", ratio=1.03, why=("f: +51", "g: +2"))
SAME = Change("json", "cpu", "no change", ratio=1.0)
NEW = Change("fresh", "cpu", "inconclusive", why=("missing in base",))
OPEN = Change("noop", "p99", "inconclusive", ratio=1.2, beside=True)


def test_each_row_is_a_test_case_with_its_outcome() -> None:
    assert junit(Judgement("base & head", (SAME, SLOWER, NEW, OPEN))) == (
        '<testsuite name="base &amp; head" tests="4" failures="1" errors="1" skipped="1">\n'
        '  <testcase classname="cpu" name="json" />\n'
        '  <testcase classname="cpu" name="noop">\n'
        '    <failure message="regressed: noop cpu +3.00 %">regressed: noop cpu +3.00 %\n'
        "f: +51\n"
        "g: +2</failure>\n"
        "  </testcase>\n"
        '  <testcase classname="cpu" name="fresh">\n'
        '    <error message="inconclusive: fresh cpu">inconclusive: fresh cpu\n'
        "missing in base</error>\n"
        "  </testcase>\n"
        '  <testcase classname="p99" name="noop">\n'
        '    <skipped message="inconclusive: noop p99 +20.00 %">inconclusive: noop p99 +20.00 %</skipped>\n'
        "  </testcase>\n"
        "</testsuite>\n"
    )


@settings(max_examples=50, derandomize=True)
@given(st.text(), st.text(), st.text())
def test_any_words_make_well_formed_xml(title: str, name: str, why: str) -> None:
    suite = Xml.fromstring(junit(Judgement(title, (Change(name, "cpu", "regressed", why=(why,)),))))
    assert [child.tag for case in suite for child in case] == ["failure"]


def test_what_xml_cannot_hold_becomes_a_question_mark() -> None:
    red = Change("a\x1b[31m\x00b\ufffe", "cpu", "no change")
    (case,) = Xml.fromstring(junit(Judgement("t", (red,))))
    assert case.get("name") == "a?[31m?b?"
