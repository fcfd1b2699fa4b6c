"""The generator's watch on itself: lateness by hand, waits as the kernel counts them, modules as they are loaded."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from bench.engines.heartbeat import PERIOD_NS, Heartbeat


def test_a_call_is_late_by_what_lies_between_its_due_time_and_now() -> None:
    heartbeat = Heartbeat()
    due_ns = heartbeat.beat(1_000)
    assert due_ns == 1_000 + PERIOD_NS
    heartbeat.start()
    after_stall_ns = heartbeat.beat(due_ns + 42)
    assert after_stall_ns == due_ns + 42 + PERIOD_NS, "the next one is due a period after this one came"
    heartbeat.beat(after_stall_ns)
    heartbeat.end(due_ns)
    assert heartbeat.stalls.late_ns.tolist() == [42, 0]


def test_what_happens_before_the_start_and_after_the_end_does_not_count() -> None:
    heartbeat = Heartbeat()
    due_ns = heartbeat.beat(heartbeat.beat(0) + 7_000_000)
    heartbeat.start()
    heartbeat.beat(due_ns)
    heartbeat.end(due_ns)
    heartbeat.beat(due_ns + 1_000_000_000)
    assert heartbeat.stalls.late_ns.tolist() == [0]


def test_a_stall_that_lasts_beyond_the_end_counts_up_to_the_end() -> None:
    heartbeat = Heartbeat()
    due_ns = heartbeat.beat(0)
    heartbeat.start()
    heartbeat.end(due_ns + 7)
    heartbeat.beat(due_ns + 1_000)
    assert heartbeat.stalls.late_ns.tolist() == [7]


def test_a_second_count_goes_on_where_the_first_ended_and_leaves_out_what_lies_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a lane is loaded slice by slice: whoever drives the loop beats at the start of each."""
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("loaded_in_the_first", "loaded_in_between", "loaded_in_the_second"):
        (tmp_path / f"{name}.py").touch()
    heartbeat = Heartbeat()
    heartbeat.start()
    due_ns = heartbeat.beat(0)
    importlib.import_module("loaded_in_the_first")
    heartbeat.end(due_ns + 3)
    assert not heartbeat.measuring
    first_s = heartbeat.stalls.run_wait_s

    importlib.import_module("loaded_in_between")
    heartbeat.start()
    due_ns = heartbeat.beat(due_ns + 1_000_000_000)
    due_ns = heartbeat.beat(due_ns + 4)
    importlib.import_module("loaded_in_the_second")
    heartbeat.end(due_ns)
    found = heartbeat.stalls
    assert found.late_ns.tolist() == [3, 4]
    assert found.imported == ("loaded_in_the_first", "loaded_in_the_second")
    assert (found.run_wait_s is None) is (first_s is None)
    assert (found.run_wait_s or 0.0) >= (first_s or 0.0)


def test_the_time_that_it_waited_for_a_cpu_is_the_kernels() -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux says it")
    heartbeat = Heartbeat()
    heartbeat.beat(0)
    before_s = _waited_s()
    heartbeat.start()
    heartbeat.end(0)
    run_wait_s = heartbeat.stalls.run_wait_s
    assert run_wait_s is not None
    assert 0 <= run_wait_s <= _waited_s() - before_s


def _waited_s() -> float:
    return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) / 1e9


def test_modules_that_are_loaded_meanwhile_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    for name in ("loaded_before", "loaded_meanwhile"):
        (tmp_path / f"{name}.py").touch()
    heartbeat = Heartbeat()
    heartbeat.beat(0)
    importlib.import_module("loaded_before")
    heartbeat.start()
    importlib.import_module("loaded_meanwhile")
    heartbeat.end(0)
    assert heartbeat.stalls.imported == ("loaded_meanwhile",)
