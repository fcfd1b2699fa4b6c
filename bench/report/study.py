"""Charts of the study, as data: what each way to write an endpoint serves by users, and where a request's time goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.report.charts.palette import INK, OTHER, QUIET, ROLES, SETUPS, role
from bench.report.charts.panels import Chart, Mark, PlanePanel, Stack, StackPanel, Trace
from bench.results.cells import CellResults
from bench.results.study import Ladder, Plateau, RequestCost, Study
from bench.results.study.plateaus import USERS
from bench.stats.format import join_words, three_digits, whole
from bench.stats.metrics import CPU, THROUGHPUT, VICTIM_P99, Metric

_PARTS = (
    ("framework", SETUPS[0]),
    ("thread hop", SETUPS[1]),
    ("work", SETUPS[3]),
    ("server, network and client", OTHER),
)
_ROOM = 2.0
_OTHERS = (SETUPS[0], SETUPS[1], SETUPS[2], SETUPS[4])


def study_charts(study: Study) -> tuple[Chart, ...]:
    """One chart a ladder of several levels, and one of the costs at 1 user."""
    tall = [ladder for ladder in study.ladders if ladder.tall]
    charts = [_ladder_chart(ladder, study.plateaus) for ladder in tall]
    return (*charts, *([_cost_chart(study.costs)] if study.costs else []))


# --- by users ------------------------------------------------------------------------------------


def _ladder_chart(ladder: Ladder, plateaus: Iterable[Plateau]) -> Chart:
    mine = [one for one in plateaus if one.ladder is ladder]
    first, second = ladder.pair
    panels = (
        _throughput(ladder, mine),
        _ratio_panel(ladder),
        _plane(ladder, VICTIM_P99, f"A bystander's wait · {ladder.group}", "p99, ms (logarithmic)"),
        _plane(ladder, CPU, f"CPU · {ladder.group}", "µs a request", log=False),
    )
    grown = [
        variant
        for variant in ladder.variants
        if any(cell.grows(VICTIM_P99) for cell in ladder.cells(variant).values())
    ]
    names = join_words(grown)
    floor = (
        f" Next to {names} a bystander's wait grew for as long as the cells lasted: it is at least so long."
    )
    return Chart(
        name=f"study-{ladder.group}-{ladder.setup}",
        title=f"{ladder.work}: {ladder.group} on {ladder.setup}",
        reading=f"By users in a closed loop. Dashed is what arithmetic allows: users / t, workers × tokens / t in "
        f"threads, workers / t on the loop. The ratio is {first} over {second} with its 95 % interval over the "
        f"rounds: above 1 {first} serves more, and an interval that holds 1 shows nothing. A hollow dot is an "
        "invalid cell." + (floor if grown else ""),
        panels=tuple(panel for panel in panels if panel is not None),
    )


def _throughput(ladder: Ladder, plateaus: Sequence[Plateau]) -> PlanePanel:
    traces, levels = _traces(ladder, THROUGHPUT), _levels(plateaus)
    highest = max(
        y for y in (*(y for trace in traces for _, y in trace.points), *(mark.at for mark in levels))
    )
    return PlanePanel(
        title=f"Throughput · {ladder.group} · {ladder.setup}",
        across="users",
        up="requests/s (logarithmic)",
        traces=(*traces, *_rising(ladder, plateaus, _ROOM * highest)),
        levels=levels,
        log=True,
        doubling=True,
    )


def _levels(plateaus: Iterable[Plateau]) -> tuple[Mark, ...]:
    """A line for each law that does not depend on the users, with the variants that it bounds."""
    bound_by: dict[tuple[str, str], dict[str, float]] = {}
    for one in plateaus:
        for bound in one.bounds:
            if bound.law != USERS:
                bound_by.setdefault((bound.law, whole(bound.rps)), {})[one.variant] = bound.rps
    return tuple(
        Mark(
            next(iter(found.values())), f"{law}, {' and '.join(found)}: {rate} req/s", role(next(iter(found)))
        )
        for (law, rate), found in bound_by.items()
    )


def _rising(ladder: Ladder, plateaus: Iterable[Plateau], highest: float) -> tuple[Trace, ...]:
    """Users / t of the first variant that has it, as far up as it is of use."""
    first = next(iter(plateaus), None)
    if first is None:
        return ()
    by_user = next(bound.rps for bound in first.bounds if bound.law == USERS) / first.users
    few, many = float(min(ladder.levels)), min(float(max(ladder.levels)), highest / by_user)
    points = tuple((users, users * by_user) for users in (few, max(few, many)))
    return (Trace(label=f"users / t, {first.variant}", colour=QUIET, points=points, style="dashes"),)


def _ratio_panel(ladder: Ladder) -> PlanePanel | None:
    first, second = ladder.pair
    found = ladder.ratios(second, first, THROUGHPUT)
    if not found:
        return None
    points = tuple((float(users), each.comparison.ratio) for users, each in found.items())
    hollow = tuple(point for point, each in zip(points, found.values(), strict=True) if not each.shown)
    spans = tuple(
        (float(users), each.comparison.low, each.comparison.high)
        for users, each in found.items()
        if each.comparison.rounds > 1
    )
    trace = Trace(
        label=f"{first} / {second}; hollow: nothing is shown",
        colour=INK,
        points=points,
        hollow=hollow,
        spans=spans,
    )
    return PlanePanel(
        title=f"{first} over {second} · {ladder.group}",
        across="users",
        up="times the requests (logarithmic)",
        traces=(trace,),
        levels=(Mark(1.0, "as many", QUIET),),
        log=True,
        doubling=True,
    )


def _plane(ladder: Ladder, metric: Metric, title: str, up: str, *, log: bool = True) -> PlanePanel | None:
    traces = _traces(ladder, metric)
    if not traces:
        return None
    return PlanePanel(title=title, across="users", up=up, traces=traces, log=log, doubling=True)


def _traces(ladder: Ladder, metric: Metric) -> tuple[Trace, ...]:
    """A line for each variant, with the range of the rounds."""
    found = (
        _trace(variant, colour, ladder.cells(variant), metric)
        for variant, colour in zip(ladder.variants, _colours(ladder.variants), strict=True)
    )
    return tuple(trace for trace in found if trace.points)


def _trace(variant: str, colour: str, cells: dict[int, CellResults], metric: Metric) -> Trace:
    known = {
        users: found for users, cell in cells.items() if (found := cell.estimate(metric)) and found.low > 0
    }
    points = {users: (float(users), found.median) for users, found in known.items()}
    return Trace(
        label=variant,
        colour=colour,
        points=tuple(points.values()),
        hollow=tuple(point for users, point in points.items() if not cells[users].valid),
        spans=tuple((float(users), found.low, found.high) for users, found in known.items() if found.n > 1),
    )


def _colours(variants: Iterable[str]) -> list[str]:
    """Each variant's own, and others for those that have none."""
    spare = iter(_OTHERS)
    return [role(variant) if variant in ROLES else next(spare, OTHER) for variant in variants]


# --- costs ---------------------------------------------------------------------------------------


def _cost_chart(costs: Iterable[RequestCost]) -> Chart:
    groups: dict[tuple[str, str], list[RequestCost]] = {}
    for one in costs:
        groups.setdefault((one.group, one.cell.setup), []).append(one)
    return Chart(
        name="study-costs",
        title="Where a request's time goes",
        reading="At 1 user: two bars a scenario, the call in-process and the median response over HTTP. The "
        "framework is an async endpoint that does nothing, the thread hop what that costs more as a plain function, "
        "the work all the rest of the call. Each panel has its own scale.",
        panels=tuple(_cost_panel(*key, found) for key, found in groups.items()),
    )


def _cost_panel(group: str, setup: str, costs: Iterable[RequestCost]) -> StackPanel:
    stacks = []
    for one in costs:
        parts = tuple(part_s * 1e6 for part_s in (one.parts.framework_s, one.parts.hop_s, one.parts.work_s))
        inside, outside = three_digits(one.parts.whole_s * 1e6), three_digits(one.http_s * 1e6)
        stacks.append(Stack(f"{one.cell.scenario} in-process", f"{inside} µs", (*parts, 0.0)))
        stacks.append(Stack(f"{one.cell.scenario} over HTTP", f"{outside} µs", (*parts, one.server_s * 1e6)))
    return StackPanel(f"{group} · {setup}", "µs a request, at 1 user", _PARTS, tuple(stacks))
