"""When sessions start: closed loops of users, and open loops of arrivals."""

from __future__ import annotations

import numpy as np
import pytest

from bench.model.plan import ClosedLoad, OpenLoad
from bench.model.samples import Samples
from bench.plan.schedule import arrivals_ns
from bench.system.ports import free_port
from tests.bench.engines.conftest import Engine
from tests.bench.engines.outcomes import CLOSED, USERS, outcomes
from tests.bench.engines.peer import Peer


def test_a_server_that_refuses_is_asked_again_but_not_all_the_time(engine: Engine) -> None:
    rows = engine.run(engine.job("ok", CLOSED, port=free_port()))

    assert set(outcomes(rows)) == {"refused"}
    assert USERS < len(rows.outcome) <= USERS * 5, "after about 20, 40, 80 and 160 ms, or half of that"


def test_a_user_who_thinks_is_due_some_time_after_the_answer(engine: Engine, peer: Peer) -> None:
    rows = engine.run(engine.job("ok", ClosedLoad(1, 0.3, 0.0, think_s=0.02)))

    assert outcomes(rows) == {"ok": peer.seen["/ok"]}
    assert len(rows.outcome) > 2
    assert np.all(rows.intended_ns[1:] > rows.done_ns[:-1])
    assert np.all(rows.sent_ns >= rows.intended_ns)


@pytest.mark.parametrize("arrivals", ["poisson", "uniform"])
def test_sessions_are_due_when_the_schedule_says(arrivals: str, engine: Engine, peer: Peer) -> None:
    load = OpenLoad(200, duration_s=0.2, warmup_s=0.1, arrivals=arrivals)  # type: ignore[arg-type]
    rows = engine.run(engine.job("ok", load, seed=7))

    expected = arrivals_ns(load, 7) + rows.start_ns - 100_000_000
    np.testing.assert_array_equal(np.sort(rows.intended_ns), expected)
    assert np.all(rows.sent_ns >= rows.intended_ns)
    assert outcomes(rows) == {"ok": peer.seen["/ok"]}
    assert rows.shed == 0


def test_a_session_that_finds_no_place_is_shed_and_counted(engine: Engine, peer: Peer) -> None:
    load = OpenLoad(100, duration_s=0.3, warmup_s=0.1, arrivals="uniform", max_sessions=1)
    rows = engine.run(engine.job("slow", load))

    due = arrivals_ns(load, 1)
    measured = int(np.count_nonzero(rows.intended_ns >= rows.start_ns))
    assert rows.shed + measured == np.count_nonzero(due >= 100_000_000) == 30
    assert len(rows.outcome) == peer.seen["/slow"] == 2
    assert peer.most == 1


def frozen(engine: Engine, peer: Peer, load: ClosedLoad | OpenLoad) -> tuple[Samples, int]:
    """The requests that were due while the peer was frozen, and when it was so no more."""
    engine.on_start = lambda: peer.freeze(after_s=0.1, span_s=0.2)
    rows = engine.run(engine.job("ok", load))
    begin_ns, end_ns = peer.frozen_ns
    assert rows.start_ns < begin_ns < end_ns < rows.end_ns
    return rows.rows((rows.intended_ns >= begin_ns) & (rows.intended_ns < end_ns)), end_ns


def test_an_open_loop_shows_what_a_stall_does_to_everyone_who_came_meanwhile(
    engine: Engine, peer: Peer
) -> None:
    caught, thawed_ns = frozen(engine, peer, OpenLoad(200, 0.45, 0.0, arrivals="uniform"))

    assert len(caught.intended_ns) >= 39  # 200 a second for 0.2 s
    assert np.all(caught.done_ns >= thawed_ns)


def test_a_closed_loop_hides_a_stall_behind_one_request_a_user(engine: Engine, peer: Peer) -> None:
    caught, _ = frozen(engine, peer, ClosedLoad(USERS, 0.45, 0.0))

    assert len(caught.intended_ns) <= USERS


SHARED = {"closed": ClosedLoad(3, 0.2, 0.0), "open": OpenLoad(100, 0.2, 0.0)}


@pytest.mark.parametrize("load", SHARED.values(), ids=SHARED)
def test_two_generators_that_share_a_load_make_it_once(
    load: ClosedLoad | OpenLoad, engine: Engine, peer: Peer
) -> None:
    rows = engine.run(*(engine.job("ok", load, f"part-{part}", part=part, parts=2) for part in (0, 1)))

    assert outcomes(rows) == {"ok": peer.seen["/ok"]}
    if isinstance(load, ClosedLoad):
        assert (peer.connections, peer.most) == (3, 3)
    else:
        np.testing.assert_array_equal(np.sort(rows.intended_ns) - rows.start_ns, arrivals_ns(load, 1))


@pytest.mark.parametrize("scenario", ["no-answer", "reset"])
def test_users_of_a_server_that_drops_every_connection_ask_again_with_growing_pauses(
    scenario: str, engine: Engine, peer: Peer
) -> None:
    """Nine times at once, then after about 20, 40, 80, 160 ms: up to thirteen times each within 0.2 s, or fourteen."""
    rows = engine.run(engine.job(scenario, CLOSED))

    assert set(outcomes(rows)) == {"reset"}
    assert 9 * USERS < len(rows.outcome) <= USERS * 14
    assert peer.seen[f"/{scenario}"] == len(rows.outcome)


@pytest.mark.parametrize("port", ["drops", "refuses"])
def test_arrivals_at_a_server_that_does_not_answer_do_not_make_it_a_busy_loop(
    port: str, engine: Engine, peer: Peer
) -> None:
    """Of 500 sessions due in half a second four clients try some times each; the others are shed, and counted."""
    load = OpenLoad(1000, 0.5, 0.0, arrivals="uniform", max_sessions=4)
    asked = free_port() if port == "refuses" else peer.port
    rows = engine.run(engine.job("no-answer", load, port=asked))

    assert set(outcomes(rows)) == {"reset" if port == "drops" else "refused"}
    assert 4 * 3 <= len(rows.outcome) <= 4 * 16
    assert len(rows.outcome) + rows.shed == 500
