"""Words and ticks of axes."""

from __future__ import annotations

import pytest
from matplotlib.figure import Figure

from bench.report.charts.axes import code_marks, cut, logarithmic, short


@pytest.mark.parametrize(
    ("figure", "text"),
    [(0, "0"), (0.5, "0.5"), (20, "20"), (9999, "9999"), (10_000, "10k"), (15_500, "15.5k")],
)
def test_a_figure_of_an_axis_is_short(figure: float, text: str) -> None:
    assert short(figure) == text


def test_words_are_cut_to_their_room_and_say_so() -> None:
    assert cut("twelve words", 12) == "twelve words"
    assert cut("twelve words", 11) == "twelve wor…"
    assert cut("twelve words", 8) == "twelve…"  # no blank before the ellipsis


def test_codes_stand_as_their_marks() -> None:
    assert code_marks(("errors", "steal"), {"steal": "b", "errors": "a"}) == " [a b]"
    assert code_marks((), {}) == ""


@pytest.mark.parametrize(
    ("figures", "ticks"),
    [
        pytest.param((1, 1000), [1, 10, 100, 1000], id="many powers"),
        pytest.param((1, 100), [1, 2, 5, 10, 20, 50, 100], id="two powers"),
        pytest.param((2, 10), [2, 3, 4, 5, 7, 10], id="less than one"),
        pytest.param((0, 1, 1000), [1, 10, 100, 1000], id="nothing has no place"),
    ],
)
def test_the_fewer_powers_an_axis_spans_the_more_ticks_lie_between(
    figures: tuple[float, ...], ticks: list[float]
) -> None:
    axes = Figure().add_subplot()
    logarithmic(axes, figures)
    assert axes.get_yscale() == "log"
    assert list(axes.get_yticks()) == pytest.approx(ticks)


def test_an_axis_of_nothing_stays_as_it_is() -> None:
    axes = Figure().add_subplot()
    logarithmic(axes, (0.0,))
    assert axes.get_yscale() == "linear"
