"""A conversation of 20 round trips over a WebSocket."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from scenarios.model import Check, Flow, Scenario, contains
from scenarios.websocket import WebSocket

_ROUND_TRIPS = 20


def _talk(path: str) -> Callable[[Random], Flow]:
    """A flow that opens a WebSocket, sends greetings that are echoed with their numbers, and closes it."""
    socket = WebSocket(path)
    hello, opening, closing = "hello", socket.open(), socket.close()
    greetings = [socket.message(hello, check=_is_echo(number, hello)) for number in range(_ROUND_TRIPS)]

    def flow(_rng: Random) -> Flow:
        yield opening
        for number in range(_ROUND_TRIPS):
            yield greetings[number]
        yield closing

    return flow


def _is_echo(number: int, text: str) -> Check:
    return contains(b'{"number":%d,"text":"%s"}' % (number, text.encode()))


SCENARIOS = {
    "ws-async": Scenario(
        "ws-async", _talk("/bench/ws/async"), about="20 round trips over a WebSocket, answered on the loop."
    ),
    "ws-sync": Scenario(
        "ws-sync", _talk("/bench/ws/sync"), about="20 round trips over a WebSocket, each a hop to a thread."
    ),
}
