"""Caveats of a server that ran before the measurement."""

from __future__ import annotations

from collections.abc import Iterator

from bench.model.attachment import BYSTANDER_SHARE, Attachment, steady_rps
from bench.model.plan import Cell, ClosedLoad
from bench.model.record import Caveat, Summary
from bench.results.caveats import CEILING, NO_PROCESSES, SAME_PROCESS

CEILING_SHARE = 0.8
"""Of the ceiling: users who send that much would send more without it."""
CEILING_SHARE_OF_ARRIVALS = 0.95
"""Of the ceiling: arrivals as frequent as that wait for their places."""


def caveats(cell: Cell, summary: Summary, attachment: Attachment) -> Iterator[Caveat]:
    """What is not known of such a server, and what the ceiling on its load did."""
    yield from ceiling(cell, summary, attachment.most_rps)
    if attachment.unread:
        yield Caveat(
            NO_PROCESSES,
            f"the CPU time and the memory of the server are not known: {attachment.unread}",
        )
    yield Caveat(
        SAME_PROCESS,
        "the server ran already and is the same process in all rounds: its luck, 1 to 4 % between processes of one "
        "program, is not averaged out, and intervals leave it out",
    )


def ceiling(cell: Cell, summary: Summary, most_rps: float) -> Iterator[Caveat]:
    """Whether the ceiling held the load back: then its throughput is the ceiling's."""
    if not most_rps or not summary.requests:
        return
    sent_rps = summary.requests / (summary.measured_s or cell.load.duration_s)
    share = CEILING_SHARE if isinstance(cell.load, ClosedLoad) else CEILING_SHARE_OF_ARRIVALS
    if summary.victim is not None:
        share *= 1 - BYSTANDER_SHARE
    if sent_rps > share * steady_rps(most_rps):
        yield Caveat(
            CEILING,
            f"the ceiling of {most_rps:g} requests/s held the load back to {sent_rps:.1f}: the throughput is the "
            "ceiling's, not the server's; give a larger --most-rps, fewer --users or a lower --rate",
        )
