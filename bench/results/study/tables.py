"""The study as tables: rules, claims, the ratio at each level, plateaus, and where a request's time goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from bench.results.findings.finding import caveats_of
from bench.results.study.claims import Judged
from bench.results.study.costs import RequestCost
from bench.results.study.ladder import Ladder
from bench.results.study.plateaus import WITHIN, Plateau
from bench.results.study.ratio import crossover
from bench.results.study.rule import Rule
from bench.results.tables import FLOOR
from bench.stats.comparison import MARGIN
from bench.stats.format import NO_EVIDENCE, NOTHING, three_digits, whole
from bench.stats.metrics import CPU, THROUGHPUT, VICTIM_P99
from bench.stats.table import Column, Row, Table, label, prose

_SETTLED = (
    "An interval is Student's 95 % interval of the mean log ratio over the rounds; those of several variants against "
    "one reference hold simultaneously (Dunnett). A difference is shown where the interval leaves out 1; two sides are "
    f"the same where all of it lies within {100 * MARGIN:g} %; else nothing is settled (~)."
)


def rule_table(rules: Sequence[Rule]) -> Table:
    """One row a rule: what to do, the figure, its interval, and the records behind it."""
    columns = (prose("rule"), prose("figure"), label("95 % interval"), prose("records"))
    rows = tuple(
        Row(
            (rule.advice, rule.figure, _interval_text(rule), rule.records),
            "Settled by this run" if rule.shown else "Not settled by this run",
            caveats_of(cell for found in rule.ratios for cell in (found.head, found.base)),
        )
        for rule in rules
    )
    return Table("Rules, and what bears them out", columns, rows, (_SETTLED,) if rows else ())


def _interval_text(rule: Rule) -> str:
    return rule.ratios[0].text if len(rule.ratios) == 1 else f"{len(rule.ratios)} levels, see below"


def claim_table(judged: Sequence[Judged]) -> Table:
    """One row a claim."""
    columns = (prose("claim"), label("verdict"), prose("figures"), prose("records"))
    rows = tuple(Row((one.claim.text, one.verdict, one.figures, one.records)) for one in judged)
    return Table(
        "Claims",
        columns,
        rows,
        ("Ratios with their 95 % intervals; ~ where a ratio shows nothing.",) if rows else (),
    )


def ratio_table(ladders: Iterable[Ladder]) -> Table:
    """One row a level of each ladder: throughput of both, their ratio, and what else tells them apart."""
    columns = (
        Column("users"),
        Column("first", "req/s"),
        Column("second", "req/s"),
        label("first / second"),
        Column("first victim p99", "ms"),
        Column("second victim p99", "ms"),
        Column("first CPU", "µs/req"),
        Column("second CPU", "µs/req"),
    )
    rows, notes, ladders = [], [], tuple(ladders)
    for ladder in ladders:
        first, second = ladder.pair
        name = f"{ladder.group}: {first} against {second}, {ladder.setup}"
        rows += [_level(ladder, users, name) for users in ladder.levels if _both(ladder, users)]
        users = crossover(ladder.ratios(second, first, THROUGHPUT))
        if users is not None:
            notes.append(f"{name}: the two change places at about {users:.0f} users.")
    crossings = notes or ["No two change places between two levels at which the ratio is shown."]
    floor = (FLOOR,) if any(map(_grows, ladders)) else ()
    return Table("The ratio by users", columns, tuple(rows), (_SETTLED, *crossings, *floor) if rows else ())


def _grows(ladder: Ladder) -> bool:
    return any(cell.grows(VICTIM_P99) for variant in ladder.pair for cell in ladder.cells(variant).values())


def _both(ladder: Ladder, users: int) -> bool:
    return all(variant in ladder.levels[users] for variant in ladder.pair)


def _level(ladder: Ladder, users: int, section: str) -> Row:
    first, second = (ladder.levels[users][variant] for variant in ladder.pair)
    found = ladder.ratios(ladder.pair[1], ladder.pair[0], THROUGHPUT).get(users)
    said = (
        NOTHING
        if found is None
        else found.comparison.interval_text + ("" if found.settled else f", {NO_EVIDENCE}")
    )
    both = [cell.show(metric) for metric in (VICTIM_P99, CPU) for cell in (first, second)]
    rates = (cell.show(THROUGHPUT) for cell in (first, second))
    return Row(
        (str(users), *rates, said, *both),
        section,
        caveats_of((first, second)),
        not (first.valid and second.valid),
    )


def plateau_table(plateaus: Iterable[Plateau]) -> Table:
    """One row a prediction: the law, what it allows, what was measured, and why the two differ."""
    columns = (
        label("variant"),
        Column("users"),
        label("law"),
        Column("predicted", "req/s"),
        Column("measured", "req/s"),
        Column("of it", "%"),
        prose("met, or why not"),
    )
    rows = tuple(
        Row(
            (
                one.variant,
                str(one.users),
                one.least.law,
                whole(one.least.rps),
                whole(one.measured.median),
                f"{100 * one.share:.0f}",
                "met" if one.met else one.why,
            ),
            f"{one.ladder.group} on {one.ladder.setup}",
            one.cell.caveats,
            not one.cell.valid,
        )
        for one in plateaus
    )
    note = (
        "t is the time that an endpoint waits or works: 10 ms for io; for the others the response (users / t) and the "
        f"CPU time (workers / t) of a request at 1 user. The lowest law holds; met is within {WITHIN:.0%} of it."
    )
    return Table("Plateaus: predicted and measured", columns, rows, (note,) if rows else ())


def cost_table(costs: Iterable[RequestCost]) -> Table:
    """One row a scenario at 1 user: the parts of a call in-process, and what HTTP adds."""
    columns = (
        label("scenario"),
        Column("framework", "µs"),
        Column("thread hop", "µs"),
        Column("work", "µs"),
        Column("in-process", "µs"),
        Column("server and network", "µs"),
        Column("over HTTP", "µs"),
    )
    rows = tuple(
        Row(
            (
                one.cell.scenario,
                *(
                    three_digits(part_s * 1e6) if part_s else NOTHING
                    for part_s in (
                        one.parts.framework_s,
                        one.parts.hop_s,
                        one.parts.work_s,
                        one.parts.whole_s,
                        one.server_s,
                        one.http_s,
                    )
                ),
            ),
            one.cell.setup,
            one.cell.caveats,
            not one.cell.valid,
        )
        for one in costs
    )
    note = (
        "Framework: an async endpoint that does nothing. Thread hop: what that costs more as a plain function; for "
        "offload, one trip to a thread. Work: the rest of the call. Server and network: the median response at 1 user "
        "beyond the call, with the client's own part; nothing is left of it where the call took longer by itself."
    )
    return Table("Where a request's time goes", columns, rows, (note,) if rows else ())
