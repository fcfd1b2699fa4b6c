"""Who is counted for whom, what the refused are told, and what happens without Redis."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx2
import pytest
from fastapi.testclient import TestClient
from hypothesis import example, given
from hypothesis import strategies as st
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from bench.plan.config import load_setups
from bench.serve import valkey
from bench.serve.server import serving
from bench.system.ports import free_port
from bench.system.processes import Processes
from target_app.middleware.rate_limit import client_addresses
from tests.target_app.conftest import StartApp, caller
from tests.target_app.test_auth import log_in, new_user

NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture(scope="module", autouse=True)
def quick(weak_passwords: None) -> None:
    """Real hashes are in test_security.py."""


def statuses(client: TestClient, times: int, **given: object) -> list[int]:
    """What so many requests in a row are answered."""
    return [client.get("/bench/limited", **given).status_code for _ in range(times)]  # type: ignore[arg-type]


def test_the_refused_are_told_when_to_come_again(start_app: StartApp) -> None:
    client = start_app(rate_limit="memory", rate_limit_requests=2, rate_limit_window_s=30)
    served = [client.get("/bench/limited") for _ in range(2)]
    assert [answer.headers["ratelimit-remaining"] for answer in served] == ["1", "0"]
    refused = client.get("/bench/limited")
    assert (refused.status_code, refused.json()["detail"]) == (429, "Too many requests")
    assert refused.headers["ratelimit-limit"] == "2"
    assert refused.headers["ratelimit-remaining"] == "0"
    assert 25 < int(refused.headers["retry-after"]) <= 30
    assert refused.headers["retry-after"] == refused.headers["ratelimit-reset"]
    assert client.get("/health/ready").status_code == 200


def test_a_user_with_any_key_then_an_address(start_app: StartApp) -> None:
    """Keys are free, so they must not bring an allowance of their own."""
    client = start_app(rate_limit="memory", rate_limit_requests=8, login_limit_requests=10)
    ann = new_user(client, "ann")  # by address, but counted apart
    keys = [
        {"X-API-Key": client.post("/auth/api-keys", json={"name": "k"}, headers=ann).json()["key"]}
        for _ in range(3)
    ]
    answers = [statuses(client, 1, headers=one)[0] for one in (*keys, ann, ann | keys[0], *keys)]
    assert answers == [200] * 5 + [429] * 3
    assert statuses(client, 9) == [200] * 8 + [429]


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"X-API-Key": "{n}"}, id="keys"),
        pytest.param({"X-API-Key": "{n}.0123456789abcdef0123456789abcdef"}, id="keys with a seal"),
        pytest.param({"Authorization": "Bearer {n}"}, id="tokens"),
        pytest.param({"X-Forwarded-For": "10.0.0.{n}"}, id="addresses"),
        pytest.param({"Forwarded": "for=10.0.0.{n}"}, id="addresses, the new way"),
    ],
)
def test_what_anybody_can_make_up_is_no_way_around(start_app: StartApp, headers: dict[str, str]) -> None:
    client = start_app(rate_limit="memory", rate_limit_requests=3)
    answers = [
        statuses(client, 1, headers={name: value.format(n=n) for name, value in headers.items()})[0]
        for n in range(5)
    ]
    assert answers == [200] * 3 + [429] * 2


def test_passwords_are_tried_a_few_times_only(start_app: StartApp) -> None:
    client = start_app(rate_limit="memory", login_limit_requests=3)
    assert [log_in(client, "ann").status_code for _ in range(5)] == [401] * 3 + [429] * 2
    assert statuses(client, 1) == [200]


def test_passwords_are_not_tried_by_another_spelling_of_the_path(start_app: StartApp) -> None:
    client = start_app(rate_limit="memory", login_limit_requests=3)
    login = {"username": "ann", "password": "a long password"}
    answers = [client.post("/auth/token%0A", data=login).status_code for _ in range(4)]
    assert answers == [401] * 3 + [429]


ADDRESSES = [
    pytest.param("1.2.3.4", [], False, ["1.2.3.4"], id="itself"),
    pytest.param("1.2.3.4", ["9.9.9.9"], False, ["1.2.3.4"], id="whatever it says"),
    pytest.param("9.9.9.9", ["9.9.9.9"], False, ["forwarded", "9.9.9.9"], id="what a server believed"),
    pytest.param("9.9.9.9", ["1.1.1.1", "9.9.9.9"], False, ["forwarded", "9.9.9.9"], id="in another line"),
    pytest.param("9.9.9.9", ["9.9.9.9:80, 1.1.1.1"], False, ["forwarded", "9.9.9.9"], id="with a port"),
    pytest.param("9.9.9.9", ["9.9.9.9:-1"], False, ["forwarded", "9.9.9.9"], id="with an odd port"),
    pytest.param("9.9.9.9", ["9.9.9.99"], False, ["9.9.9.9"], id="one that begins alike"),
    pytest.param(
        "2001:db8::1", ["[2001:db8::1]:80"], False, ["forwarded", "2001:db8::/64"], id="in brackets"
    ),
    pytest.param("127.0.0.1", ["6.6.6.6, 9.9.9.9"], True, ["9.9.9.9"], id="what a trusted proxy says"),
    pytest.param("127.0.0.1", ["6.6.6.6", "9.9.9.9"], True, ["9.9.9.9"], id="in a line of its own"),
    pytest.param("127.0.0.1", ["6.6.6.6:1, 9.9.9.9:80"], True, ["9.9.9.9"], id="and a port"),
    pytest.param("127.0.0.1", ["[2001:db8::7]:80"], True, ["2001:db8::/64"], id="and brackets"),
    pytest.param("127.0.0.1", ["2001:db8::7"], True, ["2001:db8::/64"], id="and neither"),
    pytest.param("127.0.0.1", ["::ffff:9.9.9.9"], True, ["9.9.9.9"], id="an IPv4 address within IPv6"),
    pytest.param("127.0.0.1", [], True, ["127.0.0.1"], id="a trusted proxy that says nothing"),
    pytest.param("127.0.0.1", [" ,"], True, ["127.0.0.1"], id="and that in many words"),
    pytest.param("127.0.0.1", ["nonsense"], True, ["unknown"], id="nonsense"),
    pytest.param("2001:db8:0:1:2::3", [], False, ["2001:db8:0:1::/64"], id="a network of IPv6"),
    pytest.param("::ffff:1.2.3.4", [], False, ["1.2.3.4"], id="IPv4 on a socket of both"),
    pytest.param("fe80::1%eth0", [], False, ["fe80::/64"], id="of a link"),
    pytest.param(None, [], False, ["unknown"], id="a Unix socket"),
]


@pytest.mark.parametrize(("host", "lines", "trusting", "addresses"), ADDRESSES)
def test_addresses(host: str | None, lines: list[str], trusting: bool, addresses: list[str]) -> None:
    headers = [(b"x-forwarded-for", line.encode()) for line in lines]
    scope = {"type": "http", "client": (host, 5) if host else None, "headers": headers}
    found = client_addresses(scope, trusting=trusting)
    assert found == tuple(f"address:{one}" for one in addresses)


@given(lines=st.lists(st.text("19.:[]-+_x, f", max_size=12), min_size=1, max_size=2))
@example(lines=["9.9.9.9:-1"])
@example(lines=["[2001:db8::1]:x"])
def test_whatever_uvicorn_believes_is_known_to_be_forwarded(lines: list[str]) -> None:
    async def app(scope: Any, receive: object, send: object) -> None:
        believed = scope["client"][0]
        if believed != "127.0.0.1":
            assert client_addresses(scope, trusting=False)[0] == "address:forwarded"

    headers = [(b"x-forwarded-for", line.encode()) for line in lines]
    scope: Any = {"type": "http", "client": ("127.0.0.1", 5), "headers": headers}
    nothing: Any = None
    asyncio.run(ProxyHeadersMiddleware(app)(scope, nothing, nothing))


def test_to_name_oneself_brings_no_second_allowance(start_app: StartApp) -> None:
    client = start_app(rate_limit="memory", rate_limit_requests=3)
    mine = {"X-Forwarded-For": "testclient"}
    answers = [statuses(client, 1, headers=headers)[0] for headers in (mine, {}, mine, {}, mine)]
    assert answers == [200] * 3 + [429] * 2


@pytest.mark.parametrize("path", ["/bench/limited", "/auth/token"])
def test_a_second_line_is_no_way_around(path: str, start_app: StartApp) -> None:
    client = start_app(
        rate_limit="memory", rate_limit_requests=3, login_limit_requests=3, trust_forwarded=True
    )
    lines = [[("X-Forwarded-For", f"10.0.0.{n}"), ("X-Forwarded-For", "9.9.9.9")] for n in range(5)]
    answers = [client.request("POST" if "auth" in path else "GET", path, headers=one) for one in lines]
    assert [answer.status_code == 429 for answer in answers] == [False] * 3 + [True] * 2


def test_a_server_that_believes_the_header_is_no_way_around(processes: Processes) -> None:
    """uvicorn on loopback with its defaults, which our setups switch off."""
    uvicorn = load_setups()["uvicorn"]
    env = {**uvicorn.env, "APP_RATE_LIMIT": "memory", "APP_RATE_LIMIT_REQUESTS": "5", "APP_SEED_ROWS": "1"}
    setup = replace(uvicorn, env=env, args=("--proxy-headers",))
    with serving(setup, processes) as server, caller(server.url) as client:
        answers = Counter(
            client.get("/bench/limited", headers={"X-Forwarded-For": f"10.0.{n}.1:{n}"}).status_code
            for n in range(1, 20)
        )
    assert answers == {200: 5, 429: 14}


def test_workers_count_together_in_redis(processes: Processes, redis_url: str) -> None:
    """Of 120 requests to two workers exactly 50 get in."""
    setup = load_setups()["uvicorn-2"]
    env = {
        **setup.env,
        "APP_RATE_LIMIT": "redis",
        "APP_REDIS_URL": redis_url,
        "APP_RATE_LIMIT_REQUESTS": "50",
        "APP_SEED_ROWS": "1",
        "APP_REDIS_TIMEOUT_S": "10",
    }
    with (
        serving(replace(setup, env=env), processes) as server,
        caller(server.url) as client,
        ThreadPoolExecutor(8) as pool,
    ):
        answers = list(pool.map(client.get, ["/bench/limited"] * 120))
    assert Counter(answer.status_code for answer in answers) == {200: 50, 429: 70}
    assert len({answer.headers["x-worker"] for answer in answers}) == 2


class TestWithoutRedis:
    def test_open_serves_but_logins_stay_closed(self, start_app: StartApp) -> None:
        client = start_app(rate_limit="redis", redis_url=NOWHERE)
        assert statuses(client, 2) == [200, 200]
        login = log_in(client, "ann")
        assert (login.status_code, login.headers["retry-after"]) == (503, "1")
        assert client.post("/auth/register", json={}).status_code == 503

    def test_closed_serves_nobody(self, start_app: StartApp) -> None:
        client = start_app(rate_limit="redis", redis_url=NOWHERE, rate_limit_failure="closed")
        assert statuses(client, 2) == [503, 503]
        assert client.get("/health/live").status_code == 200

    @pytest.mark.parametrize("feature", ["cache", "rate_limit"])
    def test_it_is_not_ready(self, start_app: StartApp, feature: str) -> None:
        answer = start_app(redis_url=NOWHERE, **{feature: "redis"}).get("/health/ready")
        assert (answer.status_code, answer.json()["detail"]) == (503, "Redis is not available")
        assert answer.headers["retry-after"] == "1"


class Crowd:
    """Clients that ask for a cached item until it is over, and what they saw: status, limited or not, hit or miss."""

    def __init__(self) -> None:
        self.seen: Counter[tuple[int, bool, str]] = Counter()
        self.over = threading.Event()
        self._changed = threading.Condition()

    def ask(self, url: str) -> None:
        with httpx2.Client(base_url=url, timeout=30) as client:
            while not self.over.is_set():
                answer = client.get("/bench/cache/1")
                limited = "ratelimit-limit" in answer.headers
                with self._changed:
                    self.seen[answer.status_code, limited, answer.headers["x-cache"]] += 1
                    self._changed.notify_all()

    def wait_for(self, wanted: tuple[int, bool, str]) -> None:
        """Wait until some more have seen this."""
        with self._changed:
            self.seen.clear()
            assert self._changed.wait_for(lambda: self.seen[wanted] > 5, timeout=30), self.seen


def test_losing_redis_under_load(processes: Processes) -> None:
    """All requests are served without Redis, and counted and cached again afterwards, without a restart."""
    setup = load_setups()["uvicorn-2"]
    port = free_port()
    env = {
        **setup.env,
        "APP_RATE_LIMIT": "redis",
        "APP_RATE_LIMIT_REQUESTS": "1000000",
        "APP_CACHE": "redis",
        "APP_REDIS_URL": f"redis://127.0.0.1:{port}/0",
        "APP_SEED_ROWS": "5",
    }
    crowd = Crowd()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(valkey, "free_port", lambda: port)
        with ThreadPoolExecutor(4) as pool, serving(replace(setup, env=env), processes) as server:
            try:
                with valkey.running(processes):
                    for _ in range(4):
                        pool.submit(crowd.ask, server.url)
                    crowd.wait_for((200, True, "HIT"))
                crowd.wait_for((200, False, "MISS"))
                with valkey.running(processes):
                    crowd.wait_for((200, True, "HIT"))
            finally:
                crowd.over.set()
    assert {status for status, _, _ in crowd.seen} == {200}


@pytest.mark.parametrize(
    ("settings", "several", "warned"),
    [
        pytest.param({"rate_limit": "memory"}, True, ["APP_RATE_LIMIT"], id="limit"),
        pytest.param({"cache": "memory"}, True, ["APP_CACHE"], id="cache"),
        pytest.param({"rate_limit": "memory"}, False, [], id="one worker"),
        pytest.param({}, True, [], id="nothing kept"),
    ],
)
def test_memory_of_several_workers_is_warned_of(
    start_app: StartApp,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    settings: dict[str, object],
    several: bool,
    warned: list[str],
) -> None:
    monkeypatch.delitem(sys.modules, "gunicorn", raising=False)  # another test may have imported it
    monkeypatch.setenv("WEB_CONCURRENCY", "2" if several else "1")
    with caplog.at_level(logging.WARNING, "target_app.lifespan"):
        start_app(**settings)
    assert [record.getMessage().partition("=")[0] for record in caplog.records] == warned
