"""A machine's noise as tables and as power curves: how often a change of some size would be found."""

from __future__ import annotations

from bench.gates.paired.design import POWER
from bench.gates.paired.noise import Noise
from bench.report.charts.palette import INK, SETUPS
from bench.report.charts.panels import Chart, Mark, PlanePanel, Trace
from bench.stats.table import Column, Row, Table, label

DURATIONS_S = (60, 120, 300)
"""Lengths of comparisons to foretell."""
_STEPS = 80


def chart(noise: Noise) -> Chart:
    """Power against the size of the change, a curve for each length of a comparison."""
    reach = 2.5 * max(noise.mde(duration_s) for duration_s in DURATIONS_S)
    traces = tuple(
        Trace(
            label=f"{duration_s} s",
            colour=SETUPS[place],
            points=tuple(
                (100 * change, 100 * noise.power(change, duration_s))
                for change in (reach * step / _STEPS for step in range(_STEPS + 1))
            ),
            style="line",
        )
        for place, duration_s in enumerate(DURATIONS_S)
    )
    panel = PlanePanel(
        title=f"{noise.setup} · {noise.scenario} · CPU per request",
        across="true change, %",
        up="found, % of comparisons",
        traces=traces,
        levels=(Mark(100 * POWER, "95 %", INK),),
    )
    return Chart(
        name="power",
        title="What this machine can tell apart",
        reading=(
            "Further left is better: how often `bench ab` would find a change of each size, by the time it is given."
        ),
        panels=(panel,),
        abreast=1,
    )


def tables(noise: Noise) -> tuple[Table, Table]:
    """Slices by their length, and what comparisons of three durations would find."""
    return _slice_table(noise), _duration_table(noise)


def _slice_table(noise: Noise) -> Table:
    columns = (
        Column("sessions"),
        Column("a turn differs by", "%, sd"),
        Column("a turn takes", "ms"),
        Column("cost", "s"),
        label(""),
    )
    rows = [
        (
            str(one.sessions),
            f"{one.turn_sd * 100:.1f}",
            f"{one.turn_s * 1e3:.1f}",
            f"{one.cost * 1e4:.2f}",
            "best" if one is noise.best else "",
        )
        for one in noise.slices
    ]
    note = "Cost: the seconds of turns that bring their mean to a standard deviation of 1 %; the smaller, the better."
    return Table("Turns by length of their slices", columns, tuple(map(Row, rows)), (note,))


def _duration_table(noise: Noise) -> Table:
    columns = (
        Column("time", "s a scenario"),
        Column("turns a pair"),
        Column("a pair differs by", "%, sd"),
        Column("finds from", "%"),
    )
    rows = [
        (
            str(duration_s),
            f"{noise.turns(duration_s):.0f}",
            f"{noise.sd(noise.turns(duration_s)) * 100:.2f}",
            f"{noise.mde(duration_s) * 100:.2f}",
        )
        for duration_s in DURATIONS_S
    ]
    note = (
        f"Processes of the same program differ by {_process_share(noise)} for as long as they live; successive "
        f"turns of a pair correlate by {noise.autocorrelation:+.2f}; starting a pair takes "
        f"{noise.pair_start_s:.1f} s; {noise.pairs_per_look} pairs a look{_seed_note(noise)}."
    )
    return Table("What a comparison finds in 95 % of cases", columns, tuple(map(Row, rows)), (note,))


def _seed_note(noise: Noise) -> str:
    return "" if noise.seed is None else f"; seed {noise.seed}"


def _process_share(noise: Noise) -> str:
    share = noise.process_sd * 100
    return f"{share:.2f} % (sd of a pair)" if share >= 0.005 else "less than turns so few can show"
