"""The check before a load: what is wrong is an error, and what nobody checks is named."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random

import pytest

from bench.errors import EngineError
from bench.measure import answers
from bench.measure.answers import CheckedSession, check_answers
from bench.serve.server import Server
from scenarios.model import Flow, Pause, Request, Scenario, contains
from scenarios.single import Always
from tests.bench.engines.peer import BEHAVIOURS, Behaviour, Peer, answer, server_at

HELLO = contains(b"hello")


REPEATS = Behaviour((answer(b'{"input": "Sommer 2026"}', "422 No", b"Set-Cookie: sid=Sommer 2026\r\n"),))


@pytest.fixture
def server() -> Iterator[Server]:
    with Peer({**BEHAVIOURS, "/repeats": REPEATS}) as peer:
        yield server_at(peer.port)


def both(rng: Random) -> Flow:
    yield Request("GET", "/ok", check=HELLO)
    yield Request("GET", "/ok", name="only its status")


def empty(rng: Random) -> Flow:
    yield Request("HEAD", "/head")
    yield Request("GET", "/no-content", expect=204)


CHECKED = Always(Request("GET", "/ok", check=HELLO))
UNCHECKED = Always(Request("GET", "/ok", name="ping"))


@pytest.mark.parametrize(
    ("flow", "victim", "expected"),
    [
        (CHECKED, None, ()),
        (both, None, ("only its status",)),
        (CHECKED, UNCHECKED, ("ping",)),
        (empty, None, ()),
    ],
    ids=["all are checked", "one of a session is not", "the victim's is not", "there is nothing to check"],
)
def test_requests_without_a_check_are_named(
    flow: Callable[[Random], Flow],
    victim: Callable[[Random], Flow] | None,
    expected: tuple[str, ...],
    server: Server,
) -> None:
    assert check_answers(Scenario("s", flow, victim=victim), server).unchecked == expected


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


FORM = "application/x-www-form-urlencoded"
MULTIPART = b'--b\r\nContent-Disposition: form-data; name="password"\r\n\r\nSommer 2026\r\n--b--\r\n'
SECRETS = {
    "JSON": Request("POST", "/repeats", body=b'{"password": "Sommer 2026"}'),
    "a form": Request("POST", "/repeats", b"password=Sommer+2026", (("Content-Type", FORM),)),
    "a multipart form": Request("POST", "/repeats", body=MULTIPART),
    "a query": Request("GET", "/repeats?token=Sommer%202026"),
    "a cookie": Request("GET", "/repeats", headers=(("Cookie", "a=1; sid=Sommer 2026"),)),
    "nothing but the answer's cookie": Request("GET", "/repeats"),
}


@pytest.mark.parametrize("request_", SECRETS.values(), ids=SECRETS)
def test_a_secret_that_a_wrong_answer_repeats_is_masked(request_: Request, server: Server) -> None:
    with pytest.raises(EngineError, match=r'status-422: \{"input": "\*\*\*"\}$'):
        check_answers(Scenario("s", Always(request_)), server)


def test_a_secret_that_a_check_quotes_is_masked(server: Server) -> None:
    def check(response: object) -> bool:
        raise ValueError("Sommer 2026 is wrong")

    wrong = Request("POST", "/ok", body=b'{"password": "Sommer 2026"}', check=check)
    with pytest.raises(EngineError, match=r"\*\*\* is wrong"):
        check_answers(Scenario("s", Always(wrong)), server)


def test_every_check_has_other_random_numbers(server: Server) -> None:
    """What the check before the last cell created may still be there."""
    drawn: list[int] = []

    def draw(rng: Random) -> Flow:
        drawn.append(rng.getrandbits(128))
        yield Request("GET", "/ok", check=HELLO)

    for _ in range(3):
        check_answers(Scenario("draw", draw), server)
    assert len(set(drawn)) == 3


def test_pauses_of_a_check_are_bounded(server: Server) -> None:
    def dawdle(rng: Random) -> Flow:
        for _ in range(10):
            yield Pause(30)
            yield Request("GET", "/ok", check=HELLO)

    began_s = time.monotonic()
    check_answers(Scenario("dawdle", dawdle), server)
    assert 1 <= time.monotonic() - began_s < 10


def test_what_is_prepared_is_prepared_once_whichever_scenario_asks(server: Server) -> None:
    prepared: list[int] = []

    def prepare(rng: Random) -> Flow:
        prepared.append(1)
        yield Request("GET", "/ok")

    for name in ("a", "a", "b"):
        check_answers(Scenario(name, CHECKED, prepare=prepare), server)
    check_answers(Scenario("a", CHECKED, prepare=prepare), replace(server, pid=1))
    assert len(prepared) == 2


def test_a_preparation_that_fails_is_an_error(server: Server) -> None:
    wrong = Always(Request("GET", "/status-503"))
    for _ in range(2):
        with pytest.raises(EngineError, match=r"the preparation of scenario 'a': .* answered status-503"):
            check_answers(Scenario("a", CHECKED, prepare=wrong), server)


# --- sessions that do not end, and answers that do not come --------------------------------------


def endless(rng: Random) -> Flow:
    while True:
        yield Request("GET", "/ok", check=HELLO)


def long_one(rng: Random) -> Flow:
    for _ in range(100):
        yield Request("GET", "/ok", check=HELLO)


def pausing(rng: Random) -> Flow:
    yield Request("GET", "/ok", check=HELLO)
    while True:
        yield Pause(0.001)


def hung(rng: Random) -> Flow:
    yield Request("GET", "/ok", check=HELLO)
    while True:
        pass


@pytest.mark.parametrize(("flow", "looked_at"), [(endless, 100), (long_one, None)])
def test_of_a_session_that_never_ends_some_requests_are_looked_at(
    flow: Callable[[Random], Flow], looked_at: int | None, server: Server
) -> None:
    found = check_answers(Scenario("s", flow), server)
    assert (found.unchecked, found.looked_at) == ((), looked_at)


def test_a_victim_whose_session_never_ends_is_an_error(server: Server) -> None:
    with pytest.raises(EngineError, match=r"victim.* not at its end after 100 requests"):
        check_answers(Scenario("s", CHECKED, victim=endless), server)


@pytest.mark.parametrize("path", ["/silent", "/stalls"])
def test_an_answer_that_does_not_come_to_its_end_names_the_limit_and_the_way_out(
    path: str, server: Server
) -> None:
    with pytest.raises(EngineError, match=rf"GET {path} had no whole answer within 0\.3 s.*--timeout"):
        check_answers(Scenario("s", Always(Request("GET", path))), server, timeout_s=0.3)


def test_a_stream_without_end_is_an_error_that_says_what_ends_it(server: Server) -> None:
    with pytest.raises(
        EngineError, match=r"GET /drip: .* stream, was not at its end after 0\.3 s.*--timeout"
    ):
        check_answers(Scenario("s", Always(Request("GET", "/drip"))), server, timeout_s=0.3)


@pytest.mark.parametrize("flow", [hung, pausing])
def test_a_flow_that_hangs_is_an_error(
    flow: Callable[[Random], Flow], server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "_PAUSES_S", 0.01)
    with pytest.raises(EngineError, match=r"its flow took longer than 0\.3 s"):
        check_answers(Scenario("s", flow), server, timeout_s=0.3)


def test_a_slow_answer_is_right_where_it_is_given_the_time(server: Server) -> None:
    slow = Scenario("s", Always(Request("GET", "/slow", check=HELLO)))
    found = check_answers(slow, server, timeout_s=5)
    assert found == CheckedSession()
    with pytest.raises(EngineError, match=r"within 0\.1 s"):
        check_answers(slow, server, timeout_s=0.1)
