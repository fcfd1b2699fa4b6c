"""Panels of throughput and p99 over time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator

from bench.report.charts.axes import (
    DASHES,
    FOOT,
    LEFT,
    MOST_IN_LINE,
    RIGHT,
    TITLE,
    Area,
    Dash,
    code_marks,
    cut,
    frame,
    logarithmic,
    short,
)
from bench.report.charts.lanes import draw_steps
from bench.report.charts.palette import LIGHT, QUIET
from bench.report.charts.panels import (
    Moment,
    TimePanel,
)

_RATES, _TAILS, _STEPS = 1.15, 1.0, 0.16


def times_height(panel: TimePanel) -> float:
    """The height of throughput over p99, in inches."""
    return TITLE + 0.2 + (_STEPS if panel.steps else 0.0) + _RATES + 0.32 + _TAILS + FOOT


def draw_times(area: Area, panel: TimePanel, names: Mapping[str, str]) -> None:
    """Draw both plots; `names` gives the mark of each caveat code."""
    left, width = 0.62, area.width - 0.62 - RIGHT
    note = f"{panel.where}{code_marks(panel.codes, names)}{' invalid' if panel.invalid else ''}"
    area.text(LEFT, 0.38, cut(note, MOST_IN_LINE), fontsize=8.5, color=LIGHT[QUIET])
    rates = area.axes(left, FOOT + _TAILS + 0.32, width, _RATES)
    tails = area.axes(left, FOOT, width, _TAILS)
    for axes, name in ((rates, "req/s"), (tails, "p99, ms")):
        frame(axes, "both")
        axes.set_ylabel(name, color=LIGHT[QUIET], fontsize=8.5)
        for moments in panel.repeats:
            _draw_stalls(axes, moments, panel.bin_s)
        draw_steps(axes, panel.steps, named=axes is rates)
    for place, moments in enumerate(panel.repeats):
        _draw_moments(rates, tails, moments, panel, place)
    end = max((moments[-1].t_s for moments in panel.repeats), default=0.0) + panel.bin_s
    for axes in (rates, tails):
        axes.set_xlim(0, end)
        axes.xaxis.set_major_locator(MaxNLocator(5))
    rates.set_xticklabels([])
    rates.set_ylim(bottom=0)
    rates.yaxis.set_major_locator(MaxNLocator(3))
    rates.yaxis.set_major_formatter(FuncFormatter(short))
    logarithmic(tails, (moment.p99_ms or 0.0 for moments in panel.repeats for moment in moments))
    tails.set_xlabel("seconds since the start of the measured part", color=LIGHT[QUIET], fontsize=8.5)


def _draw_moments(rates: Axes, tails: Axes, moments: Sequence[Moment], panel: TimePanel, place: int) -> None:
    times = [moment.t_s + panel.bin_s / 2 for moment in moments]
    style: dict[str, Any] = {"color": LIGHT[panel.colour], "linewidth": 1.3}
    style["alpha"] = max(1 - 0.25 * place, 0.4)
    dash: Dash = (0, (1, 1.5)) if panel.invalid else DASHES[place % len(DASHES)]
    rates.plot(times, [moment.throughput_rps for moment in moments], linestyle=dash, **style)
    waits = [math.nan if moment.p99_ms is None else moment.p99_ms for moment in moments]
    tails.plot(times, waits, linestyle=dash, marker=".", markersize=3, **style)


def _draw_stalls(axes: Axes, moments: Sequence[Moment], bin_s: float) -> None:
    for moment in moments:
        if moment.stalled:
            axes.axvspan(moment.t_s, moment.t_s + bin_s, color=LIGHT["misuse"], alpha=0.18, linewidth=0)
