"""Pools of servers, started and stopped for real."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil
import pytest

from bench.errors import ServerError
from bench.gates.paired.arms import Arm, start_pairs
from bench.model.plan import Setup
from bench.system.processes import Processes
from bench.system.revisions import Tree
from tests.bench import tiny

APP = (
    tiny.APP
    + """
async def answer(path):
    return 200, b"hello"
"""
)


def arm(name: str, folder: Path, workers: int = 1, cpus: tuple[int, ...] = ()) -> Arm:
    folder.mkdir(exist_ok=True)
    (folder / "an_app.py").write_text(APP)
    setup = Setup("mine", "uvicorn", app="an_app:app", health="/", workers=workers, cpus=cpus)
    return Arm(name, setup, Tree(folder, name, folder))


def test_a_pair_shares_its_hash_seed_and_each_arm_has_its_own_folder(tmp_path: Path) -> None:
    arms = arm("base", tmp_path / "base"), arm("head", tmp_path / "head")
    with Processes() as processes, start_pairs(*arms, [11, 22], processes, (0,)) as found:
        everyone = [psutil.Process(one.server.pid) for pair in found for one in (pair.base, pair.head)]
        seeds = [process.environ()["PYTHONHASHSEED"] for process in everyone]
        folders = [Path(process.cwd()).name for process in everyone]
        affinities = {
            tuple(os.sched_getaffinity(thread.id)) for process in everyone for thread in process.threads()
        }
        ports = {one.server.port for pair in found for one in (pair.base, pair.head)}
    assert seeds == ["11", "11", "22", "22"]
    assert folders == ["base", "head", "base", "head"]
    assert affinities == {(0,)}
    assert len(ports) == 4
    assert not any(process.is_running() for process in everyone)


def test_a_server_that_does_not_start_takes_the_others_with_it(tmp_path: Path) -> None:
    arms = arm("base", tmp_path / "base"), arm("head", tmp_path / "head")
    (tmp_path / "head" / "an_app.py").write_text("raise RuntimeError('no such luck')")
    with Processes() as processes:
        with pytest.raises(ServerError, match="no such luck"), start_pairs(*arms, [1], processes, ()):
            pass
        assert processes.children == frozenset()


def test_an_instance_is_all_its_processes_and_says_when_it_has_ended(tmp_path: Path) -> None:
    one_arm = arm("base", tmp_path / "base", workers=2)
    with Processes() as processes, start_pairs(one_arm, one_arm, [1], processes, ()) as found:
        one = found[0].base
        assert len(one.pids()) >= 3  # uvicorn's supervisor and two workers
        assert one.rss_bytes() > 40_000_000
        assert one.server.pid is not None
        os.kill(one.server.pid, signal.SIGKILL)
        os.waitid(os.P_PID, one.server.pid, os.WEXITED | os.WNOWAIT)
        with pytest.raises(ServerError, match="the server ended with status -9"):
            one.pids()


def test_a_setups_own_cpus_are_kept(tmp_path: Path) -> None:
    one_arm = arm("base", tmp_path / "base", cpus=(1,))
    with Processes() as processes, start_pairs(one_arm, one_arm, [1], processes, (0,)) as found:
        pid = found[0].head.server.pid
        assert pid is not None
        assert os.sched_getaffinity(pid) == {1}
