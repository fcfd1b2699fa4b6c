"""The steps of a WebSocket as requests: their names, their headers, and the mistakes of who writes them."""

from __future__ import annotations

import pytest

from scenarios.mistakes import ScenarioError, request_mistake
from scenarios.websocket import MESSAGES, WebSocket, is_binary

ROOM = WebSocket(
    "/rooms/7?as=me",
    headers=(("Authorization", "Bearer x"),),
    subprotocols=("chat.v2", "chat"),
    name="/rooms/{id}",
)


def test_a_handshake_is_a_get_that_expects_to_switch() -> None:
    request = ROOM.open()
    assert (request.method, request.path, request.expect) == ("GET", "/rooms/7?as=me", 101)
    lines = dict(request.headers)
    assert (lines["Connection"], lines["Upgrade"]) == ("Upgrade", "websocket")
    assert lines["Sec-WebSocket-Protocol"] == "chat.v2, chat"
    assert lines["Authorization"] == "Bearer x"
    assert "Sec-WebSocket-Extensions" not in lines
    assert "Sec-WebSocket-Protocol" not in dict(WebSocket("/").open().headers)


def test_steps_are_named_by_what_they_do() -> None:
    steps = (ROOM.open(), ROOM.message("a"), ROOM.send("a"), ROOM.receive(), ROOM.close())
    assert [step.label for step in steps] == [
        f"{method} /rooms/{{id}}" for method in ("GET", "WS", "WS-SEND", "WS-RECEIVE", "WS-CLOSE")
    ]
    assert WebSocket("/chat?as=me").message("a").label == "WS /chat"
    assert ROOM.message("a", name="greet").label == "greet"
    assert {step.method for step in steps[1:]} == MESSAGES
    assert [request_mistake(step) for step in steps] == [""] * 5


def test_text_and_bytes_are_told_apart() -> None:
    assert not is_binary(ROOM.message("ä"))
    assert ROOM.message("ä").body == "ä".encode()
    assert is_binary(ROOM.message(b"a"))
    assert is_binary(ROOM.send(b"a"))
    assert ROOM.message("a") != ROOM.message(b"a")


def test_what_is_neither_is_the_authors_mistake() -> None:
    with pytest.raises(ScenarioError, match=r"test_websocket\.py:\d+: a message of dict: give text or bytes"):
        ROOM.message({"a": 1})  # type: ignore[arg-type]
