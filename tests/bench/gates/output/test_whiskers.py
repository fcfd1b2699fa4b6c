from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from bench.gates.output.whiskers import chart, letters
from bench.model.change import Change, Judgement, Verdict
from bench.report.charts.panels import ForestPanel


def change(
    ratio: float | None,
    low: float | None = None,
    high: float | None = None,
    verdict: Verdict = "no change",
    metric: str = "cpu",
    margin: float | None = 0.02,
) -> Change:
    return Change("a", metric, verdict, ratio=ratio, low=low, high=high, margin=margin)


def drawn(*changes: Change) -> list[str]:
    return letters(Judgement("t", changes))


def panels(*changes: Change) -> tuple[ForestPanel, ...]:
    found = chart(Judgement("t", changes))
    assert found
    return tuple(panel for panel in found.panels if isinstance(panel, ForestPanel))


def test_a_letter_is_a_tenth_of_the_reach() -> None:
    """With margins of 2 %, ten letters to either side are 10 %, so a letter is 1 %."""
    assert drawn(
        change(1.0, 0.9, 1.1),
        change(1.04, 1.02, 1.07, "regressed"),
        change(0.95, 0.93, 0.99, "improved"),
        change(1.03, 0.99, 1.07, "inconclusive"),
        change(1.0, 0.999, 1.001),
        change(1.04, verdict="regressed"),
    ) == [
        "├─────────●─────────┤",
        "········░░│░├─■──┤···",
        "···├─◊───┤│░░········",
        "········░├───○───┤···",
        "········░░●░░········",
        "········░░│░░·■······",
    ]


def test_what_lies_further_out_is_an_arrow_and_what_has_no_ratio_is_not_drawn() -> None:
    assert drawn(
        change(1.0, 0.9, 1.1),
        change(1.5, 1.05, 1.9, "regressed"),
        change(0.92, 0.5, 0.95),
        change(0.6, verdict="improved"),
        change(None),
    )[1:] == ["········░░│░░··├────►", "◄─●──┤··░░│░░········", "◄·······░░│░░········", ""]


def test_the_axis_reaches_as_far_as_anything_but_not_for_the_sake_of_one() -> None:
    (near,) = panels(change(1.01, 0.99, 1.1))
    (far,) = panels(change(1.01, 0.99, 1.1), change(9.0))
    (bare,) = panels(change(1.0, margin=None))
    assert [round(panel.reach, 6) for panel in (near, far, bare)] == [10, 40, 1]


def test_one_wide_margin_does_not_hide_the_others() -> None:
    assert drawn(change(1.0, 0.9, 1.1), change(1.0, margin=0.02), change(1.0, margin=0.3))[1:] == [
        "········░░●░░········",
        "░░░░░░░░░░●░░░░░░░░░░",
    ]


def test_each_metric_has_a_panel_that_says_which_way_is_worse() -> None:
    found = panels(change(1.1), change(1.1, metric="throughput"), change(1.2), change(None, metric="p99"))
    assert [(panel.title, len(panel.whiskers)) for panel in found] == [
        ("cpu: higher is worse", 2),
        ("throughput: lower is worse", 1),
    ]


def test_there_is_no_chart_where_nothing_was_compared() -> None:
    assert chart(Judgement("t", (Change("a", "cpu", None, head=3.0),))) is None


RATIOS = st.floats(0.01, 100) | st.sampled_from([0.0, math.inf])
CHANGES = st.builds(
    change, RATIOS, st.none() | RATIOS, st.none() | RATIOS, margin=st.none() | st.floats(0.001, 2)
)


@settings(max_examples=100, derandomize=True)
@given(st.lists(CHANGES, min_size=1))
def test_every_line_is_as_wide(changes: list[Change]) -> None:
    assert {len(line) for line in drawn(*changes)} == {21}
