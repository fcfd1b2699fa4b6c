"""The parts of a chart, as data: the nouns between modules that know records and drawing.py, which draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from bench.model import change
from bench.stats import comparison
from bench.stats.best import StandingVerdict
from bench.stats.estimate import Estimate

ForestVerdict = change.Verdict | comparison.RatioVerdict | StandingVerdict
"""The verdict of a line: a gate's, that of two sides, or of a side against the best."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """One labelled line of a panel: a bar or a dot at the estimate, or one dot a point."""

    label: str
    text: str
    colour: str
    estimate: Estimate | None = None
    points: tuple[float, ...] = ()
    invalid: bool = False
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StripPanel:
    """Strips over one another; dots stand on a logarithmic axis if `log`, bars always begin at zero.

    Panels with the same `span` (from, to) have the same axis, whatever stands on them.
    """

    title: str
    strips: tuple[Strip, ...]
    axis: str
    kind: Literal["bars", "dots"] = "bars"
    log: bool = False
    reference: float | None = None
    span: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A latency curve: (percentile, ms), the median over the repeats, and each repeat's own."""

    label: str
    colour: str
    dash: int
    points: tuple[tuple[float, float], ...]
    repeats: tuple[tuple[tuple[float, float], ...], ...]
    invalid: bool = False
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CurvePanel:
    """Latency against percentile."""

    title: str
    curves: tuple[Curve, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """One bin of a timeline; a stalled bin answered less than a tenth of what the middle bin did.

    Where the middle bin holds only a few answers, an empty one is chance and no stall.
    """

    t_s: float
    throughput_rps: float
    p99_ms: float | None
    stalled: bool


@dataclass(frozen=True, slots=True)
class LoadStep:
    """A stage of a load that is not constant: where it begins, and its mean users or arrivals per second."""

    t_s: float
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePanel:
    """Throughput and p99 over the measured part, one line a repeat; `where` is its engine and load."""

    title: str
    where: str
    colour: str
    repeats: tuple[tuple[Moment, ...], ...]
    bin_s: float
    invalid: bool = False
    codes: tuple[str, ...] = ()
    steps: tuple[LoadStep, ...] = ()


@dataclass(frozen=True, slots=True)
class PlotLine:
    """One line of a lane, (seconds, figure), with a gap where the figure is None; `label` is for the legend."""

    label: str
    colour: str
    points: tuple[tuple[float, float | None], ...]
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class PlotLane:
    """One quantity over time: its name with the unit, its lines, and the limit it cannot pass."""

    name: str
    lines: tuple[PlotLine, ...]
    limit: float | None = None
    log: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LanePanel:
    """Lanes over one another with one time axis; `spikes` are stretches (from, to) to look at in all of them."""

    title: str
    where: str
    lanes: tuple[PlotLane, ...]
    end_s: float
    spikes: tuple[tuple[float, float], ...] = ()
    steps: tuple[LoadStep, ...] = ()
    invalid: bool = False
    codes: tuple[str, ...] = ()

    @property
    def legend(self) -> tuple[PlotLine, ...]:
        """A line for each label that tells lines apart: none where each lane has one line."""
        found = {line.label: line for lane in self.lanes for line in lane.lines if line.label}
        return tuple(found.values()) if len(found) > 1 else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """Points of a plane in their order: as dots that a line joins or does not, or the line alone; `hollow` of them.

    `spans` are intervals about them: (x, low, high).
    """

    label: str
    colour: str
    points: tuple[tuple[float, float], ...]
    hollow: tuple[tuple[float, float], ...] = ()
    style: Literal["joined", "dots", "line", "dashes"] = "joined"
    spans: tuple[tuple[float, float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """A line across the whole plane, level or upright, with a few words at its end."""

    at: float
    label: str
    colour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanePanel:
    """Traces over two axes, with marks; `log` is of the upright axis, and `whole` says that x counts things.

    With `doubling` the level axis is logarithmic, with a tick at each x of the traces that have dots.
    """

    title: str
    across: str
    up: str
    traces: tuple[Trace, ...]
    uprights: tuple[Mark, ...] = ()
    levels: tuple[Mark, ...] = ()
    log: bool = False
    whole: bool = False
    doubling: bool = False


@dataclass(frozen=True, slots=True)
class Stack:
    """One bar in parts, which stand in the order of the panel's names; the words are above it."""

    label: str
    text: str
    parts: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class StackPanel:
    """Bars in parts over one another; each part has a name and a colour."""

    title: str
    axis: str
    names: tuple[tuple[str, str], ...]
    stacks: tuple[Stack, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Whisker:
    """One line of a forest, in per cent of difference; None is not drawn, and within `margin` nothing matters."""

    label: str
    text: str
    verdict: ForestVerdict
    middle: float | None
    low: float | None
    high: float | None
    margin: float


@dataclass(frozen=True, slots=True)
class ForestPanel:
    """Whiskers under one another, in per cent of difference; what lies further out than `reach` is an arrow.

    The axis goes to `reach` on both sides of no difference, or on one where nothing can be on the other.
    """

    title: str
    whiskers: tuple[Whisker, ...]
    reach: float
    axis: str = "difference of head from base, %"
    side: Literal["both", "below", "above"] = "both"


@dataclass(frozen=True, slots=True)
class DriftPanel:
    """Faint lines and their bold middle over the rotations of all rounds; `borders` are where a new round begins.

    A line is (rotation, per cent of its own middle), with a gap where the figure is None.
    """

    title: str
    lines: tuple[tuple[tuple[float, float | None], ...], ...]
    middle: tuple[tuple[float, float | None], ...]
    borders: tuple[float, ...]


Panel = StripPanel | CurvePanel | TimePanel | LanePanel | PlanePanel | StackPanel | ForestPanel | DriftPanel


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart: its file name, heading, the sentence that says how to read it, and its panels, so many abreast."""

    name: str
    title: str
    reading: str
    panels: tuple[Panel, ...]
    abreast: int = 2

    @property
    def codes(self) -> tuple[str, ...]:
        """The caveats that the chart marks."""
        found: set[str] = set()
        for panel in self.panels:
            for part in _parts(panel):
                found.update(part.codes)
        return tuple(sorted(found))

    @property
    def invalid(self) -> bool:
        """Whether the chart shows an invalid cell."""
        return any(part.invalid for panel in self.panels for part in _parts(panel))


def _parts(panel: Panel) -> Sequence[Strip | Curve | TimePanel | LanePanel]:
    if isinstance(panel, StripPanel):
        return panel.strips
    if isinstance(panel, PlanePanel | StackPanel | ForestPanel | DriftPanel):
        return ()
    return panel.curves if isinstance(panel, CurvePanel) else (panel,)
