"""The page: what the raw data comes to, in Markdown."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from bench.model.change import Verdict
from bench.report.markdown import grid, plain
from bench.stats.table import Column, Row, Table, label
from tools.calibration.core_page import core_sections
from tools.calibration.core_run import BurnPrice, CoreRun
from tools.calibration.faults import EXACT, FAULTS, GATES, HANDLERS, SAME, Gate
from tools.calibration.gate_run import GateRun, Price
from tools.calibration.tally import GateGroup, Rate, false_alarms, groups, merge

_COMMANDS: Mapping[Gate, str] = {"exact": "bench exact", "paired": "bench ab"}
_PRIMARY: Mapping[Gate, str] = {"exact": "instructions", "paired": "cpu"}
_VERDICTS: tuple[Verdict, ...] = ("regressed", "improved", "inconclusive", "no change")
_NOT_RUN = "not run"

_INTRODUCTION = """\
# How far the gates can be trusted

Written by `make calibrate` from the raw data in [calibration/](calibration), a line for each run of a gate.

A run compares two commits by the command that a user types, in a clone of this project. The head always differs from
the base in comments and docstrings, in another way each time. In an A/A run that is all; in the others some handlers
have a fault as well, and the rest must stay quiet.

A verdict is what a run says of one scenario, the gravest of its metrics; the memory of all scenarios together is one
more. Bounds are exact and one-sided, at 95 % (Clopper and Pearson): 0 of 30 says no more than "at most 9.5 %"."""

_SHORT = """\
Of faults, how many were found; of what is the same, how much was called worse. "+3 %" is what a loop was priced for,
"measured" what it came out as by the gate itself, in the median: that is the change that was found."""

_FALSE = """\
"The rest" are scenarios without a fault in runs where others have one. "Alarmed" are the runs that called anything
worse to which nothing was done, and "at most" bounds how often a run does. It counts runs, not verdicts, as the
scenarios of a run share its minutes on the machine. Time is that of the whole command, with all set-up."""

_FOUND = """\
"At least" bounds how often such a fault is found, were each handler a try of its own. "Not found" says where, and what
was said instead; "seen in", which metrics were called worse, and how often. "Measured" is the median, the least and the
most. MDE is the smallest change that a run would find in 95 % of all cases by its own account, in the median. False
alarms are those in scenarios beside the fault."""

_SIZES = """\
A fault of +5 % is a loop whose turns cost 5 % of a request, by the gate's own measure. The exact gate counts what the
app does in-process; the paired one takes the CPU time of the whole server, whose own work on a request counts as well.
So the same percentage is a longer loop there. A turn was priced by a run with a long loop in the first handler, "no
turn" by one with a loop that never turns. For the paired gate a turn was timed outside of any server, too ("alone", the
best of some), to check its price by. What a fault came out as is what "measured" says above: a turn of a short loop
costs more than one of the long loop that prices it, and the price may be of another day."""

_AGAIN = """\
`make calibrate` makes the runs that are missing, some hours of them at first, and writes this page again. It can be
stopped at any time, and goes on where it was. To begin anew, remove `docs/calibration`. A part of it:
`make calibrate ARGS='--gate paired --only cpu-5 --runs 5'`, or a check of the core: `make calibrate ARGS=core-same`.
`make calibrate ARGS=--help` says more."""


def page(
    trials: Sequence[GateRun],
    prices: Sequence[Price],
    core_runs: Sequence[CoreRun] = (),
    burn_prices: Sequence[BurnPrice] = (),
) -> str:
    """The whole document."""
    found = groups(trials)
    blocks = [
        _INTRODUCTION,
        *_circumstances(trials),
        "## In short",
        _SHORT,
        grid(_short(found)),
        "## False alarms",
        _FALSE,
        grid(_quiet(found)),
        *_alarms(found),
        *(block for gate in GATES for block in _detections(gate, found)),
        *_sizes(prices),
        *_failures(trials),
        *core_sections(core_runs, burn_prices),
        "## Again",
        _AGAIN,
    ]
    return "\n\n".join(blocks) + "\n"


def _circumstances(trials: Sequence[GateRun]) -> Iterator[str]:
    if not trials:
        return
    machines = dict.fromkeys(one.machine for one in trials)
    commits = dict.fromkeys(one.commit for one in trials)
    yield f"Machine: {plain('; '.join(machines))}. Commits: {', '.join(commits)}."


# --- in short ------------------------------------------------------------------------------------


def _short(found: Sequence[GateGroup]) -> Table:
    columns = (label("what is different"), *(label(_COMMANDS[gate]) for gate in GATES))
    rows = [
        Row((fault.about, *(_outcome(name, gate, found) for gate in GATES))) for name, fault in FAULTS.items()
    ]
    return Table("", columns, tuple(rows))


def _outcome(fault: str, gate: Gate, found: Sequence[GateGroup]) -> str:
    mine = [group for group in found if (group.gate, group.fault) == (gate, fault)]
    if not mine:
        return _NOT_RUN
    if fault == SAME:
        return f"{false_alarms(merge(mine))} called worse"
    said = sum((group.spoiled_verdicts for group in mine), Counter[Verdict | None]())
    rate = Rate(said["regressed"], said.total())
    metrics = sum((group.metrics_of_detections for group in mine), Counter[str]())
    how = f", by {', '.join(metrics)}" if metrics and gate == "paired" else ""
    return f"found {rate}{_measured(fault, gate, mine)}{how}{_otherwise(said)}"


def _measured(fault: str, gate: Gate, mine: Sequence[GateGroup]) -> str:
    """The measured size of a priced loop, in the median of all runs: ` (measured +3.49 %)`."""
    ratios = [ratio for group in mine for ratio in group.ratios(_PRIMARY[gate])]
    if FAULTS[fault].share is None or not ratios:
        return ""
    return f" (measured {100 * (statistics.median(ratios) - 1):+.2f} %)"


def _otherwise(said: Counter[Verdict | None]) -> str:
    """The verdicts on faults that were not found: `; no change 2`."""
    rest = [f"{verdict} {said[verdict]}" for verdict in _VERDICTS[1:] if said[verdict]]
    return f"; {', '.join(rest)}" if rest else ""


# --- false alarms --------------------------------------------------------------------------------


def _quiet(found: Sequence[GateGroup]) -> Table:
    columns = (
        label("gate"),
        label("of"),
        Column("a scenario", "s"),
        Column("runs"),
        Column("alarmed"),
        Column("at most"),
        Column("verdicts"),
        *map(Column, _VERDICTS),
        Column("median", "s"),
        Column("longest", "s"),
    )
    rows = []
    for gate in GATES:
        mine = [group for group in found if group.gate == gate]
        rows += [_quiet_row(gate, "A/A", [group]) for group in mine if group.fault == SAME]
        if rest := [group for group in mine if group.fault != SAME]:
            rows.append(_quiet_row(gate, "the rest", rest))
    return Table("", columns, tuple(rows))


def _quiet_row(gate: Gate, of: str, some: Sequence[GateGroup]) -> Row:
    untouched = merge(some)
    alarmed = Rate(sum(one.alarm_rate.hits for one in some), sum(one.alarm_rate.tries for one in some))
    lengths = sorted({f"{group.seconds:g}" for group in some if group.seconds is not None})
    same = of == "A/A"
    return Row(
        (
            _COMMANDS[gate],
            of,
            ", ".join(lengths),
            str(alarmed.tries),
            str(alarmed.hits),
            _percent(alarmed.at_most),
            str(untouched.total()),
            *(str(untouched[one]) for one in _VERDICTS),
            *((_whole(some[0].median_s), _whole(some[0].longest_s)) if same else ("", "")),
        )
    )


def _alarms(found: Sequence[GateGroup]) -> Iterator[str]:
    """Each false alarm by name."""
    said = [
        f"- {_COMMANDS[group.gate]}, {plain(FAULTS[group.fault].about)}: {plain(row.name)}, {row.metric}"
        + (f" {row.ratio - 1:+.2%}" if row.ratio is not None else "")
        for group in found
        for row in group.alarms
    ]
    if said:
        yield "Called worse though nothing was done to it:\n\n" + "\n".join(said)


# --- detections ----------------------------------------------------------------------------------


def _detections(gate: Gate, found: Sequence[GateGroup]) -> Iterator[str]:
    mine = [group for group in found if group.gate == gate and group.fault != SAME]
    if not mine:
        return
    columns = (
        label("fault"),
        Column("a scenario", "s"),
        Column("found"),
        Column("at least"),
        label("not found"),
        label("seen in"),
        Column(f"{_PRIMARY[gate]} measured"),
        Column("MDE"),
        Column("false alarms"),
        Column("median", "s"),
        Column("longest", "s"),
    )
    yield f"## Faults, by `{_COMMANDS[gate]}`"
    yield _FOUND
    yield _method(gate)
    yield grid(Table("", columns, tuple(_detection(group) for group in mine)))


def _method(gate: Gate) -> str:
    if gate == "exact":
        return f"A run watches {len(EXACT)} scenarios and has a fault in one of them, another each time."
    return "A run has the fault in all handlers that it is meant for at once, and watches one scenario beside them."


def _detection(group: GateGroup) -> Row:
    ratios = group.ratios(_PRIMARY[group.gate])
    mde = group.mde(_PRIMARY[group.gate])
    return Row(
        (
            FAULTS[group.fault].about,
            "" if group.seconds is None else f"{group.seconds:g}",
            str(group.detection_rate),
            _percent(group.detection_rate.at_least),
            _not_found(group),
            _counted(group.metrics_of_detections),
            _spread(ratios),
            "" if mde is None else f"{mde:.1%}",
            str(false_alarms(group.untouched_verdicts)),
            _whole(group.median_s),
            _whole(group.longest_s),
        )
    )


def _not_found(group: GateGroup) -> str:
    return f"{_counted(group.misses)}{_otherwise(group.spoiled_verdicts)}" if group.misses else ""


def _counted(some: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in some.most_common())


def _spread(ratios: Sequence[float]) -> str:
    """`+4.9 % (+4.6 to +5.2)`."""
    if not ratios:
        return ""
    middle, least, most = (
        100 * (ratio - 1) for ratio in (statistics.median(ratios), min(ratios), max(ratios))
    )
    return f"{middle:+.2f} % ({least:+.2f} to {most:+.2f})"


# --- sizes, failures -----------------------------------------------------------------------------


def _sizes(prices: Iterable[Price]) -> Iterator[str]:
    latest = {(one.gate, one.scenario): one for one in prices}
    if not latest:
        return
    columns = (
        label("handler"),
        Column("request", "instructions"),
        Column("a turn", "instructions"),
        Column("no turn", "instructions"),
        Column("+5 %", "turns"),
        Column("request", "CPU µs"),
        Column("a turn", "ns"),
        Column("alone", "ns"),
        Column("+5 %", "turns"),
    )
    rows = []
    for name in HANDLERS:
        exact, paired = (latest.get((gate, name)) for gate in GATES)
        rows.append(Row((name, *_exact_price(exact), *_paired_price(paired))))
    yield "## How large the faults are"
    yield _SIZES
    yield grid(Table("", columns, tuple(rows)))


def _exact_price(price: Price | None) -> tuple[str, str, str, str]:
    if price is None:
        return "", "", "", ""
    return f"{price.request:,.0f}", f"{price.turn:.1f}", f"{price.empty:.0f}", f"{price.turns(0.05):,}"


def _paired_price(price: Price | None) -> tuple[str, str, str, str]:
    if price is None:
        return "", "", "", ""
    alone = "" if price.alone is None else f"{price.alone * 1e3:.1f}"
    return f"{price.request:.0f}", f"{price.turn * 1e3:.1f}", alone, f"{price.turns(0.05):,}"


def _failures(trials: Iterable[GateRun]) -> Iterator[str]:
    failed = [one for one in trials if one.error]
    if failed:
        yield "## Runs without a verdict"
        yield "\n".join(
            f"- {_COMMANDS[one.gate]}, {plain(FAULTS[one.fault].about)}, run {one.number + 1}, status {one.status}: "
            f"{plain(one.error)}"
            for one in failed
        )


def _percent(share: float) -> str:
    return f"{share:.1%}"


def _whole(seconds: float) -> str:
    return f"{seconds:.0f}"
