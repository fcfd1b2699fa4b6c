from __future__ import annotations

import io

import pytest
from rich.console import Console

from bench.engines.launch import Progress as Counts
from bench.measure.progress import Display, Pace
from bench.model.plan import Cell, ClosedLoad
from bench.model.record import Caveat, Failure
from tests.bench.builders import record


class Clock:
    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_before_anything_is_done_all_that_was_expected_is_left() -> None:
    clock = Clock()
    pace = Pace(60.0, clock)
    clock.now_s += 5
    assert pace.left_s == 60.0


@pytest.mark.parametrize(
    ("took_s", "left_s"),
    [(20.0, 40.0), (40.0, 80.0), (10.0, 20.0)],
    ids=["as-expected", "twice-as-slow", "twice-as-fast"],
)
def test_what_is_left_goes_on_at_the_pace_so_far(took_s: float, left_s: float) -> None:
    clock = Clock()
    pace = Pace(60.0, clock)
    pace.advance(15.0)
    pace.advance(5.0)
    clock.now_s += took_s
    assert pace.left_s == pytest.approx(left_s)


def test_nothing_is_left_after_more_than_was_expected() -> None:
    clock = Clock()
    pace = Pace(10.0, clock)
    pace.advance(12.0)
    clock.now_s += 12
    assert pace.left_s == 0.0


def shown(*, terminal: bool) -> str:
    """What a console shows of two cells and a setup that fails with three more."""
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=120, highlight=False)
    with Display(5, 10.0, console) as display:
        display.show_start("uvicorn")
        display.show_cell(Cell("uvicorn", "noop-async", "native", ClosedLoad(8, 1.0)))
        display.show_progress(Counts(requests=500, errors=3, p99_ms=1.25))
        display.show_record(record(throughput=1234.4, p99=6.0), 2.0)
        display.show_record(
            record(scenario="[io]", p50=None, caveats=(Caveat("lag", ""), Caveat("lag", ""))), 2.0
        )
        display.show_failure(Failure("granian-1", 0, "no\nlog [x]"), [2.0] * 3)
    return file.getvalue()


def test_without_a_terminal_each_result_is_a_plain_line() -> None:
    lines = shown(terminal=False).splitlines()
    assert [line[:5] for line in lines] == ["[1/5]", "[2/5]", "[5/5]", "log ["]
    said = " ".join(lines[0].split())
    assert said == "[1/5] uvicorn / noop-async / native / 32 users 1,234 requests/s p99 6.00 ms"
    assert " [io] " in lines[1]  # no markup, whatever a name looks like
    assert lines[1].endswith("requests/s  (lag)")
    assert lines[2] == "[5/5] FAILED granian-1: no"
    assert not any("\x1b" in line for line in lines)


def test_a_terminal_shows_the_cell_its_rate_and_the_time_left_as_well() -> None:
    text = shown(terminal=True)
    for part in ("starting uvicorn", "uvicorn / noop-async / native / 8 users", "0:10 left", "0/5"):
        assert part in text
    assert "p99 1.2 ms  3 errors" in text
    assert "FAILED granian-1: no" in text
