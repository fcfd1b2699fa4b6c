"""The figures of a cell -> its caveats: reasons to doubt them."""

from __future__ import annotations

from bench.model.attachment import Attachment
from bench.model.plan import Cell
from bench.model.record import Caveat, Generator, Resources, Summary
from bench.results.audit import attached, consistency, load, machine


def audit(
    cell: Cell,
    summary: Summary,
    resources: Resources,
    generator: Generator,
    *,
    is_profiled: bool = False,
    idle_cpu_share: float | None = None,
    attachment: Attachment | None = None,
    pauses: int = 0,
) -> tuple[Caveat, ...]:
    """The caveats of a cell; `attachment` is that of a server that ran already, `pauses` those within sessions."""
    return (
        *load.errors(summary),
        *load.exhaustion(summary),
        *load.missed_rate(cell, summary),
        *load.shed_sessions(summary),
        *load.resent_requests(summary),
        *machine.generator_saturation(generator),
        *machine.generator_stalls(generator),
        *load.stalls(summary),
        *load.drift(cell, summary),
        *load.lag(summary),
        *machine.steal(resources),
        *machine.throttling(resources, summary.measured_s or cell.load.duration_s),
        *machine.other_load(resources),
        *(() if attachment is not None and attachment.elsewhere else machine.shared_cpus(resources)),
        *machine.uneven_workers(resources),
        *load.few_samples(summary),
        *load.bystander(cell, summary.victim),
        *load.bystander_grows(cell, summary.victim),
        *(() if attachment and attachment.most_rps else consistency.littles_law(cell, summary, pauses)),
        *consistency.unreconciled_counts(summary),
        *consistency.unfit_times(summary),
        *load.unchecked_requests(summary),
        *load.long_session(summary),
        *machine.profiling(is_profiled),
        *machine.unrest(idle_cpu_share),
        *(attached.caveats(cell, summary, attachment) if attachment is not None else ()),
    )
