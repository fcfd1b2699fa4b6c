"""One request, one answer, whoever drives: the check, native, both clients of Locust, and in-process where it can.

Verdicts and bytes were written by hand (`oddities.py`), so that all are compared with them and not with each other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any, Literal, cast

import h11
import pytest

from bench.engines.inprocess import InProcess
from bench.errors import EngineError
from bench.measure.answers import check_answers
from bench.model.plan import ClosedLoad
from bench.model.samples import Samples
from bench.system.processes import Processes
from scenarios.decoding import DecodingError
from scenarios.model import Request, Scenario, drive
from scenarios.session import begin
from scenarios.single import Always
from tests.bench.engines import oddities
from tests.bench.engines.conftest import Engine
from tests.bench.engines.oddities import ANSWERS, ODD_REQUESTS, REQUESTS, SETS, Odd
from tests.bench.engines.outcomes import labelled, outcomes
from tests.bench.engines.peer import Behaviour, Peer, answer, server_at

LOAD = ClosedLoad(8, duration_s=3.0, warmup_s=0.0)
ENGINES = ("native", "locust", "locust-http")


def behaviour(odd: Odd) -> Behaviour:
    pieces = [odd.wire[at : at + 1] for at in range(len(odd.wire))] if odd.in_pieces else [odd.wire]
    return Behaviour(tuple(pieces), cast(Literal["keep", "close", "reset", "hang"], odd.then))


HEAD_ALONE = Behaviour((b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",))
BEHAVIOURS = (
    {"/ask/head": HEAD_ALONE}
    | {f"/odd/{name}": behaviour(odd) for name, odd in ANSWERS.items()}
    | {path: Behaviour((answer(headers=lines),)) for path, lines in SETS.items()}
)
WIRES = {name: asked.wires for name, asked in REQUESTS.items()}


def test_there_are_enough_of_them() -> None:
    assert len(ANSWERS) >= 60
    assert len(REQUESTS) >= 20


@pytest.fixture(scope="module")
def odd_peer() -> Iterator[Peer]:
    with Peer(BEHAVIOURS) as peer:
        yield peer


def expected_wires(name: str, port: int) -> list[bytes]:
    return [wire.replace(b"AUTHORITY", b"127.0.0.1:%d" % port) for wire in WIRES[name]]


def sent_to(peer: Peer) -> set[bytes]:
    """The requests that are compared by their bytes, as they came."""
    return {wire for wire in peer.requests if not wire.split(b" ", 2)[1].startswith(b"/odd/")}


# --- the engines


@dataclass
class Ran:
    """What one engine made of all answers, and what the server saw of it."""

    rows: Samples
    port: int
    sent: set[bytes]


@pytest.fixture(scope="module", params=ENGINES)
def ran(
    request: pytest.FixtureRequest, processes: Processes, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ran]:
    with Peer(BEHAVIOURS) as peer:
        engine = Engine(peer, processes, tmp_path_factory.mktemp("odd"))
        job = engine.job("in-turn", LOAD, timeout_s=1.0, scenarios_file=Path(oddities.__file__))
        rows = engine.run(job, engine=request.param)
        yield Ran(rows, peer.port, sent_to(peer))


@pytest.mark.parametrize("name", ANSWERS)
def test_an_engine_gives_the_verdict(name: str, ran: Ran) -> None:
    verdicts = outcomes(labelled(ran.rows, name))
    assert set(verdicts) == {ANSWERS[name].verdict}


@pytest.mark.parametrize("name", REQUESTS)
def test_an_engine_sends_the_bytes(name: str, ran: Ran) -> None:
    assert ran.sent >= set(expected_wires(name, ran.port))


def test_an_engine_finds_nothing_wrong_with_plain_answers(ran: Ran) -> None:
    asked = [label for label in ran.rows.labels if label not in ANSWERS]
    assert {label: set(outcomes(labelled(ran.rows, label))) for label in asked} == {
        request.label: {"ok"} for one in REQUESTS.values() for request in one.requests
    }


def test_an_engine_sends_nothing_else(ran: Ran) -> None:
    assert ran.sent == {wire for name in REQUESTS for wire in expected_wires(name, ran.port)}


# --- the check


def check_verdict(request: Request, peer: Peer) -> str:
    """What the check says of the answer to a request."""
    try:
        check_answers(Scenario("odd", Always(request)), server_at(peer.port))
    except EngineError as error:
        said = str(error).partition(f" {request.label} ")[2]
        return said.removeprefix("failed: ") if said.startswith("failed") else said.split(" ")[1].strip(":")
    return "ok"


@pytest.mark.parametrize("name", [name for name, odd in ANSWERS.items() if odd.verdict != "timeout"])
def test_the_check_gives_the_verdict(name: str, odd_peer: Peer) -> None:
    assert check_verdict(ODD_REQUESTS[name], odd_peer) == ANSWERS[name].verdict


def test_the_check_sends_the_bytes() -> None:
    with Peer(BEHAVIOURS) as peer:
        for asked in REQUESTS.values():
            check_answers(Scenario("asked", oddities.session(asked.requests)), server_at(peer.port))
        seen = peer.requests
    assert seen == Counter(wire for name in REQUESTS for wire in expected_wires(name, peer.port))


# --- in-process, with h11 between the bytes and the app


def parsed(odd: Odd) -> tuple[int, list[tuple[bytes, bytes]], bytes] | None:
    """The answer as an app would give it; None where h11 finds that it is not one."""
    client = h11.Connection(h11.CLIENT, max_incomplete_event_size=200_000)
    client.send(h11.Request(method=odd.method, target="/", headers=[("Host", "x")]))
    client.send(h11.EndOfMessage())
    client.receive_data(odd.wire)
    if odd.then == "close":
        client.receive_data(b"")
    start, body = None, bytearray()
    try:
        while not isinstance(event := client.next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Response):
                start = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif not isinstance(event, h11.InformationalResponse):
                return None
    except h11.RemoteProtocolError:
        return None
    assert start is not None
    return start.status_code, list(start.headers), bytes(body)


READABLE = [name for name, odd in ANSWERS.items() if not odd.verdict.startswith("garbage")]
PARSED = {name: found for name in READABLE if (found := parsed(ANSWERS[name]))}


class App:
    """Answers as the path says, and writes down what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[bytes, bytes, list[tuple[bytes, bytes]], bytes]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path, query = scope["raw_path"], scope["query_string"]
        target = path + (b"?" + query if query else b"")
        body = (await receive())["body"]
        self.asked.append((scope["method"].encode(), target, scope["headers"], body))
        status, headers, content = PARSED.get(path.decode().removeprefix("/odd/"), (200, [], b""))
        lines = SETS.get(path.decode(), b"").split(b"\r\n")
        headers = headers + [field(line) for line in lines if line]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": content})


def field(line: bytes) -> tuple[bytes, bytes]:
    name, _, value = line.partition(b":")
    return name.lower(), value.strip()


@pytest.fixture
def app() -> App:
    return App()


@pytest.fixture
def inside(app: App) -> Iterator[InProcess]:
    with InProcess(app, lifespan="off") as running:
        yield running


def test_most_answers_apply_in_process() -> None:
    assert len(PARSED) > 60


@pytest.mark.parametrize("name", PARSED)
def test_in_process_gives_the_verdict(name: str, inside: InProcess) -> None:
    request = ODD_REQUESTS[name]
    try:
        verdict = request.fault(inside.send(request)) or "ok"
    except DecodingError as error:
        verdict = str(error)
    assert verdict == ANSWERS[name].verdict


@pytest.mark.parametrize("name", [name for name in REQUESTS if name != "own-chunks"])
def test_in_process_sends_the_same(name: str, app: App, inside: InProcess) -> None:
    """But for chunks, which a server would undo: here is none."""
    list(drive(begin(oddities.session(REQUESTS[name].requests)(Random(0))), inside.send))
    assert len(app.asked) == len(WIRES[name])
    for (method, target, headers, body), wire in zip(app.asked, WIRES[name], strict=True):
        head, _, content = wire.replace(b"AUTHORITY", b"testserver").partition(b"\r\n\r\n")
        line, *fields = head.split(b"\r\n")
        assert [method, target] == line.split(b" ")[:2]
        assert [(key, value.strip()) for key, value in headers] == [field(one) for one in fields]
        assert body == content
