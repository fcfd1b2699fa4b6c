"""Flame graphs: a real profile of a real process, and what is said where there can be none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.errors import UsageError
from bench.observe.profiler import profiling, py_spy
from bench.system.processes import Processes

_BUSY = "def burning_the_midnight_oil():\n    while True:\n        pass\nburning_the_midnight_oil()\n"


def test_the_graph_names_the_function_that_ran(tmp_path: Path) -> None:
    graph = tmp_path / "profiles" / "busy.svg"
    with (
        Processes() as processes,
        processes.running([sys.executable, "-c", _BUSY], log=tmp_path / "log") as child,
        profiling(graph, 1.0, processes, ()) as start,
    ):
        start(child.pid)
    assert "burning_the_midnight_oil" in graph.read_text()
    assert sorted(path.name for path in graph.parent.iterdir()) == ["busy.svg"]


def test_a_process_that_is_gone_has_no_graph(tmp_path: Path) -> None:
    graph = tmp_path / "gone.svg"
    with Processes() as processes, profiling(graph, 1.0, processes, ()) as start:
        start(2**22 - 1)
    assert not graph.exists()


def test_nothing_was_started(tmp_path: Path) -> None:
    with Processes() as processes, profiling(tmp_path / "never.svg", 1.0, processes, ()):
        pass
    assert list(tmp_path.iterdir()) == []


def test_without_py_spy_the_way_out_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(UsageError, match="pip install py-spy"):
        py_spy()
