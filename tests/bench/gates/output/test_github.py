from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.gates.output.github import workflow_commands
from bench.model.change import Change, Judgement

COMMAND = re.compile(r"::(?P<level>error|warning) title=(?P<title>[^:,]*)::(?P<message>.*)")


def read(line: str) -> tuple[str, str, str]:
    """What GitHub's runner makes of a line: see `ActionCommand.cs` in actions/runner."""
    found = COMMAND.fullmatch(line)
    assert found, line
    title, told = found["title"], found["message"]
    for escaped, letter in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        title = title.replace(escaped, letter)
        told = told if letter in ":," else told.replace(escaped, letter)
    return found["level"], title, told


def test_worse_is_an_error_unknown_a_warning_and_the_rest_is_not_told() -> None:
    changes = (
        Change("new: one, two", "cpu", "inconclusive", why=("missing in base",)),
        Change("same", "cpu", "no change", ratio=1.0),
        Change("fast", "cpu", "improved", ratio=0.9),
        Change("open", "cpu", "inconclusive", ratio=1.2, beside=True),
        Change("slow", "cpu", "regressed", base=1.0, head=1.03, ratio=1.03, why=("f: 5 %", "g")),
    )
    assert list(workflow_commands(Judgement("t", changes))) == [
        "::error title=regressed%3A slow::cpu: +3.00 %25, from 1 to 1.03%0Af: 5 %25%0Ag",
        "::warning title=inconclusive%3A new%3A one%2C two::cpu: inconclusive%0Amissing in base",
    ]


@settings(max_examples=100, derandomize=True)
@given(st.text(st.sampled_from("a:,%\r\n0ADC235")), st.text(st.sampled_from("a:,%\r\n0ADC235")))
def test_any_words_stay_on_one_line_and_come_back_as_they_were(name: str, why: str) -> None:
    slow = Change(name, "cpu", "regressed", why=(why,))
    (line,) = workflow_commands(Judgement("t", (slow,)))
    assert "\n" not in line
    assert "\r" not in line
    assert read(line) == ("error", f"regressed: {name}", f"cpu: regressed\n{why}")
