"""Readings while processes of a known kind are busy."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest

from bench.gates.paired.caveats import Conditions
from bench.gates.paired.other_load import CpuWatch
from bench.observe.process_tree import cpu_ns

BUSY = "import os, sys\nos.sched_setaffinity(0, {int(sys.argv[1])})\nprint(1, flush=True)\nwhile True: pass\n"
NESTED = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', sys.argv[2], sys.argv[1]])\n"


@pytest.fixture
def busy() -> Iterator[int]:
    """A process that is busy on the last CPU, and a parent of it."""
    cpu = max(os.sched_getaffinity(0))
    command = [sys.executable, "-c", NESTED, str(cpu), BUSY]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as child:
        try:
            assert child.stdout is not None
            child.stdout.readline()
            yield child.pid
        finally:
            os.killpg(child.pid, 9)


def spend() -> None:
    """Be busy ourselves for half a second."""
    until_s = time.monotonic() + 0.5
    while time.monotonic() < until_s:
        pass


def test_who_is_busy_on_which_cpu_is_told_apart(busy: int) -> None:
    """Two watches at once, of which one knows that the busy process and its child are the server."""
    cpus = sorted(os.sched_getaffinity(0))
    child = psutil.Process(busy).children()[0]
    os.sched_setaffinity(0, cpus[:1])
    try:
        began_s, child_s, own_s = time.monotonic(), cpu_ns(child.pid) / 1e9, time.process_time()
        knowing, ignorant = CpuWatch(cpus[-1:], cpus[:1], {busy}), CpuWatch(cpus[-1:], cpus[:1], ())
        spend()
        known, unknown = knowing.conditions(), ignorant.conditions()
        elapsed_s = time.monotonic() - began_s
        child_s, own_s = cpu_ns(child.pid) / 1e9 - child_s, time.process_time() - own_s
    finally:
        os.sched_setaffinity(0, cpus)
    assert child_s > 0.1
    assert unknown.others_of_server - known.others_of_server == pytest.approx(child_s / elapsed_s, abs=0.15)
    assert known.others_of_gate <= 1 - own_s / elapsed_s + 0.15


def test_without_pinned_cpus_nothing_is_told_apart() -> None:
    watch = CpuWatch((), (), ())
    spend()
    assert watch.conditions() == Conditions()
