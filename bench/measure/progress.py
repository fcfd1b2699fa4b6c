"""Shows a run while it goes on: a live bar, or plain lines where there is no terminal.

Everything goes to standard error, so that results on standard output can be piped.
"""

from __future__ import annotations

import math
import time
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from bench.engines.launch import Progress as Counts
from bench.model.plan import Cell
from bench.model.record import Failure, Record
from bench.model.secrets import mask_text
from bench.plan.order import Group
from bench.results.precision import Precision
from bench.results.results import NOTES


class Display:
    """Shows rounds as they are measured; a `with` block is one run.

    `expected_s` is about how long the run takes.
    """

    def __init__(self, rounds: int, expected_s: float, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._rounds = rounds
        self._round = 0
        self._began_s = time.monotonic()
        self._expected_s = expected_s
        self._cell_began_s = 0.0
        self._bar: Progress | None = None
        self._task: TaskID
        if self._console.is_terminal:
            self._bar = Progress(
                BarColumn(bar_width=20),
                TextColumn("{task.fields[left]} left"),
                TextColumn("{task.description}"),
                TextColumn("[bold]{task.fields[live]}"),
                console=self._console,
                transient=True,
                auto_refresh=False,
            )
            self._task = self._bar.add_task("starting", total=expected_s, left="", live="")

    def __enter__(self) -> Display:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show_start(self, group: Group) -> None:
        count = len(group.setups)
        self._round = group.round + 1
        self._show(f"starting {count} server{'' if count == 1 else 's'}", "")

    def show_cell(self, cell: Cell) -> None:
        self._cell_began_s = time.monotonic()
        self._show(cell.label, "")

    def show_rotation(self, number: int) -> None:
        """The `number`-th rotation begins, from 0."""
        self._show(f"rotation {number + 1}", "")

    def show_progress(self, counts: Counts) -> None:
        """Requests per second since the cell began, and the p99 of late."""
        if self._bar is None:
            return
        took_s = max(1e-3, time.monotonic() - self._cell_began_s)
        p99 = f"p99 {counts.p99_ms:.1f} ms" if counts.p99_ms is not None else ""
        errors = f"  {counts.errors} errors" if counts.errors else ""
        self._bar.update(self._task, live=f"{counts.requests / took_s:,.0f} requests/s  {p99}{errors}")
        self._bar.refresh()

    def show_record(self, record: Record) -> None:
        """What took a stretch, and every lane whose record is invalid; the others are summed up by their round."""
        if record.cell.in_slices and record.valid:
            return
        p99 = record.summary.response_ms.p99
        codes = ", ".join(sorted({caveat.code for caveat in record.caveats} - NOTES))
        self._line(
            f"{record.cell.label:<58} {record.summary.throughput_rps:>9,.0f} requests/s"
            + (f"  p99 {p99:8.2f} ms" if p99 is not None else "")
            + (f"  ({codes})" if codes else "")
        )

    def show_failure(self, failure: Failure) -> None:
        what = f"{failure.setup} / {failure.scenario}" if failure.scenario else failure.setup
        self._line(f"FAILED {what}: {mask_text(failure.error)}")

    def show_round(self, rounds: int, precision: Precision | None) -> None:
        """So many rounds are done; the least certain comparison so far."""
        self._round = rounds
        if precision is None:
            self._line("done")
        elif math.isinf(precision.half_width):
            self._line("done; comparisons begin with the second round")
        else:
            self._line(f"least certain: {precision.where}, ± {100 * precision.half_width:.1f} %")

    def _show(self, what: str, live: str) -> None:
        if self._bar is not None:
            took_s = time.monotonic() - self._began_s
            minutes, seconds = divmod(max(0, round(self._expected_s - took_s)), 60)
            self._bar.update(
                self._task,
                completed=min(took_s, self._expected_s),
                description=f"round {self._round}/{self._rounds}: {escape(what)}",
                live=live,
                left=f"{minutes}:{seconds:02d}",
            )
            self._bar.refresh()

    def _line(self, text: str) -> None:
        place = f"[round {self._round:>{len(str(self._rounds))}}/{self._rounds}]"
        self._console.print(f"{place} {text}", markup=False, soft_wrap=True)
