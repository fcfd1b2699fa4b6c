"""A server in the background: ready when its block begins, gone when that ends, and its log where it fails."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from bench.errors import ServerError
from bench.serve import daemon
from bench.system.processes import Processes

READY_LATER = "import pathlib, time; time.sleep(0.1); pathlib.Path('ready').touch(); time.sleep(60)"


def test_the_block_begins_when_it_answers(processes: Processes, tmp_path: Path) -> None:
    command = [sys.executable, "-c", READY_LATER]
    before = processes.children
    with daemon.running(processes, command, (tmp_path / "ready").exists, folder=tmp_path):
        assert (tmp_path / "ready").exists()
        assert len(processes.children - before) == 1
    assert processes.children == before


def test_one_that_ends_before_it_answers_fails_with_its_log(processes: Processes, tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no luck')"]
    with (
        pytest.raises(ServerError, match=r"did not start; its log:\n *no luck"),
        daemon.running(processes, command, lambda: False, folder=tmp_path),
    ):
        pass


def test_one_that_never_answers_is_given_up_and_stopped(
    processes: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon, "_READY_WITHIN_S", 0.1)
    before = processes.children
    command = [sys.executable, "-c", READY_LATER]
    with (
        pytest.raises(ServerError, match="did not start"),
        daemon.running(processes, command, lambda: False, folder=tmp_path),
    ):
        pass
    assert processes.children == before


def test_a_command_that_is_not_there_is_named(processes: Processes, tmp_path: Path) -> None:
    nowhere = str(tmp_path / "nowhere")
    with (
        pytest.raises(ServerError, match=r"nowhere cannot be started: No such file"),
        daemon.started(processes, [nowhere], folder=tmp_path),
    ):
        pass
