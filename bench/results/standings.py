"""How cells that may be compared stand to each other: computed here for tables, charts and `results.json` alike."""

from __future__ import annotations

import math
from collections.abc import Sequence

from bench.results.cells import CellResults, rank
from bench.results.results import Results
from bench.stats import families
from bench.stats.best import Standing
from bench.stats.comparison import MARGIN, Comparison
from bench.stats.format import about, three_digits
from bench.stats.metrics import Metric

_HOUR_S = 3600
_FAR = 1000.0
"""A bound beyond it says nothing but that it is far away."""


def standings(cells: Sequence[CellResults], metric: Metric) -> tuple[tuple[CellResults, Standing], ...]:
    """The cells of one context that have the metric, by how far each lies behind the best."""
    return rank([cell for cell in cells if (found := cell.estimate(metric)) and found.high > 0], metric)


def against_reference(
    cells: Sequence[CellResults], metric: Metric
) -> tuple[tuple[CellResults, Comparison | None], ...]:
    """Each further variant of a group against the first, as one family.

    None where one of the two is invalid, or where the wait of a bystander grew with the length of the cell: a ratio of
    such would say nothing.
    """
    first, *others = cells
    return tuple(
        (
            cell,
            None
            if cell.grows(metric) or first.grows(metric)
            else cell.against(first, metric, family=len(others)),
        )
        for cell in others
    )


def has_slices(results: Results) -> bool:
    """Whether cells were measured in slices, in turn with others."""
    return any(record.slices.rotation for record in results.records)


def round_s(results: Results) -> float | None:
    """How long a round took, on average; None for a run that has not ended."""
    rounds = 1 + max((record.cell.repeat for record in results.records), default=0)
    took_s = results.facts.took_s
    return None if took_s is None else took_s / rounds


def rounds_needed(found: Standing | Comparison) -> int | None:
    """About how many rounds would settle it, if ratio and noise stay as they are; None with a single round.

    A standing's interval ends at the best, so its far end tells how wide it is. So many that it leaves out 1 or lies
    within the margin.
    """
    if isinstance(found, Comparison):
        return found.rounds_needed
    far = found.low if found.ratio <= 1 and found.low < 1 else found.high
    if found.rounds < 2 or far <= 0 or not math.isfinite(far):
        return None
    middle = abs(math.log(found.ratio))
    reach = abs(math.log(far)) - middle
    room = max(middle, math.log1p(MARGIN) - middle)
    return families.rounds_needed(found.rounds, reach, room)


def verdict_text(verdict: str, found: Standing | Comparison, a_round_s: float | None) -> str:
    """The word; where nothing is settled with the length of a run that would: `unresolved (about 12 min)`."""
    needed = rounds_needed(found) if verdict == "unresolved" else None
    if needed is None or a_round_s is None:
        return verdict
    return f"{verdict} ({length_text(needed * a_round_s)})"


def length_text(seconds: float) -> str:
    """How long measuring would take: `about 12 min`, `about 6 h`, `more than a day`."""
    if seconds > 24 * _HOUR_S:
        return "more than a day"
    return f"about {about(seconds) if seconds < 3 * _HOUR_S else f'{seconds / _HOUR_S:.0f} h'}"


def interval_text(found: Standing | Comparison) -> str:
    """`0.91 (0.88 to 0.94)`; without an interval where a single round gives none."""
    middle = three_digits(found.ratio)
    if found.rounds < 2:
        return middle
    high = three_digits(found.high) if found.high <= _FAR else f"over {_FAR:,.0f}"
    return f"{middle} ({three_digits(found.low)} to {high})"
