"""The figures of a cell -> its caveats: reasons to doubt them."""

from __future__ import annotations

from bench.model.attachment import Attachment
from bench.model.plan import Cell
from bench.model.record import Caveat, Generator, Resources, Summary
from bench.results.audit import attached, consistency, load, machine


def _is_held(attachment: Attachment | None) -> bool:
    """Whether a ceiling held the load back."""
    return attachment is not None and bool(attachment.most_rps)


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
    is_steady: bool = True,
) -> tuple[Caveat, ...]:
    """The caveats of a cell, whose load `is_steady` where it was as the cell says from the start to the end.

    `attachment` is that of a server that ran already, `pauses` those within sessions.
    """
    return (
        *load.errors(summary),
        *load.exhaustion(summary),
        *load.missed_rate(cell, summary),
        *load.shed_sessions(summary),
        *load.resent_requests(summary),
        *machine.generator(generator),
        *load.stalls(summary),
        *load.drift(cell, summary, is_steady),
        *load.lag(summary),
        *machine.shortage(resources, summary.measured_s or cell.load.duration_s),
        *(() if attachment is not None and attachment.elsewhere else machine.shared_cpus(resources)),
        *machine.uneven_workers(resources),
        *load.few_samples(summary),
        *load.bystanders(cell, summary.victim),
        *(() if _is_held(attachment) else consistency.littles_law(cell, summary, pauses, is_steady)),
        *consistency.unreconciled_counts(summary),
        *consistency.unfit_times(summary),
        *load.unchecked_requests(summary),
        *load.long_session(summary),
        *machine.profiling(is_profiled),
        *machine.unrest(idle_cpu_share),
        *(attached.caveats(cell, summary, attachment) if attachment is not None else ()),
    )
