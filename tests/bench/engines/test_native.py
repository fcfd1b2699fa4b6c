"""The native engine against servers that misbehave: nothing is dropped, and each failure is called by its name."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from bench.engines import launch
from bench.engines.heartbeat import PERIOD_NS
from bench.errors import EngineError
from bench.model import samples
from bench.model.plan import ClosedLoad, OpenLoad
from bench.model.samples import Samples
from bench.system.processes import Processes
from tests.bench.engines.conftest import Engine
from tests.bench.engines.outcomes import CLOSED, USERS, labelled, outcomes
from tests.bench.engines.peer import WORKER, Peer, answer
from tests.bench.engines.scripted import Scripted, unread

ONE_USER = ClosedLoad(1, duration_s=0.2, warmup_s=0.0)
KEEPS_ITS_CONNECTION = {
    "a plain answer": "ok",
    "a chunked body": "chunked",
    "an answer in pieces, head and body cut": "pieces",
    "100 Continue before the answer": "continue",
    "HEAD": "head",
    "204 without a body": "no-content",
}


@dataclass
class Ran:
    """What came of jobs that went side by side, by their scenario."""

    rows: dict[str, Samples]
    peer: Peer
    progress: list[launch.Progress]


def side_by_side(folder: Path, processes: Processes, names: Iterable[str]) -> Ran:
    load = ClosedLoad(USERS, duration_s=0.6, warmup_s=0.0)  # long enough for a second word on how far it is
    with Peer() as peer:
        engine = Engine(peer, processes, folder)
        patience_s = {"silent": 0.1}
        jobs = {name: engine.job(name, load, name, timeout_s=patience_s.get(name, 10.0)) for name in names}
        engine.run(*jobs.values())
    return Ran({name: samples.read(job.samples) for name, job in jobs.items()}, peer, engine.progress)


@pytest.fixture(scope="module")
def kept(processes: Processes, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return side_by_side(tmp_path_factory.mktemp("kept"), processes, KEEPS_ITS_CONNECTION.values())


@pytest.mark.parametrize("name", KEEPS_ITS_CONNECTION.values(), ids=KEEPS_ITS_CONNECTION)
def test_a_right_answer_is_ok(name: str, kept: Ran) -> None:
    assert outcomes(kept.rows[name]) == {"ok": kept.peer.seen[f"/{name}"]}
    assert kept.peer.seen[f"/{name}"] > 2 * USERS


def test_a_connection_is_used_again(kept: Ran) -> None:
    assert kept.peer.connections == kept.peer.most == USERS * len(KEEPS_ITS_CONNECTION)


CLOSES_ITS_CONNECTION = {"it says that it closes": "says-close", "the body ends with it": "until-close"}


@pytest.mark.parametrize("name", CLOSES_ITS_CONNECTION.values(), ids=CLOSES_ITS_CONNECTION)
def test_an_announced_close_is_no_failure(name: str, engine: Engine, peer: Peer) -> None:
    rows = engine.run(engine.job(name, CLOSED))

    assert outcomes(rows) == {"ok": peer.seen[f"/{name}"]}
    assert peer.seen[f"/{name}"] <= peer.connections <= peer.seen[f"/{name}"] + USERS
    assert peer.seen[f"/{name}"] > 2 * USERS


def test_a_close_without_a_word_costs_at_most_the_request_that_met_it(engine: Engine, peer: Peer) -> None:
    kinds = outcomes(engine.run(engine.job("just-closes", CLOSED)))

    assert kinds["ok"] == peer.seen["/just-closes"] > 2 * USERS
    assert set(kinds) <= {"ok", "reset"}
    assert kinds["reset"] <= kinds["ok"]


FAILS = {
    "garbage": ("garbage", "garbage: not an HTTP/1.1 response"),
    "bytes after the end": ("twice", "garbage: bytes after the end of the answer"),
    "a body cut off": ("truncated", "truncated"),
    "the connection closes instead of an answer": ("no-answer", "reset"),
    "the connection is reset": ("reset", "reset"),
    "no answer in time": ("silent", "timeout"),
    "an unexpected status": ("status-503", "status-503"),
    "a wrong body": ("wrong-body", "wrong-body"),
}


@pytest.fixture(scope="module")
def failed(processes: Processes, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    names = [name for name, _ in FAILS.values()]
    return side_by_side(tmp_path_factory.mktemp("failed"), processes, names)


@pytest.mark.parametrize(("name", "kind"), FAILS.values(), ids=FAILS)
def test_a_failure_is_counted_by_its_kind(name: str, kind: str, failed: Ran) -> None:
    assert outcomes(failed.rows[name]) == {kind: failed.peer.seen[f"/{name}"]}
    assert failed.peer.seen[f"/{name}"] >= 2 * USERS


def test_the_errors_so_far_are_at_most_those_there_are(failed: Ran) -> None:
    assert 0 < failed.progress[-1].errors <= sum(len(rows.outcome) for rows in failed.rows.values())


def test_no_answer_counts_from_the_time_it_was_given_up(engine: Engine, peer: Peer) -> None:
    rows = engine.run(engine.job("silent", CLOSED, timeout_s=0.15))

    assert np.min(rows.done_ns - rows.sent_ns) >= 150_000_000


def test_an_answer_soon_after_the_end_is_waited_for(engine: Engine, peer: Peer) -> None:
    rows = engine.run(engine.job("slow", CLOSED))

    assert outcomes(rows) == {"ok": USERS}
    assert peer.seen == {"/slow": USERS}
    assert np.min(rows.done_ns) > rows.end_ns


def test_a_request_without_answer_long_after_the_end_is_unfinished(engine: Engine, peer: Peer) -> None:
    rows = engine.run(engine.job("silent", CLOSED, timeout_s=60.0, drain_s=0.3))

    assert outcomes(rows) == {"unfinished": USERS}
    assert np.min(rows.done_ns) >= rows.end_ns + 300_000_000
    assert peer.seen == {"/silent": USERS}


def test_a_row_says_who_answered_and_in_which_order_it_went(engine: Engine) -> None:
    rows = engine.run(engine.job("ok", CLOSED))

    assert set(rows.worker.tolist()) == {WORKER}
    assert np.all(rows.intended_ns <= rows.sent_ns)
    assert np.all(rows.sent_ns < rows.done_ns)
    assert rows.end_ns - rows.start_ns == 200_000_000
    assert np.all(rows.intended_ns < rows.end_ns)
    assert 0 < rows.cpu_s < 1


# --- sessions


def test_a_request_is_due_when_the_answer_before_it_has_arrived(engine: Engine) -> None:
    rows = engine.run(engine.job("session", ClosedLoad(1, duration_s=0.1, warmup_s=0.0)))

    assert [rows.labels[number] for number in rows.label[:4]] == ["first", "second", "third", "first"]
    np.testing.assert_array_equal(rows.intended_ns[1:], rows.done_ns[:-1])


def test_a_session_ends_with_its_first_wrong_answer(engine: Engine, peer: Peer) -> None:
    rows = engine.run(engine.job("gives-up", CLOSED))

    assert set(rows.labels) == {"before", "wrong"}
    assert outcomes(labelled(rows, "wrong")) == {"status-503": peer.seen["/status-503"]}
    assert 0 <= peer.seen["/ok"] - peer.seen["/status-503"] <= USERS


def test_two_jobs_go_side_by_side_and_are_joined(engine: Engine, peer: Peer) -> None:
    rows = engine.run(engine.job("ok", CLOSED, "one"), engine.job("status-503", CLOSED, "two"))

    assert outcomes(rows) == {"ok": peer.seen["/ok"], "status-503": peer.seen["/status-503"]}
    assert peer.most == 2 * USERS
    assert outcomes(labelled(rows, "GET /ok")) == {"ok": peer.seen["/ok"]}
    assert engine.heard == ["started", "ended"]


def test_a_companion_goes_along_and_its_samples_stay_apart(
    engine: Engine, peer: Peer, tmp_path: Path
) -> None:
    light = engine.job("ok", OpenLoad(50, 0.2, 0.0, arrivals="uniform"), "bystander", bystander=True)
    rows = engine.run(engine.job("ok", CLOSED), companions=(light,))

    assert outcomes(rows) == {"ok": peer.seen["/ok"]}
    bystanders = samples.read(tmp_path / "bystander")
    assert bystanders.labels == ("GET /slow",)
    assert len(bystanders.outcome) == peer.seen["/slow"] == 10
    assert bystanders.start_ns == rows.start_ns


# --- what the generator does to its own figures

QUICK = ClosedLoad(USERS, duration_s=0.8, warmup_s=0.0)


@pytest.mark.parametrize("load", [QUICK, OpenLoad(200, 0.8, 0.0)], ids=["closed", "open"])
def test_nothing_is_imported_while_it_is_measured(load: ClosedLoad | OpenLoad, engine: Engine) -> None:
    """A first percentile would load numpy.ma: 10 to 17 ms in which no answer is noticed."""
    rows = engine.run(engine.job("ok", load))

    assert rows.stalls.imported == ()
    assert len(engine.progress) >= 2, "and yet it has said how far it is"
    assert engine.progress[-1].p99_ms is not None


def test_it_watches_its_own_loop_while_it_measures(engine: Engine) -> None:
    rows = engine.run(engine.job("ok", QUICK))

    assert 5 < len(rows.stalls.late_ns) <= 0.8e9 / PERIOD_NS
    assert np.all(rows.stalls.late_ns >= 0)
    assert rows.stalls.run_wait_s is not None


def test_a_flow_that_holds_the_generator_up_is_seen(engine: Engine) -> None:
    """`dawdles` computes for 60 ms, once, in the measured part: the loop is late by that, less a period at most."""
    rows = engine.run(engine.job("dawdles", QUICK))

    assert rows.stalls.late_ns.max() >= 60_000_000 - PERIOD_NS


def test_a_flow_that_imports_is_named(engine: Engine) -> None:
    rows = engine.run(engine.job("imports", QUICK))

    assert "wave" in rows.stalls.imported


@pytest.mark.parametrize("name", ["says-close", "just-closes"])
def test_waiting_for_a_connection_is_no_lag(name: str, engine: Engine, peer: Peer) -> None:
    """Each answer ends its connection: nearly every request waits for one, and none is late for another reason."""
    rows = engine.run(engine.job(name, CLOSED))

    connected = rows.connect_ns > 0
    assert np.count_nonzero(connected) >= peer.connections - USERS > USERS
    assert np.all(rows.connect_ns >= 0)
    lag_ns = rows.sent_ns - rows.intended_ns - rows.connect_ns
    assert np.all(lag_ns >= 0)
    assert np.median(rows.connect_ns[connected]) > np.median(lag_ns[connected])


def test_who_has_a_connection_does_not_wait_for_one(engine: Engine) -> None:
    rows = engine.run(engine.job("ok", CLOSED))

    assert np.count_nonzero(rows.connect_ns) == USERS


# --- what is no fault of the server's

BROKEN = {
    "after an answer": ("raises", "no idea what to do with hello"),
    "before its first request": ("raises-at-once", "no idea where to begin"),
}
LOADS = [CLOSED, OpenLoad(100, 0.2, 0.0)]


@pytest.mark.parametrize("load", LOADS, ids=["closed", "open"])
@pytest.mark.parametrize(("name", "why"), BROKEN.values(), ids=BROKEN)
def test_a_flow_that_raises_is_an_error_that_names_it(
    name: str, why: str, load: ClosedLoad | OpenLoad, engine: Engine
) -> None:
    with pytest.raises(
        EngineError, match=f"^scenario '{name}' raised ValueError: {why} \\(\\S+flows.py:\\d+\\)$"
    ):
        engine.run(engine.job(name, load))


def test_a_generator_that_dies_is_an_error(engine: Engine) -> None:
    with pytest.raises(EngineError, match=r"^the load generator ended with status 3$"):
        engine.run(engine.job("dies", CLOSED))


def test_a_generator_that_cannot_begin_is_an_error_with_its_last_words(engine: Engine) -> None:
    with pytest.raises(EngineError, match=r"ended with status 1; it wrote:\n(.|\n)*no-such-scenario"):
        engine.run(engine.job("no-such-scenario", CLOSED))


def test_what_a_scenario_prints_does_not_hold_up_the_news(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A print stays in the generator's buffer until the start is told, and both come in one piece."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    heard_ns: list[int] = []
    engine.on_start = lambda: heard_ns.append(time.monotonic_ns())
    rows = engine.run(engine.job("chatters", ClosedLoad(1, duration_s=0.2, warmup_s=0.3)))

    assert engine.heard == ["started", "ended"]
    assert heard_ns[0] < rows.end_ns


def test_the_watch_hears_how_far_it_is(engine: Engine) -> None:
    rows = engine.run(engine.job("status-503", CLOSED))

    assert engine.heard == ["started", "ended"]
    assert isinstance(engine.progress[-1], launch.Progress)
    assert 0 <= engine.progress[-1].errors == engine.progress[-1].requests <= len(rows.outcome)


def test_a_request_that_the_server_closed_unread_is_sent_again_and_counted(engine: Engine) -> None:
    def answer_one(server: Scripted, one: socket.socket) -> None:
        if server.read(one):
            one.sendall(answer())
            unread(one)

    with Scripted(answer_one) as server:
        rows = engine.run(engine.job("ok", ONE_USER, port=server.port))

    assert outcomes(rows) == {"ok": len(server.heads)}
    assert len(server.heads) > 5
    assert rows.resent in (len(server.heads) - 1, len(server.heads))
    assert rows.sent == len(server.heads)


def test_a_request_that_the_server_read_and_dropped_is_not(engine: Engine, peer: Peer) -> None:
    rows = engine.run(engine.job("half", CLOSED))

    assert outcomes(rows) == {
        "ok": peer.seen["/half"] - peer.seen["/half"] // 2,
        "reset": peer.seen["/half"] // 2,
    }
    assert rows.resent == 0


def test_cookies_are_of_one_session(engine: Engine) -> None:
    """In the order in which the server sees them: a first visit, and then a second one."""

    def serve(server: Scripted, one: socket.socket) -> None:
        while server.read(one):
            one.sendall(answer(headers=b"Set-Cookie: theme=dark; Path=/\r\n"))

    with Scripted(serve) as server:
        engine.run(engine.job("session", ONE_USER, port=server.port))

    seen = [b"Cookie: theme=dark\r\n" in head for head in server.heads]
    assert len(seen) > 6
    assert seen == [place % 3 > 0 for place in range(len(seen))]
