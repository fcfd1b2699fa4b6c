"""The rhythm of a test is told apart in its record: tests with another one are not compared as if they were alike."""

from __future__ import annotations

from tests.bench.locust.gevented import evaluate

MADE = """
from types import SimpleNamespace
from bench.locust.options import LocustOptions
from bench.locust.rhythm import rhythm, rhythm_of_all

class Steps: pass

thinking = SimpleNamespace(think_seconds=1.5, pace_seconds=0.0)
pacing = SimpleNamespace(think_seconds=0.0, pace_seconds=2)
plain = SimpleNamespace(shape_class=None)
"""


def test_the_rhythm_of_a_class_is_its_own_unless_the_test_has_one() -> None:
    found = evaluate(
        MADE
        + """
give([rhythm(LocustOptions(**options), users) for options, users in (
    ({}, thinking), ({}, pacing), ({"think_s": 0.0}, thinking), ({"think_s": 3.0}, pacing),
    ({"pace_s": 0.5}, thinking), ({"rate_per_s": 9.0}, thinking))])
"""
    )
    assert found == [
        {"think_s": 1.5, "rhythm": "thinking 1.5 s"},
        {"rhythm": "a session every 2 s"},
        {},
        {"think_s": 3.0, "rhythm": "thinking 3 s"},
        {"rhythm": "a session every 0.5 s"},
        {},
    ]


def test_a_rate_and_a_shape_are_those_of_all() -> None:
    found = evaluate(
        MADE
        + """
give([rhythm_of_all(LocustOptions(), plain), rhythm_of_all(LocustOptions(rate_per_s=20.0), plain),
      rhythm_of_all(LocustOptions(rate_per_s=2.5), SimpleNamespace(shape_class=Steps())),
      rhythm_of_all(LocustOptions(steps=3, step_s=2.0), SimpleNamespace(shape_class=SimpleNamespace(shape="spike")))])
"""
    )
    assert found == [
        "",
        "20 sessions/s in all",
        "2.5 sessions/s in all, shape Steps of 5 steps of 30 s, spike 10",
        "shape spike of 3 steps of 2 s, spike 10",
    ]
