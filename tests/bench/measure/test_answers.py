"""The check before a load: what is wrong is an error, and what nobody checks is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from bench.errors import EngineError
from bench.measure.answers import check_answers
from bench.model.plan import Setup
from bench.serve.server import Server
from scenarios.model import Flow, Request, Scenario, contains
from scenarios.single import Always
from tests.bench.engines.peer import Peer

HELLO = contains(b"hello")


@pytest.fixture
def server() -> Iterator[Server]:
    with Peer() as peer:
        yield Server(
            setup=Setup("peer", "command"),
            host="127.0.0.1",
            port=peer.port,
            pid=0,
            log=Path("log"),
            cpus=(),
            exit_status=lambda: None,
        )


def both(rng: Random) -> Flow:
    yield Request("GET", "/ok", check=HELLO)
    yield Request("GET", "/ok", name="only its status")


CHECKED = Always(Request("GET", "/ok", check=HELLO))
UNCHECKED = Always(Request("GET", "/ok", name="ping"))


@pytest.mark.parametrize(
    ("flow", "victim", "expected"),
    [(CHECKED, None, ()), (both, None, ("only its status",)), (CHECKED, UNCHECKED, ("ping",))],
    ids=["all are checked", "one of a session is not", "the victim's is not"],
)
def test_requests_without_a_check_are_named(
    flow: Callable[[Random], Flow],
    victim: Callable[[Random], Flow] | None,
    expected: tuple[str, ...],
    server: Server,
) -> None:
    assert check_answers(Scenario("s", flow, victim=victim), server) == expected


def loud(rng: Random) -> Flow:
    print("going", end="")
    yield Request("GET", "/ok", check=HELLO)


def test_what_a_session_prints_does_not_mix_with_what_a_command_answers(
    server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    check_answers(Scenario("loud", loud, victim=loud), server)
    assert capfd.readouterr() == ("", "goinggoing")


def test_a_wrong_answer_is_an_error(server: Server) -> None:
    with pytest.raises(EngineError, match="wrong-body"):
        check_answers(Scenario("s", Always(Request("GET", "/wrong-body", check=HELLO))), server)
