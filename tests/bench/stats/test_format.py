from __future__ import annotations

import pytest

from bench.stats.estimate import estimate
from bench.stats.format import (
    about,
    difference,
    figure,
    hundredths,
    join_words,
    minutes,
    share,
    spread,
    three_digits,
    times,
    whole,
)


@pytest.mark.parametrize(
    ("figure", "as_whole", "as_three"),
    [
        (0.0433, "0.0", "0.043"),
        (1.266, "1.3", "1.27"),
        (9.996, "10.0", "10.0"),
        (12.66, "12.7", "12.7"),
        (99.97, "100.0", "100"),
        (100.4, "100", "100"),
        (12_345.6, "12,346", "12,346"),
    ],
    ids=str,
)
def test_how_figures_are_written(figure: float, as_whole: str, as_three: str) -> None:
    assert (whole(figure), three_digits(figure)) == (as_whole, as_three)


def test_shares_are_percentages() -> None:
    assert [share(figure) for figure in (None, 0.0, 0.0424, 0.0994, 0.0996, 0.126, 1.0)] == [
        "–",
        "0.0",
        "4.2",
        "9.9",
        "10",
        "13",
        "100",
    ]
    assert (spread(estimate([100.0, 95.0, 110.0])), spread(estimate([100.0])), spread(None)) == (
        "15",
        "–",
        "–",
    )


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [
        (0.0433, "0.043 ×"),
        (0.0994, "0.099 ×"),
        (0.0996, "0.10 ×"),
        (1.314, "1.31 ×"),
        (9.994, "9.99 ×"),
        (9.996, "10.0 ×"),
        (14.23, "14.2 ×"),
        (99.96, "100 ×"),
        (1460.4, "1,460 ×"),
    ],
    ids=lambda value: str(value) if isinstance(value, float) else "",
)
def test_a_ratio_is_written_in_three_digits_or_so(ratio: float, expected: str) -> None:
    assert times(ratio) == expected


@pytest.mark.parametrize(
    ("ratio", "said"),
    [
        pytest.param(1.00512, "+0.51 %", id="more"),
        pytest.param(0.95, "-5.00 %", id="less"),
        pytest.param(0.9999999, "+0.00 %", id="nothing is not less than nothing"),
    ],
)
def test_a_difference_has_its_sign(ratio: float, said: str) -> None:
    assert difference(ratio) == said


def test_names_are_listed_as_one_says_them() -> None:
    assert [join_words(names) for names in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == [
        "",
        "a",
        "a and b",
        "a, b and c",
    ]


@pytest.mark.parametrize(
    ("value", "unit", "written"),
    [
        (None, "ms", ""),
        (1005.0, "", "1,005"),
        (12.66, "ms", "12.7 ms"),
        (0.000412, "", "0.00041"),
        (0.0, "s", "0 s"),
    ],
    ids=str,
)
def test_a_figure_of_any_size_has_its_unit(value: float | None, unit: str, written: str) -> None:
    assert figure(value, unit) == written


def test_hundredths_of_a_percentage() -> None:
    assert [hundredths(part) for part in (None, 0.002, 0.12345)] == ["", "0.20 %", "12.35 %"]


def test_durations_past_and_to_come() -> None:
    assert [minutes(seconds) for seconds in (41.6, 60, 252.4)] == ["42 s", "1 min 0 s", "4 min 12 s"]
    assert [about(seconds) for seconds in (41.6, 99.4, 240)] == ["42 s", "99 s", "4 min"]
