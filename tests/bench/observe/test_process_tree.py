"""CPU time, memory and threads of a process tree, held against what the processes say of themselves."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bench.model.readings import Reading
from bench.observe.process_tree import ProcessTree, cpu_ns
from bench.system.processes import Processes

MB = 1024 * 1024

BUSY = """
import time
while time.process_time_ns() < 300_000_000:
    pass
print(time.process_time_ns(), flush=True)
input()
"""
BIG = f"""
import threading
block = bytearray({64 * MB})
for _ in range(3):
    threading.Thread(target=threading.Event().wait, daemon=True).start()
print("up", flush=True)
input()
"""
MASTER = """
import subprocess, sys
code = "print(flush=True); input()"
children = [subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in "12"]
for child in children:
    child.stdout.readline()
print(*(child.pid for child in children), flush=True)
for line in sys.stdin:
    ended = children.pop()
    ended.kill()
    ended.wait()
    print("gone", flush=True)
"""
HELPED = """
import subprocess, sys
helper = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
print(helper.pid, flush=True)
input()
"""
LISTENING = """
import os, selectors, socket, sys

def wait():
    poll = selectors.DefaultSelector() if sys.argv[1] == "waits" else None
    if poll:
        poll.register(server, selectors.EVENT_READ)
    return poll

def fork(count, prepare=lambda: None):
    pids = []
    for _ in range(count):
        if not (pid := os.fork()):
            kept = prepare()
            os.write(ready, b".")
            os.read(0, 1)
            os._exit(0)
        pids.append(pid)
    return pids

seen, ready = os.pipe()
server = socket.create_server(("127.0.0.1", 0))
if sys.argv[2] == "master":
    pids = fork(2, wait)
else:
    kept = wait()
    pids = fork(2)
for pid in pids:
    os.read(seen, 1)
print(server.getsockname()[1], *pids, flush=True)
os.read(0, 1)
"""
POOL = """
import multiprocessing, os, sys, time

def report(pids, wait):
    pids.put(os.getpid())
    wait.wait()

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    pids, wait = context.Queue(), context.Event()
    workers = [context.Process(target=report, args=(pids, wait), daemon=True) for _ in "12"]
    for worker in workers:
        worker.start()
    print(*(pids.get() for _ in workers), flush=True)
    input()
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


def test_cpu_time_is_what_the_process_counts_itself(processes: Processes, log: Path) -> None:
    with processes.running(python(BUSY), log=log, talking=True) as child:
        assert child.stdout is not None
        its_own = int(child.stdout.readline())
        times = psutil.Process(child.pid).cpu_times()
        found = cpu_ns(child.pid)

    assert its_own <= found < its_own + 100_000_000
    assert found >= 0.9e9 * (times.user + times.system)


def test_cpu_time_never_falls_and_is_finer_than_a_tick(processes: Processes, log: Path) -> None:
    with processes.running(python("while True: pass"), log=log) as child:
        found = [cpu_ns(child.pid)]
        while found[-1] < 50_000_000:
            found.append(cpu_ns(child.pid))

    assert found == sorted(found)
    assert len({value // 10_000_000 for value in found}) < len(set(found))


def test_cpu_time_of_a_process_that_is_gone_is_nothing(processes: Processes, log: Path) -> None:
    with processes.running(python(""), log=log) as child:
        child.wait()

    assert cpu_ns(child.pid) == 0


def test_the_cpu_time_of_a_tree_is_that_of_all_its_processes(processes: Processes, log: Path) -> None:
    with processes.running(python(MASTER), log=log, talking=True) as child:
        assert child.stdout is not None
        pids = [child.pid, *map(int, child.stdout.readline().split())]
        tree = ProcessTree(child.pid)
        found = tree.cpu_ns()
        each = [cpu_ns(pid) for pid in pids]

    assert len(each) == 3
    assert max(each) < found <= sum(each)


def test_memory_and_threads_are_read(processes: Processes, log: Path) -> None:
    with processes.running(python(BIG), log=log, talking=True) as child:
        assert child.stdout is not None
        child.stdout.readline()
        (reading,) = ProcessTree(child.pid).snapshot().processes

    assert reading.pid == child.pid
    assert 64 * MB < reading.rss_bytes < 128 * MB
    assert reading.threads == 4


def test_a_master_counts_but_is_no_worker(processes: Processes, log: Path) -> None:
    with processes.running(python(MASTER), log=log, talking=True) as child:
        assert child.stdout is not None
        workers = {int(pid) for pid in child.stdout.readline().split()}
        tree = ProcessTree(child.pid)

        assert set(tree.workers()) == workers
        assert {reading.pid for reading in tree.snapshot().processes} == {child.pid, *workers}


def test_a_process_alone_is_its_own_worker(processes: Processes, log: Path) -> None:
    with processes.running(python("input()"), log=log, talking=True) as child:
        assert ProcessTree(child.pid).workers() == (child.pid,)


def test_what_an_app_started_in_a_session_of_its_own_is_no_worker(processes: Processes, log: Path) -> None:
    with processes.running(python(HELPED), log=log, talking=True) as child:
        assert child.stdout is not None
        helper = int(child.stdout.readline())
        tree = ProcessTree(child.pid)

        assert tree.workers() == (child.pid,)
        assert {reading.pid for reading in tree.snapshot().processes} == {child.pid, helper}


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_the_helper_of_multiprocessing_is_no_worker(
    method: str, processes: Processes, tmp_path: Path
) -> None:
    program = tmp_path / "program.py"
    program.write_text(POOL)
    command = [sys.executable, str(program), method]
    with processes.running(command, log=tmp_path / "log", talking=True) as child:
        assert child.stdout is not None
        workers = {int(pid) for pid in child.stdout.readline().split()}

        assert set(ProcessTree(child.pid).workers()) == workers


def test_a_worker_that_ended_is_left_out(processes: Processes, log: Path) -> None:
    with processes.running(python(MASTER), log=log, talking=True) as child:
        assert child.stdout is not None
        assert child.stdin is not None
        first, second = (int(pid) for pid in child.stdout.readline().split())
        tree = ProcessTree(child.pid)
        child.stdin.write("\n")
        child.stdin.flush()
        child.stdout.readline()

        assert {reading.pid for reading in tree.snapshot().processes} == {child.pid, first}
        tree.refresh()
        assert tree.workers() == (first,)
        assert second not in tree.workers()


def test_a_tree_that_is_gone_reads_as_nothing(processes: Processes, log: Path) -> None:
    with processes.running(python("input()"), log=log, talking=True) as child:
        tree = ProcessTree(child.pid)

    assert tree.snapshot().processes == ()
    tree.refresh()
    assert (tree.snapshot().processes, tree.workers()) == ((), ())


def test_snapshots_follow_one_another_on_one_clock() -> None:
    tree = ProcessTree(os.getpid())
    first, second = tree.snapshot(), tree.snapshot()

    assert first.at_ns < second.at_ns
    ours = [next(r for r in snapshot.processes if r.pid == os.getpid()) for snapshot in (first, second)]
    assert all(isinstance(reading, Reading) for reading in ours)
    assert 0 < ours[0].cpu_ns <= ours[1].cpu_ns


def test_a_dead_child_that_nobody_waited_for_is_left_out(processes: Processes, log: Path) -> None:
    """A zombie has no memory and no threads that could answer."""
    code = (
        "import os, sys\n"
        "pid = os.fork()\n"
        "if not pid: os._exit(0)\n"
        "os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)\n"
        "print(pid, flush=True)\n"
        "input()"
    )
    with processes.running(python(code), log=log, talking=True) as child:
        assert child.stdout is not None
        zombie = int(child.stdout.readline())
        assert psutil.Process(zombie).status() == psutil.STATUS_ZOMBIE
        found = {reading.pid for reading in ProcessTree(child.pid).snapshot().processes}

    assert found == {child.pid}


def test_what_the_kernel_says_is_what_psutil_says(processes: Processes, log: Path) -> None:
    with processes.running(python(BIG), log=log, talking=True) as child:
        assert child.stdout is not None
        child.stdout.readline()
        (reading,) = ProcessTree(child.pid).snapshot().processes
        other = psutil.Process(child.pid)

        assert reading.rss_bytes == pytest.approx(other.memory_info().rss, abs=MB)
        assert reading.threads == other.num_threads()


def test_waits_are_those_of_all_threads_of_a_process(processes: Processes, log: Path) -> None:
    """A thread that naps 200 times gives the CPU up 200 times, though the main thread only waits."""
    code = (
        "import threading, time, resource\n"
        "thread = threading.Thread(target=lambda: [time.sleep(0.0001) for _ in range(200)] and done.wait())\n"
        "done = threading.Event()\n"
        "thread.daemon = True\n"
        "thread.start()\n"
        "while resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw < 200: time.sleep(0.01)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_nvcsw, flush=True)\n"
        "input()"
    )
    with processes.running(python(code), log=log, talking=True) as child:
        assert child.stdout is not None
        its_own = int(child.stdout.readline())
        (reading,) = ProcessTree(child.pid).snapshot().processes
        first_thread = int(Path(f"/proc/{child.pid}/schedstat").read_text().split()[1])

    assert its_own <= reading.switches <= its_own + 50
    assert reading.run_wait_ns >= first_thread
    assert reading.preemptions >= 0


def test_waits_of_a_process_that_shares_its_cpu_grow(processes: Processes, log: Path) -> None:
    """Two that spin on one CPU: each waits while the other runs, about half of the time."""
    spin = python("while True: pass")
    with (
        processes.running(spin, log=log, cpus=(0,)) as one,
        processes.running(spin, log=log, cpus=(0,)) as two,
    ):
        trees = [ProcessTree(child.pid) for child in (one, two)]
        while True:
            readings = [tree.snapshot().processes[0] for tree in trees]
            if min(reading.cpu_ns for reading in readings) > 200_000_000:
                break

    assert min(reading.run_wait_ns for reading in readings) > 50_000_000
    assert min(reading.preemptions for reading in readings) > 0


# who has the socket -> whether the workers are the two that were forked, and else the one that forked them
ROLES = {
    "a master whose workers wait at the socket": ("waits", "master", True),
    "a master whose workers are not seen to wait": ("holds", "master", True),
    "a worker that forked helpers": ("waits", "worker", False),
}


@pytest.mark.parametrize(("how", "who", "forked"), ROLES.values(), ids=ROLES)
def test_the_worker_is_who_waits_at_the_socket_and_not_what_it_forked(
    how: str, who: str, forked: bool, processes: Processes, log: Path
) -> None:
    with processes.running([*python(LISTENING), how, who], log=log, talking=True) as child:
        assert child.stdout is not None
        port, *pids = map(int, child.stdout.readline().split())
        tree = ProcessTree(child.pid)

        assert set(tree.workers(port)) == (set(pids) if forked else {child.pid})
        assert tree.workers() == tree.workers(port)
        assert {reading.pid for reading in tree.snapshot().processes} == {child.pid, *pids}


def test_a_child_that_does_not_listen_is_no_worker(processes: Processes, log: Path) -> None:
    """It was started with files of its own, as `subprocess` does it."""
    code = (
        "import socket, subprocess, sys\n"
        "server = socket.create_server(('127.0.0.1', 0))\n"
        "child = subprocess.Popen([sys.executable, '-c', 'input()'], stdin=subprocess.PIPE)\n"
        "print(server.getsockname()[1], flush=True)\n"
        "input()"
    )
    with processes.running(python(code), log=log, talking=True) as child:
        assert child.stdout is not None
        port = int(child.stdout.readline())

        assert ProcessTree(child.pid).workers(port) == (child.pid,)
