"""Children and their children are gone when the block ends, whatever ended it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from bench.system import processes as processes_module
from bench.system.processes import Processes

QUIET = "import time; time.sleep(60)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"
PARENT = f"""
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {STUBBORN!r}], stdout=subprocess.PIPE, text=True)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(60)
"""
OWNER = f"""
import sys
from pathlib import Path
from bench.system.processes import Processes
with Processes() as processes:
    with processes.running([sys.executable, "-c", {PARENT!r}], log=Path(sys.argv[1]), talking=True) as child:
        print(processes._guard.pid, child.pid, child.stdout.readline().strip(), flush=True)
        sys.stdin.readline()
"""


@pytest.fixture
def processes() -> Iterator[Processes]:
    with Processes() as owner:
        yield owner


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def python(code: str) -> list[str]:
    return [sys.executable, "-c", code]


def is_alive(pid: int) -> bool:
    """Whether a process still runs; one that nobody has waited for yet does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_child_is_stopped_on_leaving(processes: Processes, log: Path) -> None:
    with processes.running(python(QUIET), log=log) as child:
        assert is_alive(child.pid)

    assert not is_alive(child.pid)
    assert child.returncode == -signal.SIGTERM


def test_its_children_are_those_whose_blocks_last(processes: Processes, log: Path) -> None:
    with processes.running(python(QUIET), log=log) as one:
        with processes.running(python(QUIET), log=log) as other:
            assert processes.children == {one.pid, other.pid}
        assert processes.children == {one.pid}
    assert processes.children == set()


def test_a_child_is_stopped_when_the_block_raises(processes: Processes, log: Path) -> None:
    with pytest.raises(KeyboardInterrupt), processes.running(python(QUIET), log=log) as child:
        raise KeyboardInterrupt

    assert not is_alive(child.pid)


def test_a_child_that_ended_by_itself_keeps_its_status(processes: Processes, log: Path) -> None:
    with processes.running(python("raise SystemExit(7)"), log=log) as child:
        child.wait()

    assert child.returncode == 7


def test_standard_output_may_have_a_file_of_its_own(processes: Processes, log: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    code = "import sys; print('figures'); print('remarks', file=sys.stderr)"
    with processes.running(python(code), log=log, out=out) as child:
        child.wait()

    assert (out.read_text(), log.read_text()) == ("figures\n", "remarks\n")


def test_a_child_that_ignores_sigterm_is_killed(processes: Processes, log: Path) -> None:
    with processes.running(python(STUBBORN), log=log, grace_s=0.1, talking=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "up\n"

    assert child.returncode == -signal.SIGKILL


def test_grandchildren_go_with_the_child_even_when_they_ignore_sigterm(
    processes: Processes, log: Path
) -> None:
    with processes.running(python(PARENT), log=log, talking=True) as child:
        assert child.stdout is not None
        grandchild = int(child.stdout.readline())
        assert is_alive(grandchild)

    assert not is_alive(child.pid)
    assert not is_alive(grandchild)


def test_grandchildren_go_even_when_the_child_was_gone_before(processes: Processes, log: Path) -> None:
    with processes.running(python(PARENT), log=log, talking=True) as child:
        assert child.stdout is not None
        grandchild = int(child.stdout.readline())
        child.kill()
        child.wait()
        assert is_alive(grandchild)

    assert not is_alive(grandchild)


@contextmanager
def owning(log: Path) -> Iterator[tuple[subprocess.Popen[str], list[int]]]:
    """A process that owns some, and the pids of those."""
    pipe, root = subprocess.PIPE, Path(__file__).parents[3]
    with subprocess.Popen([*python(OWNER), str(log)], cwd=root, stdin=pipe, stdout=pipe, text=True) as owner:
        assert owner.stdin is not None
        assert owner.stdout is not None
        with closing(owner.stdin):
            yield owner, [int(word) for word in owner.stdout.readline().split()]


def test_nothing_is_left_when_its_owner_is_killed(tmp_path: Path) -> None:
    """In whatever way; side by side, as guards are patient with what ignores SIGTERM."""
    with owning(tmp_path / "one") as (one, its), owning(tmp_path / "other") as (other, the_others):
        pids = its + the_others
        assert [is_alive(pid) for pid in pids] == [True] * 6
        for owner, signum in ((one, signal.SIGKILL), (other, signal.SIGTERM)):
            owner.send_signal(signum)
            owner.wait()
        deadline_s = time.monotonic() + 10
        while any(map(is_alive, pids)) and time.monotonic() < deadline_s:
            time.sleep(0.02)

    left = [pid for pid in pids if is_alive(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert left == []


def test_the_guard_goes_with_its_owner(log: Path) -> None:
    before = {process.pid for process in psutil.Process().children()}
    with Processes() as processes:
        guards = {process.pid for process in psutil.Process().children()} - before
        with processes.running(python(QUIET), log=log):
            pass

    assert len(guards) == 1
    assert not any(map(is_alive, guards))


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system pins no processes")
def test_a_child_runs_on_the_cpus_it_is_given_from_its_first_moment(processes: Processes, log: Path) -> None:
    ours = os.sched_getaffinity(0)
    chosen = max(ours)
    code = "import os; print(os.sched_getaffinity(0))"
    with processes.running(python(code), log=log, cpus=(chosen,), talking=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == f"{{{chosen}}}\n"

    assert os.sched_getaffinity(0) == ours


def test_a_child_has_the_environment_it_is_given_and_no_other(
    processes: Processes, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OURS", "1")
    code = "import os; print(sorted({'OURS', 'THEIRS'} & set(os.environ)))"
    with processes.running(python(code), log=log, env={"THEIRS": "1"}) as child:
        child.wait()

    assert log.read_text() == "['THEIRS']\n"


def test_what_a_child_says_is_added_to_the_log(processes: Processes, log: Path) -> None:
    for word in ("first", "second"):
        code = f"import sys; print('{word}', file=sys.stderr)"
        with processes.running(python(code), log=log) as child:
            child.wait()

    assert log.read_text() == "first\nsecond\n"


def test_a_command_that_is_not_there_raises_and_leaves_the_affinity_alone(
    processes: Processes, log: Path
) -> None:
    ours = psutil.Process().cpu_affinity() if hasattr(psutil.Process, "cpu_affinity") else None
    with pytest.raises(FileNotFoundError), processes.running(["no-such-program"], log=log, cpus=(0,)):
        pass

    assert (psutil.Process().cpu_affinity() if ours is not None else None) == ours


def test_ctrl_c_while_a_child_is_born_does_not_lose_it(
    processes: Processes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signal comes when the child lives and nobody has written it down yet."""
    born: list[subprocess.Popen[str]] = []
    spawn = processes_module._spawn

    def interrupted(*args: Any, **options: Any) -> subprocess.Popen[str]:
        born.append(spawn(*args, **options))
        signal.raise_signal(signal.SIGINT)
        return born[0]

    monkeypatch.setattr(processes_module, "_spawn", interrupted)
    command = [sys.executable, "-c", "input()"]
    with (
        pytest.raises(KeyboardInterrupt),
        processes.running(command, log=tmp_path / "log", talking=True),
    ):
        raise AssertionError("the block has begun")

    assert born[0].returncode is not None
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
