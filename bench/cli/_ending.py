"""How a run ends on the command line: with what failed and a status, or interrupted with what there is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.cli._terminal import note, shown

if TYPE_CHECKING:
    from bench.measure.store import RunFolder
    from bench.model.record import Record, Run, Summary


@contextmanager
def kept(folder: RunFolder) -> Iterator[None]:
    """Say where the cells so far are, and note it in the run, where a person or a signal ends the block."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        folder.add_facts(interrupted=True)
        note(
            f"nothing was measured yet; {shown(folder.path)} holds no cell"
            if folder.empty
            else f"the cells so far are in {shown(folder.path)}; `bench report {shown(folder.path)}` charts them"
        )
        raise


def status(run: Run) -> int:
    """1 where anything failed or gave no right answer, which is said, or nothing was measured."""
    failed = [failure.error for failure in run.failures] + list(_without_an_answer(run.records))
    for error in failed:
        note(f"failed: {error}")
    return 1 if failed or not run.records else 0


def _without_an_answer(records: Iterable[Record]) -> Iterator[str]:
    """The cells with repeats in which no right answer arrived, each with why.

    Nothing fails where no request was due and none under way: an open load may be that slow.
    """
    by_cell: dict[str, list[Summary]] = {}
    for record in records:
        summary = record.summary
        asked = bool(summary.requests or any(summary.under_way or ()))
        if asked and (summary.errors == summary.requests > 0 or not summary.throughput_rps):
            by_cell.setdefault(record.cell.label, []).append(summary)
    for cell, summaries in by_cell.items():
        yield f"{cell}: {_why(summaries)}"


def _why(summaries: Sequence[Summary]) -> str:
    requests, errors = (sum(getattr(one, name) for one in summaries) for name in ("requests", "errors"))
    kinds: Counter[str] = Counter()
    for summary in summaries:
        kinds.update(summary.errors_by_kind)
    if not errors:
        return "no answer arrived in the measured part"
    listed = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
    all_of = f"{errors:,} of {requests:,} requests" if errors < requests else f"all {requests:,} requests"
    return f"{'the only request' if requests == 1 else all_of} failed ({listed})"
