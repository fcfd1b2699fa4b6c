"""The observer as a process: it obeys orders line by line, and makes a run even where its Locust is gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from bench.locust.handover import HANDOVER_VARIABLE, Handover
from bench.locust.observer import ObserverOrder, order_line
from bench.locust.records import LocustTest
from bench.measure.store import read_run
from bench.model.address import Address
from bench.system.home import own_command
from tests.bench.locust.observed import MINE, locust_test, write_rows

IDLE = "import time; time.sleep(60)"


@dataclass(frozen=True)
class Observer:
    """A running observer, and the folder that it works in."""

    child: subprocess.Popen[bytes]
    folder: Path

    def tell(self, order: ObserverOrder) -> None:
        assert self.child.stdin is not None
        self.child.stdin.write(order_line(order))
        self.child.stdin.flush()

    def hear(self, word: str) -> Any:
        """The next message of a kind."""
        assert self.child.stdout is not None
        for line in self.child.stdout:
            message = json.loads(line)
            assert "failed" not in message, message
            if word in message:
                return message[word]
        raise AssertionError(f"it ended without saying {word}")

    def end(self) -> None:
        assert self.child.stdin is not None
        self.child.stdin.close()


@contextmanager
def observing(folder: Path, env: dict[str, str]) -> Iterator[Observer]:
    pipe = subprocess.PIPE
    command = own_command("bench.locust.observer")
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=folder, env=os.environ | env) as child:
        observer = Observer(child, folder)
        assert observer.hear("ready")
        yield observer
        child.kill()


@pytest.fixture
def by_hand(tmp_path: Path) -> Iterator[Observer]:
    with observing(tmp_path, {}) as observer:
        yield observer


@pytest.fixture
def server() -> Iterator[int]:
    with subprocess.Popen([sys.executable, "-c", IDLE]) as child:
        yield child.pid
        child.kill()


@pytest.fixture
def at_home(server: int, tmp_path: Path) -> Iterator[Observer]:
    """With a server that was handed over: a process that waits."""
    log = tmp_path / "server.log"
    log.write_text("")
    handover = Handover(
        setup=MINE,
        address=Address("127.0.0.1", 1),
        server_pid=server,
        server_log=log,
        locust_log=log,
        runs=tmp_path / "runs",
        spool=tmp_path,
        facts={"host": {"cores": 2}},
    )
    handover.write(tmp_path / "handover.json")
    with observing(tmp_path, {HANDOVER_VARIABLE: str(tmp_path / "handover.json")}) as observer:
        yield observer


def start(folder: Path, run: int = 1) -> ObserverOrder:
    now_ns = time.monotonic_ns()
    test = replace(locust_test("browse"), span_ns=(now_ns, now_ns))
    return ObserverOrder(is_end=False, run=run, url="http://127.0.0.1:1", spool=folder, test=test)


def stop(order: ObserverOrder) -> ObserverOrder:
    test: LocustTest = replace(order.test, span_ns=(order.test.span_ns[0], time.monotonic_ns()))
    return replace(order, is_end=True, test=test)


def test_it_shows_a_server_of_ours_while_a_test_runs_and_makes_a_run_of_it(
    at_home: Observer, server: int
) -> None:
    order = start(at_home.folder)
    at_home.tell(order)
    live = at_home.hear("live")
    assert [one["pid"] for one in live["workers"]] == [server]
    write_rows(at_home.folder, "one", [("browse", "GET /", 5, "ok")], start_ns=order.test.span_ns[0])
    at_home.tell(stop(order))
    concluded = at_home.hear("conclusion")
    (record,) = read_run(Path(concluded["folder"])).records
    assert Path(concluded["folder"]).parent == at_home.folder / "runs"
    assert [worker.pid for worker in record.resources.workers] == [server]
    assert record.resources.rss_peak_bytes
    assert "server-not-seen" not in concluded["codes"]
    assert at_home.hear("drawn") == concluded["run"]
    assert (at_home.folder / "runs" / concluded["run"] / "report.html").exists()


def test_a_test_whose_locust_is_gone_becomes_a_run_that_was_interrupted(by_hand: Observer) -> None:
    order = start(by_hand.folder)
    by_hand.tell(order)
    by_hand.hear("live")
    write_rows(by_hand.folder, "one", [("browse", "GET /", 5, "ok")], start_ns=order.test.span_ns[0])
    by_hand.end()
    concluded = by_hand.hear("conclusion")
    run = read_run(Path(concluded["folder"]))
    assert run.facts.interrupted
    assert len(run.records) == 1
    assert "server-not-seen" in concluded["codes"]
    assert Path(concluded["folder"]).parent == by_hand.folder / "reports"
    assert by_hand.child.wait(60) == 0


def test_a_test_may_start_while_the_run_of_the_last_one_is_made(by_hand: Observer) -> None:
    first, second = start(by_hand.folder), start(by_hand.folder, 2)
    for order in (first, second):
        rows = [("browse", "GET /", order.run, "ok")]
        write_rows(by_hand.folder, "one", rows, run=order.run, start_ns=order.test.span_ns[0])
    for order in (first, stop(first), second, stop(second)):
        by_hand.tell(order)
    assert [by_hand.hear("conclusion")["requests"] for _ in (first, second)] == [1, 2]


def test_without_a_test_it_ends_when_its_locust_does(by_hand: Observer) -> None:
    by_hand.end()
    assert by_hand.child.wait(30) == 0
    assert not (by_hand.folder / "reports").exists()
