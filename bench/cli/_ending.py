"""The end of a run on the command line: interrupted, failed or well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from bench.cli._terminal import note, short_path
from bench.measure.store import RunFolder
from bench.model.record import Record, Run, Summary
from bench.system.extras import left_out


@contextmanager
def explain_interruption(folder: RunFolder) -> Iterator[None]:
    """Say where the cells so far are, and record it in the run, when a person or a signal ends the block."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit):
        folder.add_facts(interrupted=True)
        path = short_path(folder.path)
        note(
            f"nothing was measured yet; {path} holds no cell"
            if folder.empty
            else f"the cells so far are in {path}; `bench report {path}` charts them"
        )
        raise


def exit_status(run: Run) -> int:
    """1 for a run in which something failed, a cell got no right answer, or nothing was measured; notes each reason."""
    failed = [failure.error for failure in run.failures] + list(_cells_without_answer(run.records))
    for error in failed:
        note(f"failed: {error}")
    return 1 if failed or not run.records else 0


def note_undrawn() -> None:
    """Print that charts are left out, where what draws them is not installed."""
    if sentence := left_out("charts", "charts"):
        note(sentence)


def _cells_without_answer(records: Iterable[Record]) -> Iterator[str]:
    """Each cell with repeats in which no right answer arrived, and the reason.

    A cell in which no request was due or under way has not failed: an open load may be that slow.
    """
    by_cell: dict[str, list[Summary]] = {}
    for record in records:
        summary = record.summary
        asked = bool(summary.requests or any(summary.under_way or ()))
        if asked and (summary.errors == summary.requests > 0 or not summary.throughput_rps):
            by_cell.setdefault(record.cell.label, []).append(summary)
    for cell, summaries in by_cell.items():
        yield f"{cell}: {_reason(summaries)}"


def _reason(summaries: Sequence[Summary]) -> str:
    requests, errors = (sum(getattr(one, name) for one in summaries) for name in ("requests", "errors"))
    kinds: Counter[str] = Counter()
    for summary in summaries:
        kinds.update(summary.errors_by_kind)
    if not errors:
        return "no answer arrived in the measured part"
    listed = ", ".join(f"{count:,} {kind}" for kind, count in kinds.most_common())
    share = f"{errors:,} of {requests:,} requests" if errors < requests else f"all {requests:,} requests"
    return f"{'the only request' if requests == 1 else share} failed ({listed})"
