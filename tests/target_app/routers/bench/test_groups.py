"""Twins answer the same, and each does what it says."""

from __future__ import annotations

import asyncio
from hashlib import pbkdf2_hmac

import pytest
from fastapi.testclient import TestClient

from scenarios.events import read_events
from target_app.main import create_app
from target_app.routers.bench import dependencies, ws
from target_app.settings import Settings
from tests.target_app.conftest import StartApp


@pytest.mark.parametrize("way", ["async", "sync"])
def test_a_hash_is_that_of_the_standard_library(client: TestClient, way: str) -> None:
    wanted = pbkdf2_hmac("sha256", b"a password", b"and its salt", 7).hex()
    assert client.get(f"/bench/cpu/hash/{way}", params={"n": 7}).json() == {"n": 7, "digest": wanted}


@pytest.mark.parametrize("way", ["async", "sync", "chain"])
def test_dependencies_give_one_two_and_three(client: TestClient, way: str) -> None:
    assert client.get(f"/bench/dependencies/{way}").json() == {"total": 6}


def test_only_the_sync_dependencies_run_in_threads() -> None:
    on_the_loop: dict[str, bool] = {}
    app = create_app(Settings(bench=True, database_url="sqlite:///unused.db"))

    async def note_async() -> int:
        on_the_loop["async"] = asyncio._get_running_loop() is not None
        return 1

    def note_sync() -> int:
        on_the_loop["sync"] = asyncio._get_running_loop() is not None
        return 1

    app.dependency_overrides = {dependencies.one: note_async, dependencies.one_sync: note_sync}
    client = TestClient(app)  # without its lifespan, as no database is needed
    for way in ("async", "sync"):
        assert client.get(f"/bench/dependencies/{way}").json() == {"total": 6}
    assert on_the_loop == {"async": True, "sync": False}


@pytest.mark.parametrize("way", ["async", "sync"])
def test_a_background_task_has_its_effect_after_the_answer(client: TestClient, way: str) -> None:
    before = client.get(f"/bench/background/{way}").json()["value"]
    answer = client.post(f"/bench/background/{way}", params={"ms": 0})
    # The client returns when the task is done, which the answer cannot know of.
    assert (answer.status_code, answer.json()) == (202, {"value": before})
    assert client.get(f"/bench/background/{way}").json() == {"value": before + 1}


@pytest.mark.parametrize("way", ["async", "sync"])
@pytest.mark.parametrize("chunks", [0, 1, 20])
def test_a_stream_has_as_many_chunks_as_were_asked_for(client: TestClient, way: str, chunks: int) -> None:
    with client.stream("GET", f"/bench/stream/{way}", params={"chunks": chunks}) as answer:
        body = b"".join(answer.iter_raw())
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "content-length" not in answer.headers
    assert body == b"0123456789abcdef" * 64 * chunks


@pytest.mark.parametrize("way", ["async", "sync"])
def test_events_are_of_the_type_that_browsers_read_and_are_not_kept(client: TestClient, way: str) -> None:
    with client.stream("GET", f"/bench/sse/{way}", params={"events": 3, "ms": 0}) as answer:
        body = b"".join(answer.iter_raw())
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert "content-length" not in answer.headers
    assert [event.json() for event in read_events(body)] == [{"number": number} for number in (1, 2, 3)]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        pytest.param("GET", "/bench/cpu/hash/async?n=100001", id="rounds of a hash"),
        pytest.param("GET", "/bench/cpu/hash/sync?n=100001", id="rounds of a hash, sync"),
        pytest.param("POST", "/bench/background/async?ms=1001", id="a long task"),
        pytest.param("POST", "/bench/background/sync?ms=1001", id="a long task, sync"),
        pytest.param("GET", "/bench/stream/async?chunks=1001", id="chunks"),
        pytest.param("GET", "/bench/stream/sync?chunks=1001", id="chunks, sync"),
        pytest.param("GET", "/bench/sse/async?events=1001", id="events"),
        pytest.param("GET", "/bench/sse/sync?ms=1001", id="time between events, sync"),
    ],
)
def test_every_number_has_a_cap(client: TestClient, method: str, path: str) -> None:
    assert client.request(method, path).status_code == 422


def test_without_bench_mode_there_is_neither_group(start_app: StartApp) -> None:
    client = start_app(bench=False)
    paths = ("/bench/db/raw/async", "/bench/dependencies/async", "/tfb/json", "/tfb/cached-queries")
    assert [client.get(path).status_code for path in paths] == [404] * 4


@pytest.mark.parametrize("way", ["async", "sync"])
class TestEcho:
    def test_each_message_comes_back_with_its_number(self, client: TestClient, way: str) -> None:
        with client.websocket_connect(f"/bench/ws/{way}") as socket:
            for number, text in enumerate(["hello", "", 'ä"\n']):
                socket.send_text(text)
                assert socket.receive_json() == {"number": number, "text": text}

    def test_it_is_bounded(self, client: TestClient, way: str) -> None:
        with client.websocket_connect(f"/bench/ws/{way}") as socket:
            socket.send_text("x" * ws.MOST_CHARACTERS)
            assert len(socket.receive_json()["text"]) == ws.MOST_CHARACTERS
            socket.send_text("x" * (ws.MOST_CHARACTERS + 1))
            assert socket.receive()["code"] == 1009
        with client.websocket_connect(f"/bench/ws/{way}") as socket:
            for _ in range(ws.MOST_MESSAGES):
                socket.send_text("x")
                socket.receive_json()
            assert socket.receive()["code"] == 1008
        with client.websocket_connect(f"/bench/ws/{way}") as socket:
            socket.send_bytes(b"x")
            assert socket.receive()["code"] == 1003


def test_only_the_sync_echo_is_made_in_a_thread(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    on_the_loop: list[bool] = []

    def note(number: int, text: str) -> str:
        on_the_loop.append(asyncio._get_running_loop() is not None)
        return text

    monkeypatch.setattr(ws, "_echo", note)
    for way in ("async", "sync"):
        with client.websocket_connect(f"/bench/ws/{way}") as socket:
            socket.send_text("hello")
            assert socket.receive_text() == "hello"
    assert on_the_loop == [True, False]
