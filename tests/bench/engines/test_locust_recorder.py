"""Locust leaves the same samples as the native engine, failures and all: several of its processes, run once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from bench.engines.heartbeat import PERIOD_NS
from bench.errors import EngineError
from bench.model.plan import ClosedLoad
from bench.model.samples import OK, Samples, read
from bench.system.ports import free_port
from bench.system.processes import Processes
from tests.bench.engines.conftest import Engine
from tests.bench.engines.peer import WORKER, Peer

LOAD = ClosedLoad(2, duration_s=0.4, warmup_s=0.1)
SCENARIOS = ("session", "gives-up", "wrong-body", "no-answer", "silent")


@dataclass
class Ran:
    """What came of all jobs, and when they ran by our own clock."""

    rows: Samples
    peer: Peer
    heard: list[str]
    span_ns: tuple[int, int]

    def outcomes(self, label: str) -> Counter[str]:
        rows = self.rows.rows(self.rows.label == self.rows.labels.index(label))
        return Counter(rows.outcomes[number] for number in rows.outcome)


@pytest.fixture(scope="module")
def ran(processes: Processes, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    with Peer() as peer:
        engine = Engine(peer, processes, tmp_path_factory.mktemp("locust"))
        jobs = [engine.job(name, LOAD, name, timeout_s=0.3) for name in SCENARIOS]
        jobs.append(engine.job("chunked", LOAD, "refused", port=free_port()))
        begin_ns = time.monotonic_ns()
        rows = engine.run(*jobs, engine="locust")
        yield Ran(rows, peer, engine.heard, (begin_ns, time.monotonic_ns()))


def test_a_session_of_a_users_own_file_is_driven(ran: Ran) -> None:
    counts = [ran.outcomes(label) for label in ("first", "second", "third")]

    assert all(set(count) == {"ok"} for count in counts)
    first, second, third = (count["ok"] for count in counts)
    assert first >= second >= third > 2
    assert first - third <= LOAD.users


def test_nothing_that_the_server_saw_is_dropped(ran: Ran) -> None:
    ours = sum((ran.outcomes(label) for label in ("first", "second", "third", "before")), Counter())

    assert ours == {"ok": ran.peer.seen["/ok"]}
    for path in ("/status-503", "/wrong-body", "/silent"):
        label = "wrong" if path == "/status-503" else f"GET {path}"
        assert ran.outcomes(label).total() == ran.peer.seen[path]


FAILS = {
    "an unexpected status": ("wrong", "status-503"),
    "a wrong body": ("GET /wrong-body", "wrong-body"),
    "no answer in time": ("GET /silent", "timeout"),
    "nobody listens": ("GET /chunked", "refused"),
    "the connection closes instead of an answer": ("GET /no-answer", "reset"),
}


@pytest.mark.parametrize(("label", "kind"), FAILS.values(), ids=FAILS)
def test_a_failure_is_counted_by_its_kind_as_the_native_engine_does(label: str, kind: str, ran: Ran) -> None:
    assert set(ran.outcomes(label)) == {kind}
    assert ran.outcomes(label)[kind] > 0


def test_a_session_ends_with_its_first_wrong_answer(ran: Ran) -> None:
    assert "after" not in ran.rows.labels


def test_times_are_finer_than_milliseconds_and_on_our_clock(ran: Ran) -> None:
    rows = ran.rows
    took_us = (rows.done_ns - rows.sent_ns) // 1000

    assert np.count_nonzero(took_us % 1000) > 0.9 * len(took_us)
    assert np.all(rows.sent_ns == rows.intended_ns)
    assert np.all(rows.done_ns >= rows.sent_ns)
    assert ran.span_ns[0] < rows.sent_ns.min() < rows.done_ns.max() < ran.span_ns[1]


def test_the_measured_part_is_as_long_as_it_should_be_and_told(ran: Ran) -> None:
    assert ran.heard == ["started", "ended"]
    assert ran.span_ns[0] < ran.rows.start_ns < ran.rows.end_ns < ran.span_ns[1]
    assert ran.rows.duration_s <= LOAD.duration_s
    assert 0 < ran.rows.cpu_s < len(SCENARIOS) + 1


def test_the_worker_that_answered_is_known(ran: Ran) -> None:
    rows = ran.rows
    answered = np.isin(
        rows.label, [rows.labels.index(label) for label in ("first", "wrong", "GET /wrong-body")]
    )

    assert set(rows.worker[answered].tolist()) == {WORKER}
    assert set(rows.worker[rows.label == rows.labels.index("GET /chunked")].tolist()) == {0}


def test_a_request_without_answer_long_after_the_end_is_unfinished(engine: Engine, peer: Peer) -> None:
    rows = engine.run(engine.job("falls-silent", LOAD, timeout_s=60.0, drain_s=0.3), engine="locust")

    found = Counter((rows.labels[a], rows.outcomes[b]) for a, b in zip(rows.label, rows.outcome, strict=True))
    assert found == {("GET /ok", "ok"): 20 * LOAD.users, ("GET /silent", "unfinished"): LOAD.users}
    assert peer.seen == {"/ok": 20 * LOAD.users, "/silent": LOAD.users}
    silent = rows.rows(rows.label == rows.labels.index("GET /silent"))
    assert np.all(silent.done_ns >= rows.end_ns + 300_000_000)
    assert np.all(silent.sent_ns < rows.end_ns)
    assert np.all(silent.sent_ns >= rows.done_ns[rows.outcome == OK].min())


RAISES = {
    "after an answer": ("raises", "no idea what to do with hello"),
    "before its first request": ("raises-at-once", "no idea where to begin"),
}


@pytest.mark.parametrize(("name", "why"), RAISES.values(), ids=RAISES)
def test_a_flow_that_raises_is_an_error_that_names_it(name: str, why: str, engine: Engine) -> None:
    with pytest.raises(
        EngineError, match=f"^scenario '{name}' raised ValueError: {why} \\(\\S+flows.py:\\d+\\)$"
    ):
        engine.run(engine.job(name, LOAD), engine="locust")


@pytest.fixture(scope="module")
def drawn(processes: Processes, tmp_path_factory: pytest.TempPathFactory) -> list[Samples]:
    """Of one user with seed 7, of another, of one with seed 8, and of two users.

    A session of `draws` is named by the number that its user drew: a label is its number's first use.
    """
    alone = ClosedLoad(1, duration_s=0.2, warmup_s=0.0)
    with Peer() as peer:
        engine = Engine(peer, processes, tmp_path_factory.mktemp("drawn"))
        jobs = [engine.job("draws", alone, str(place), seed=seed) for place, seed in enumerate((7, 7, 8))]
        jobs.append(engine.job("draws", LOAD, "two"))
        engine.run(*jobs, engine="locust")
    return [read(job.samples) for job in jobs]


def test_the_same_seed_asks_for_the_same_things(drawn: list[Samples]) -> None:
    one, again, other = (rows.labels for rows in drawn[:3])
    both = min(len(one), len(again))

    assert both > 10
    assert one[:both] == again[:both]
    assert not set(one) & set(other)


def test_users_draw_apart_from_each_other(drawn: list[Samples]) -> None:
    rows = drawn[3]

    assert len(rows.labels) == len(rows.label) > 10


@pytest.mark.parametrize("kind", ["locust", "locust-http"])
def test_it_watches_its_own_loop_as_the_native_engine_does(kind: str, engine: Engine) -> None:
    """`dawdles` computes for 60 ms, once: the loop is late by that, less a period at most."""
    rows = engine.run(engine.job("dawdles", ClosedLoad(2, duration_s=0.8, warmup_s=0.1)), engine=kind)

    assert len(rows.stalls.late_ns) > 5
    assert rows.stalls.late_ns.max() >= 60_000_000 - PERIOD_NS
    assert rows.stalls.run_wait_s is not None
