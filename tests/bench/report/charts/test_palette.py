from __future__ import annotations

import re
from importlib.resources import files

from bench.report.charts.palette import LIGHT, ROLES, role

STYLE = files("bench.report").joinpath("colours.css").read_text(encoding="utf-8")
VARIABLES = re.findall(r"--([\w-]+): (#[0-9a-f]{6})", STYLE)


def luminance(colour: str) -> float:
    """Relative luminance, after WCAG 2.1."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, two: str) -> float:
    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def themes() -> list[dict[str, str]]:
    """The variables of the light theme, and those of the dark one."""
    names = [name for name, _ in VARIABLES]
    half = names.index("paper", 1)
    return [dict(VARIABLES[:half]), dict(VARIABLES[half:])]


def test_every_colour_of_a_chart_is_a_variable_of_the_page_in_light_and_dark() -> None:
    for theme in themes():
        assert set(LIGHT) <= set(theme)


def test_no_two_meanings_share_a_colour() -> None:
    assert len(set(LIGHT.values())) == len(LIGHT)
    for theme in themes():
        drawn = [theme[name] for name in LIGHT]
        assert len(set(drawn)) == len(drawn)


def test_words_and_lines_stand_out_from_the_paper_in_both_themes() -> None:
    """4.5 for words (WCAG AA), and 2 at the least for bars and lines, which are wide."""
    for theme in themes():
        for name in ("ink", "quiet", "link", "alarm"):
            assert contrast(theme[name], theme["paper"]) >= 4.5, name
            assert contrast(theme[name], theme["card"]) >= 4.5, name
        for name in set(LIGHT) - {"grid"}:
            assert contrast(theme[name], theme["paper"]) >= 2, name


def test_only_the_four_ways_have_a_colour_of_their_own() -> None:
    assert [role(name) for name in (*ROLES, "model", "orjson")] == [*ROLES, "other", "other"]
