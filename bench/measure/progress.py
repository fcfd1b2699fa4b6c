"""Shows a run while it goes on: a live bar, or plain lines where there is no terminal.

Everything goes to standard error, so that results on standard output can be piped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from bench.engines.launch import Progress as Counts
from bench.model.plan import Cell
from bench.model.record import Failure, Record
from bench.results.results import NOTES


class Pace:
    """The time that is left, from the expected time of each part and the time that the parts so far took."""

    def __init__(self, expected_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._expected_s = expected_s
        self._done_s = 0.0
        self._clock = clock
        self._began_s = clock()

    def advance(self, expected_s: float) -> None:
        self._done_s += expected_s

    @property
    def left_s(self) -> float:
        took_s = self._clock() - self._began_s
        pace = took_s / self._done_s if self._done_s else 1.0
        return max(0.0, (self._expected_s - self._done_s) * pace)


class Display:
    """Shows cells as they are measured; a `with` block is one run."""

    def __init__(self, cells: int, expected_s: float, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._cells = cells
        self._done = 0
        self._pace = Pace(expected_s)
        self._cell_began_s = 0.0
        self._bar: Progress | None = None
        self._task: TaskID
        if self._console.is_terminal:
            self._bar = Progress(
                BarColumn(bar_width=20),
                TextColumn("{task.completed}/{task.total}"),
                TextColumn("{task.fields[left]} left"),
                TextColumn("{task.description}"),
                TextColumn("[bold]{task.fields[live]}"),
                console=self._console,
                transient=True,
                auto_refresh=False,
            )
            self._task = self._bar.add_task("starting", total=cells, left="", live="")

    def __enter__(self) -> Display:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show_start(self, setup: str) -> None:
        self._show(f"starting {setup}", "")

    def show_cell(self, cell: Cell) -> None:
        self._cell_began_s = time.monotonic()
        self._show(cell.label, "")

    def show_progress(self, counts: Counts) -> None:
        """Requests per second since the cell began, and the p99 of late."""
        if self._bar is None:
            return
        took_s = max(1e-3, time.monotonic() - self._cell_began_s)
        p99 = f"p99 {counts.p99_ms:.1f} ms" if counts.p99_ms is not None else ""
        errors = f"  {counts.errors} errors" if counts.errors else ""
        self._bar.update(self._task, live=f"{counts.requests / took_s:,.0f} requests/s  {p99}{errors}")
        self._bar.refresh()

    def show_record(self, record: Record, expected_s: float) -> None:
        self._count(1, expected_s)
        p99 = record.summary.response_ms.p99
        codes = ", ".join(sorted({caveat.code for caveat in record.caveats} - NOTES))
        self._line(
            f"{record.cell.label:<58} {record.summary.throughput_rps:>9,.0f} requests/s"
            + (f"  p99 {p99:8.2f} ms" if p99 is not None else "")
            + (f"  ({codes})" if codes else "")
        )

    def show_failure(self, failure: Failure, expected_s: Sequence[float]) -> None:
        """`expected_s` are the seconds that each of the lost cells would have taken."""
        self._count(len(expected_s), sum(expected_s))
        what = f"{failure.setup} / {failure.scenario}" if failure.scenario else failure.setup
        self._line(f"FAILED {what}: {failure.error}")

    def _count(self, cells: int, expected_s: float) -> None:
        self._done += cells
        self._pace.advance(expected_s)
        if self._bar is not None:
            self._bar.update(self._task, completed=self._done)

    def _show(self, what: str, live: str) -> None:
        if self._bar is not None:
            minutes, seconds = divmod(round(self._pace.left_s), 60)
            self._bar.update(self._task, description=escape(what), live=live, left=f"{minutes}:{seconds:02d}")
            self._bar.refresh()

    def _line(self, text: str) -> None:
        place = f"[{self._done:>{len(str(self._cells))}}/{self._cells}]"
        self._console.print(f"{place} {text}", markup=False, soft_wrap=True)
