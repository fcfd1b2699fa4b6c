"""Shared by all drawn panels: an area in inches, axes in our style, scales with plain figures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

from bench.report.charts.palette import GRID, INK, LIGHT, QUIET
from bench.stats.format import three_digits

LEFT, RIGHT, TITLE, FOOT = 0.12, 0.2, 0.34, 0.52
PLOT = 2.3
LEGEND_LINE = 0.2
MOST_IN_LINE = 52

Dash = Literal["-"] | tuple[float, tuple[float, ...]]
DASHES: tuple[Dash, ...] = ("-", (0, (5, 2)), (0, (2, 1)), (0, (6, 2, 1, 2)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """A rectangle of a figure, in inches from its lower left corner."""

    figure: Figure
    left: float
    bottom: float
    width: float
    height: float

    def axes(self, left: float, bottom: float, width: float, height: float) -> Axes:
        wide, tall = self.figure.get_size_inches()
        return self.figure.add_axes(
            ((self.left + left) / wide, (self.bottom + bottom) / tall, width / wide, height / tall),
            facecolor="none",
        )

    def text(self, left: float, down: float, words: str, **style: Any) -> None:
        """Words whose baseline lies `down` inches below the top."""
        wide, tall = self.figure.get_size_inches()
        at = ((self.left + left) / wide, (self.bottom + self.height - down) / tall)
        self.figure.text(*at, words, **{"color": LIGHT[INK], **style})


def frame(axes: Axes, grid: Literal["both"] | None) -> None:
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(LIGHT[QUIET])
    axes.tick_params(colors=LIGHT[QUIET], labelsize=8.5, length=3)
    axes.tick_params(which="minor", length=0)
    axes.tick_params(axis="y", length=0)
    if grid:
        axes.grid(visible=True, axis=grid, color=LIGHT[GRID], linewidth=0.7)
    axes.set_axisbelow(True)


def logarithmic(axes: Axes, figures: Iterable[float]) -> None:
    """A logarithmic upright axis with plain figures, and 2 and 5 between the powers where there are few."""
    figures = [figure for figure in figures if figure > 0]
    if not figures:
        return
    low, high = min(figures), max(figures)
    axes.set_yscale("log")
    axes.set_ylim(low / 1.25, high * 1.25)
    few, many = (1.0,), (1.0, 2.0, 5.0)
    steps = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0) if high / low < 6 else many if high / low < 200 else few
    ticks = [step * 10.0**power for power in range(-4, 7) for step in steps]
    axes.set_yticks([tick for tick in ticks if low / 1.25 <= tick <= high * 1.25])
    axes.yaxis.set_major_formatter(FuncFormatter(short))
    axes.yaxis.set_minor_locator(NullLocator())


def short(figure: float, _: object = None) -> str:
    """`0`, `0.5`, `20`, `15k`."""
    if figure >= 10_000:
        return f"{figure / 1000:g}k"
    return f"{figure:g}" if figure >= 0.001 or figure == 0 else three_digits(figure)


def cut(words: str, most: int) -> str:
    """Words that would run out of their panel end in an ellipsis; by length, as the page sets its own font."""
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def code_marks(codes: Sequence[str], names: Mapping[str, str]) -> str:
    return f" [{' '.join(names[code] for code in codes)}]" if codes else ""
