from __future__ import annotations

import io
import math
from dataclasses import replace

from rich.console import Console

from bench.engines.launch import Progress as Counts
from bench.measure.progress import Display
from bench.model.plan import ClosedLoad
from bench.model.record import Caveat, Failure
from bench.plan.order import Group
from bench.results.precision import Precision
from tests.bench.builders import record


def shown(*, terminal: bool) -> str:
    """What a console shows of a round with lanes, a stretch and a setup that fails, and of the round after it."""
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=120, highlight=False)
    lane = replace(record().cell, load=ClosedLoad(8, 0.0))
    group = Group(round=0, setups=("uvicorn", "granian-1"), lanes=(lane,), stretches=())
    with Display(5, 10.0, console) as display:
        display.show_start(group)
        display.show_cell(lane)
        display.show_rotation(6)
        display.show_progress(Counts(requests=500, errors=3, p99_ms=1.25))
        display.show_record(replace(record(throughput=99.0), cell=lane))
        display.show_record(replace(record(throughput=77.0, valid=False), cell=lane))
        display.show_record(record(throughput=1234.4, p99=6.0))
        display.show_record(record(scenario="[io]", p50=None, caveats=(Caveat("lag", ""), Caveat("lag", ""))))
        display.show_failure(Failure("granian-1", 0, "no\nlog [x]"))
        display.show_failure(Failure("uvicorn", 0, "wrong", "io"))
        display.show_round(1, None)
        display.show_start(replace(group, round=1, setups=("uvicorn",)))
        display.show_round(2, Precision(math.inf, "a"))
        display.show_round(3, Precision(0.0234, "uvicorn in noop-async"))
    return file.getvalue()


def test_without_a_terminal_each_result_is_a_plain_line() -> None:
    lines = shown(terminal=False).splitlines()
    assert [line[:11] for line in lines if line[0] == "["] == [
        *["[round 1/5]"] * 6,
        "[round 2/5]",
        "[round 3/5]",
    ]
    assert " 77 requests/s" in lines[0], "of lanes only what is invalid: a round sums up the others"
    said = " ".join(lines[1].split())
    assert said == "[round 1/5] uvicorn / noop-async / native / 32 users 1,234 requests/s p99 6.00 ms"
    assert " [io] " in lines[2]  # no markup, whatever a name looks like
    assert lines[2].endswith("requests/s  (lag)")
    assert lines[3:5] == ["[round 1/5] FAILED granian-1: no", "log [x]"]
    assert lines[5] == "[round 1/5] FAILED uvicorn / io: wrong"
    assert "uvicorn in noop-async, ± 2.3 %" in lines[-1]
    assert not any("\x1b" in line for line in lines)


def test_a_terminal_shows_the_round_its_rotation_and_the_time_left_as_well() -> None:
    text = shown(terminal=True)
    for part in ("starting 2 servers", "starting 1 server", "uvicorn / noop-async / native / 8 users"):
        assert part in text
    for part in ("rotation 7", "0:10 left", "round 1/5", "round 2/5"):
        assert part in text
    assert "p99 1.2 ms  3 errors" in text
    assert "FAILED granian-1: no" in text
