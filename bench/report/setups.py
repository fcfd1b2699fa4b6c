"""Records -> forests: how far each setup of a scenario lies behind the best, with its interval and verdict."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from bench.report.charts.panels import Chart, ForestPanel, Whisker
from bench.results.cells import CellResults, by_context
from bench.results.standings import interval_text, standings
from bench.results.tables import ranking_metric
from bench.stats.best import Standing
from bench.stats.comparison import MARGIN
from bench.stats.format import percent
from bench.stats.metrics import Metric

_LEAST, _MOST = 10.0, 300.0
"""Per cent that an axis shows at least and at most."""


def setups(cells: Sequence[CellResults]) -> Chart:
    """A forest for each scenario, engine and load that several setups were ranked in."""
    contexts = sorted(by_context(cells).values(), key=lambda members: -len(members))
    panels = (_panel(members) for members in contexts)
    return Chart(
        name="setups",
        title="Setups against the best",
        reading=(
            "Closer to the line is better: how far each setup lies behind the best of its scenario, with the interval "
            "that holds the true figure with 95 % confidence for all setups of a panel together. A hollow circle is "
            "unresolved: its interval reaches the best."
        ),
        panels=tuple(panel for panel in panels if panel is not None),
    )


def _panel(cells: Sequence[CellResults]) -> ForestPanel | None:
    metric = ranking_metric(cells[0])
    ranked = [standing for _, standing in standings(cells, metric)]
    if not ranked:
        return None
    return ForestPanel(
        f"{cells[0].scenario} · {cells[0].where}",
        tuple(map(_whisker, ranked)),
        _reach(ranked),
        axis=f"{metric.name} against the best, % ({metric.better} is better)",
        side=_side(metric),
    )


def _side(metric: Metric) -> Literal["below", "above"]:
    return "below" if metric.better == "higher" else "above"


def _whisker(found: Standing) -> Whisker:
    bounded = found.rounds > 1
    return Whisker(
        label=found.name,
        text=f"{interval_text(found)} {found.verdict}",
        verdict=found.verdict,
        middle=percent(found.ratio),
        low=percent(found.low) if bounded else None,
        high=percent(min(found.high, 1e6)) if bounded else None,
        margin=100 * MARGIN,
    )


def _reach(ranked: Sequence[Standing]) -> float:
    """To the furthest setup, and half as far again for its interval."""
    furthest = max(abs(percent(found.ratio)) for found in ranked)
    ends = [abs(percent(end)) for found in ranked for end in (found.low, found.high) if math.isfinite(end)]
    return min(max(_LEAST, min(max([furthest, *ends]), max(1.5 * furthest, 2 * _LEAST))), _MOST)
