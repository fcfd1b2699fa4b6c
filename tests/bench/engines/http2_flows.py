"""A request for each answer of the server of oddities over HTTP/2, one after the other."""

from __future__ import annotations

from itertools import cycle
from random import Random

from scenarios.model import Flow, Request, Response, Scenario
from tests.bench.system.http2_peer import BEHAVIOURS

BODY = bytes(range(256)) * 4096


def is_hello(response: Response) -> bool:
    return response.body == b"hello"


ODD = {path: Request("GET", path, name=path, check=is_hello) for path in BEHAVIOURS}
PLAIN = (
    Request("POST", "/upload", BODY, (("Content-Type", "text/plain"),), name="upload", check=is_hello),
    Request("HEAD", "/ok", name="head"),
)


class InTurn:
    """A flow that is each of the requests in turn: a session ends with its first wrong answer."""

    def __init__(self) -> None:
        self._requests = cycle((*ODD.values(), *PLAIN))

    def __call__(self, _: Random) -> Flow:
        yield next(self._requests)


SCENARIOS = {"in-turn": Scenario("in-turn", InTurn())}
