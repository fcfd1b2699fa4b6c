"""How numbers are written: every format of a figure that people read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bench.stats.estimate import Estimate

NOTHING = "–"
"""In place of a figure that there is none of."""

NO_EVIDENCE = "~"
"""In place of a difference that the repeats do not show."""

_DIGITS = ((0.0995, 3), (9.995, 2), (99.95, 1))


def whole(figure: float) -> str:
    """`12,340`, and one decimal below a hundred."""
    return f"{figure:,.0f}" if figure >= 100 else f"{figure:.1f}"


def three_digits(figure: float) -> str:
    """Three digits without an exponent: `0.043`, `1.27`, `12.7`, `1,270`."""
    for limit, digits in _DIGITS:
        if figure < limit:
            return f"{figure:.{digits}f}"
    return f"{figure:,.0f}"


def figure(value: float | None, unit: str) -> str:
    """A figure of any size with its unit: `1,005`, `12.7 ms`, `0.0004`; empty without one."""
    if value is None:
        return ""
    small = 0 < value < 0.0095
    text = f"{value:,.0f}" if value == round(value) else f"{value:.2g}" if small else three_digits(value)
    return f"{text} {unit}".rstrip()


def times(ratio: float) -> str:
    """A ratio: `0.043 ×`, `1.31 ×`, `14.2 ×`, `1,460 ×`."""
    return f"{three_digits(ratio)} ×"


def share(figure: float | None) -> str:
    """A share as a percentage, without its sign: `4.2`."""
    if figure is None:
        return NOTHING
    return f"{100 * figure:.1f}" if figure < 0.0995 else f"{100 * figure:.0f}"


def spread(found: Estimate | None) -> str:
    """The range of the repeats as a percentage of their median, without its sign."""
    return share(found.spread if found else None)


def hundredths(part: float | None) -> str:
    """A share as a percentage to its hundredths: `0.20 %`; empty without one."""
    return "" if part is None else f"{part * 100:.2f} %"


def difference(ratio: float) -> str:
    """A ratio as a difference: `+0.51 %`."""
    return f"{percent(ratio):+.2f} %"


def percent(ratio: float) -> float:
    """A ratio as a difference in per cent, to its hundredths; nothing is never less than nothing."""
    return round(100 * (ratio - 1), 2) + 0.0


def minutes(seconds: float) -> str:
    """How long something took: `4 min 12 s`."""
    whole_minutes, rest = divmod(round(seconds), 60)
    return f"{whole_minutes} min {rest} s" if whole_minutes else f"{rest} s"


def about(seconds: float) -> str:
    """How long something will take: `42 s`, `4 min`."""
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


def join_words(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else "".join(names)
