"""`bench worker` joins Locust's masters: ours, and those of a locustfile of somebody's own."""

from __future__ import annotations

import contextlib
import signal
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from bench.system.ports import free_port
from tests.bench.engines.peer import Peer
from tests.bench.locust.ui import LOCUSTFILE, LocustUi, locust_ui
from tests.bench.program import bench, lives, poll, read_until, start
from tests.test_locustfile import BY_HAND

NOTHING: Mapping[str, str] = {}
OWN = """
from locust import User, constant, task


class OkUser(User):
    wait_time = constant(1)

    @task
    def idle(self):
        pass


class UnheardOfUser(OkUser):
    pass
"""


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(BY_HAND)
    return path


@contextlib.contextmanager
def workers(count: int, port: int, mine: Path) -> Iterator[list[subprocess.Popen[str]]]:
    words = ("worker", "--master", "127.0.0.1", "--master-port", str(port), "--scenarios", str(mine))
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(start(*words, cwd=mine.parent)) for _ in range(count)]


@contextlib.contextmanager
def master(
    *arguments: str, port: int, file: Path = LOCUSTFILE, env: Mapping[str, str] = NOTHING
) -> Iterator[LocustUi]:
    bound = ("--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", str(port))
    with locust_ui(*arguments, *bound, file=file, env=env) as ui:
        yield ui


def test_two_workers_of_ours_load_for_a_master_and_their_figures_add_up(mine: Path) -> None:
    port = free_port()
    env = {"BENCH_LOCUST_CLIENT": "native", "BENCH_SCENARIOS": str(mine)}
    with Peer() as peer, workers(2, port, mine) as children:
        host = f"http://127.0.0.1:{peer.port}"
        with master("OkUser", "--host", host, port=port, env=env) as ui:
            poll(lambda: len(ui.stats()["workers"]) == 2)
            ui.swarm(6, 100)
            poll(lambda: peer.open == 6)
            poll(lambda: ui.entry().get("num_requests", 0) > 200)
            families = [psutil.Process(child.pid).children(recursive=True) for child in children]
            assert all(families), "each worker has a generator of its own"
            ui.get("/stop", b"")
            poll(lambda: peer.open == 0)
            poll(lambda: ui.entry("/ok")["num_requests"] == peer.seen["/ok"])
            assert ui.entry("/ok")["num_failures"] == 0
            assert ui.end() == 0
        assert [child.wait(20) for child in children] == [0, 0]
        poll(lambda: not any(lives(one) for family in families for one in family))


def test_it_joins_a_master_whose_locustfile_only_has_the_names(mine: Path, tmp_path: Path) -> None:
    """And says on both sides which of them it does not have."""
    port, file = free_port(), tmp_path / "own_locustfile.py"
    file.write_text(OWN)
    with Peer() as peer, workers(1, port, mine) as (child,):
        with master("--host", f"http://127.0.0.1:{peer.port}", port=port, file=file) as ui:
            poll(lambda: len(ui.stats()["workers"]) == 1)
            ui.swarm(2, 100)
            poll(lambda: peer.open == 1)
            poll(lambda: ui.entry("/ok").get("num_requests", 0) > 20)
            said = poll(lambda: [one["msg"] for one in ui.get("/exceptions")["exceptions"]])
            assert "users of UnheardOfUser, which this worker does not have" in said[0]
            ui.end()
        errors = child.communicate(timeout=20)[1]
    assert "UnheardOfUser" in errors
    assert "Traceback" not in errors


def test_ctrl_c_ends_it_while_it_waits_for_a_master(mine: Path) -> None:
    with workers(1, free_port(), mine) as (child,):
        read_until(child, "Ctrl-C ends this worker")
        poll(lambda: "locust" in " ".join(psutil.Process(child.pid).cmdline()))
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=20)
    assert child.returncode != 0


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (("--master", "no.such.host.invalid"), "--master no.such.host.invalid: the name leads to no address"),
        (
            ("--master", "127.0.0.1", "--ca", "nowhere.pem"),
            "--ca nowhere.pem: no such file; give the PEM file",
        ),
        (("--master", "127.0.0.1", "--scenarios", "nowhere.py"), "nowhere.py: there is no such file"),
        ((), "--master"),
    ],
)
def test_mistakes_are_sentences(words: tuple[str, ...], problem: str, tmp_path: Path) -> None:
    done = bench("worker", *words, cwd=tmp_path)
    assert done.returncode == 2
    assert problem in done.stderr
    assert "Traceback" not in done.stderr
