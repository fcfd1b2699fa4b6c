"""The part of the page that is about the measuring core, in Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Sequence

from bench.report.markdown import grid, plain
from bench.stats.table import Column, Row, Table, label
from tools.calibration.core_checks import BASE, CHECKS, SHARES
from tools.calibration.core_judging import METRICS
from tools.calibration.core_run import BurnPrice, CheckName, CoreRun
from tools.calibration.core_tally import (
    CoreGroup,
    agreement,
    contradictions,
    core_groups,
    differences,
    is_usual,
    wrong_verdicts,
)
from tools.calibration.tally import Rate

_INTRODUCTION = """\
`bench run`, as a user types it, on setups of which the truth is known. A verdict is the rule of difference's. Runs that
are shorter or longer than usual stand in rows of their own, and decide no target."""

_SAME = """\
`core-same`: uvicorn under six names. A run declares a difference where it calls a setup worse than the best, by
throughput or by CPU per request. Target: at most 1 run in 20."""

_ORDER = """\
`core-order`: a bare app, and the same with a loop that makes a request dearer. "Shown" are the runs that call its CPU
per request worse than that of the app without a loop; "right side" are those whose estimate is larger. Targets: shown
in 16 of 20 at +3 %, in 19 of 20 at +5 %. `core-neighbour`: the same while a process takes half a core at random times.
Target: no wrong verdict in 20. A verdict is wrong where it calls a dearer app better than a cheaper one, or the one
without a loop worse than the best."""

_DEFAULT = """\
`core-default`: the default plan, several times in a row. A pair is two setups in one scenario, or a variant and its
reference, by one metric; a standing is a setup against the best. "The same" are those on which all runs say the same;
"best" counts as "same". Targets: no pair better in one run and worse in another, nine of ten the same.
"Resolved" are the verdicts, over all runs, that are not "unresolved"."""

_WIDTHS = """\
Half of the interval of a pair's ratio, median and largest, in all runs; and the time of the whole command. "Outside"
is its share that lies outside of measured slices: starts, rehearsal, warm-up, the report."""


def core_sections(runs: Sequence[CoreRun], prices: Sequence[BurnPrice]) -> Iterator[str]:
    """The blocks of the page; none without runs."""
    if not runs:
        return
    found = core_groups(runs)
    yield "## The core: `bench run`"
    yield _INTRODUCTION
    yield _circumstances(runs, prices)
    yield from _same(_of(found, "core-same"))
    yield from _order([*_of(found, "core-order"), *_of(found, "core-neighbour")])
    yield from _default(_of(found, "core-default"))
    if found:
        yield "### Precision and time"
        yield _WIDTHS
        yield grid(_widths(found))
    yield from _failures(runs)


def _circumstances(runs: Sequence[CoreRun], prices: Sequence[BurnPrice]) -> str:
    machines = "; ".join(dict.fromkeys(run.machine for run in runs))
    commits = ", ".join(dict.fromkeys(run.commit for run in runs))
    text = f"Machine: {plain(machines)}. Commits: {commits}."
    if prices:
        last = prices[-1]
        text += f" A request of the bare app costs {last.request_us:.1f} µs of CPU time, a turn of its loop "
        text += f"{last.turn_us * 1e3:.1f} ns."
    return text


def _same(found: Sequence[CoreGroup]) -> Iterator[str]:
    if not found:
        return
    columns = (
        label("runs of"),
        Column("runs"),
        Column("declare a difference"),
        Column("at most"),
        label("target"),
    )
    yield "### The same under six names"
    yield _SAME
    yield grid(
        Table(
            "",
            columns,
            tuple(
                Row((_length(one), str(len(one.runs)), *_hits(one.declaring), _most(one, one.declaring, 1)))
                for one in found
            ),
        )
    )
    said = [
        f"- run {run.number + 1}: {plain(one.head)}, {one.metric} {one.ratio - 1:+.2%} against the best"
        for group in found
        for run in group.runs
        for one in differences(run)
    ]
    if said:
        yield "\n".join(said)


def _order(found: Sequence[CoreGroup]) -> Iterator[str]:
    if not found:
        return
    sizes = (
        label("check"),
        label("runs of"),
        label("loop"),
        Column("shown"),
        Column("at least"),
        Column("right side"),
        Column("CPU measured"),
        label("target"),
    )
    verdicts = (
        *(label("check"), label("runs of"), Column("all in order")),
        *(Column("with a wrong verdict"), Column("at most"), label("target")),
    )
    yield "### A known order"
    yield _ORDER
    yield grid(Table("", sizes, tuple(_size(one, name) for one in found for name in SHARES if name != BASE)))
    yield grid(Table("", verdicts, tuple(map(_wrong, found))))
    said = [
        f"- {group.check}, run {run.number + 1}: {plain(one.head)} against {plain(one.base)}, {one.metric}: "
        f"{one.verdict}, {one.ratio - 1:+.2%}"
        for group in found
        for run in group.runs
        for one in wrong_verdicts(run)
    ]
    if said:
        yield "\n".join(said)


_LEAST_SHOWN = {"plus3": 16, "plus5": 19}
"""Targets: so many of twenty runs."""


def _size(group: CoreGroup, setup: str) -> Row:
    shown = group.shown(setup)
    target = _LEAST_SHOWN.get(setup) if group.check == "core-order" else None
    return Row(
        (
            *(group.check, _length(group), f"+{SHARES[setup]:.0%}", str(shown), f"{shown.at_least:.1%}"),
            *(str(group.ordered(setup)), _spread(group.ratios(setup))),
            "" if target is None else _reached(group, shown.hits * 20 >= target * shown.tries),
        )
    )


def _wrong(group: CoreGroup) -> Row:
    return Row(
        (
            *(group.check, _length(group), str(group.all_ordered), *_hits(group.wrong)),
            _most(group, group.wrong, 0),
        )
    )


def _default(found: Sequence[CoreGroup]) -> Iterator[str]:
    if not found:
        return
    columns = (
        *(label("runs of"), Column("runs"), Column("better and worse"), Column("pairs: the same")),
        *(Column("standings: the same"), Column("pairs: resolved"), label("target")),
    )
    yield "### The default plan, again and again"
    yield _DEFAULT
    yield grid(Table("", columns, tuple(map(_agreeing, found))))
    said = [
        f"- {scenario}: {plain(head)} against {plain(base)}, {metric}"
        for group in found
        for scenario, base, head, metric in contradictions(group.runs)
    ]
    if said:
        yield "Better in one run and worse in another:\n\n" + "\n".join(said)


def _agreeing(group: CoreGroup) -> Row:
    against = len(contradictions(group.runs))
    pairs, standings = (agreement(group.runs, of_standings=of) for of in (False, True))
    hits, tries = pairs.hits + standings.hits, pairs.tries + standings.tries
    return Row(
        (
            *(_length(group), str(len(group.runs)), str(against), _share(pairs), _share(standings)),
            _share(group.resolved),
            _reached(group, not against and hits >= 0.9 * tries),
        )
    )


def _widths(found: Sequence[CoreGroup]) -> Table:
    columns = (
        *(label("check"), label("runs of"), Column("runs")),
        *(Column(f"{metric.name}: {what}") for metric in METRICS for what in ("half width", "largest")),
        *(
            Column("median", "s"),
            Column("longest", "s"),
            Column("outside"),
            Column("runs with invalid cells"),
        ),
    )
    return Table("", columns, tuple(map(_width, found)))


def _width(group: CoreGroup) -> Row:
    widths = [group.half_widths(metric.name) for metric in METRICS]
    figures = [f"{of(some):.1%}" if some else "" for some in widths for of in (statistics.median, max)]
    invalid = Rate(sum(bool(run.invalid) for run in group.runs), len(group.runs))
    return Row(
        (
            *(group.check, _length(group), str(len(group.runs)), *figures),
            *(f"{group.median_s:.0f}", f"{group.longest_s:.0f}", f"{group.outside_share:.0%}", str(invalid)),
        )
    )


def _failures(runs: Iterable[CoreRun]) -> Iterator[str]:
    failed = [
        f"- {run.check}, run {run.number + 1}, status {run.status}: {plain(run.error)}"
        for run in runs
        if run.error
    ]
    if failed:
        yield "Runs that failed:\n\n" + "\n".join(failed)


def _of(found: Iterable[CoreGroup], check: CheckName) -> list[CoreGroup]:
    return [group for group in found if group.check == check]


def _length(group: CoreGroup) -> str:
    """`6 rounds, 1 min`, or that it is the plan's."""
    _, rounds, minutes = group.runs[0].key
    said = [f"{rounds} rounds"] if rounds else []
    said += [f"{minutes:g} min"] if minutes else []
    return ", ".join(said) or "the plan's length"


def _hits(rate: Rate) -> tuple[str, str]:
    return str(rate), f"{rate.at_most:.1%}"


def _most(group: CoreGroup, rate: Rate, most: int) -> str:
    """Whether no more than so many of twenty runs did."""
    return _reached(group, rate.hits * 20 <= most * rate.tries)


def _reached(group: CoreGroup, well: bool) -> str:
    """The verdict on a target, which takes runs as many and as long as the check says."""
    wanted = CHECKS[group.check].runs
    if not is_usual(group) or len(group.runs) < wanted:
        return f"takes {wanted} runs of the usual length"
    return "reached" if well else "missed"


def _share(rate: Rate) -> str:
    return f"{rate} ({rate.hits / rate.tries:.0%})" if rate.tries else str(rate)


def _spread(ratios: Sequence[float]) -> str:
    if not ratios:
        return ""
    figures = [100 * (of(ratios) - 1) for of in (statistics.median, min, max)]
    return "{:+.2f} % ({:+.2f} to {:+.2f})".format(*figures)
