"""Who is counted for whom, what the refused are told, and what happens without Redis."""

from __future__ import annotations

import logging
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import httpx2
import pytest
from fastapi.testclient import TestClient

from bench.plan.config import load_setups
from bench.serve import valkey
from bench.serve.server import serving
from bench.system.ports import free_port
from bench.system.processes import Processes
from target_app.middleware.rate_limit import client_address
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


def test_a_key_then_a_user_then_an_address(start_app: StartApp) -> None:
    client = start_app(rate_limit="memory", rate_limit_requests=4, login_limit_requests=10)
    ann = new_user(client, "ann")  # by address, but counted apart
    key = {"X-API-Key": client.post("/auth/api-keys", json={"name": "k"}, headers=ann).json()["key"]}
    assert statuses(client, 4, headers=ann) == [200] * 3 + [429]
    assert statuses(client, 5, headers=ann | key) == [200] * 4 + [429]
    assert statuses(client, 5) == [200] * 4 + [429]


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


ADDRESSES = [
    pytest.param(("1.2.3.4", 5), "", False, "address:1.2.3.4", id="itself"),
    pytest.param(("1.2.3.4", 5), "9.9.9.9", False, "address:1.2.3.4", id="whatever it says"),
    pytest.param(("9.9.9.9", 0), "9.9.9.9", False, "address:forwarded", id="what a server believed"),
    pytest.param(("9.9.9.9", 80), "9.9.9.9:80, 1.1.1.1", False, "address:forwarded", id="with a port"),
    pytest.param(("2001:db8::1", 80), "[2001:db8::1]:80", False, "address:forwarded", id="in brackets"),
    pytest.param(
        ("127.0.0.1", 5), "6.6.6.6, 9.9.9.9", True, "address:9.9.9.9", id="what a trusted proxy says"
    ),
    pytest.param(("127.0.0.1", 5), "", True, "address:127.0.0.1", id="a trusted proxy that says nothing"),
    pytest.param(("127.0.0.1", 5), "nonsense", True, "address:unknown", id="nonsense"),
    pytest.param(("2001:db8:0:1:2::3", 5), "", False, "address:2001:db8:0:1::/64", id="a network of IPv6"),
    pytest.param(None, "", False, "address:unknown", id="a Unix socket"),
]


@pytest.mark.parametrize(("client", "header", "trusting", "address"), ADDRESSES)
def test_addresses(client: tuple[str, int] | None, header: str, trusting: bool, address: str) -> None:
    headers = [(b"x-forwarded-for", header.encode())] if header else []
    assert (
        client_address({"type": "http", "client": client, "headers": headers}, trusting=trusting) == address
    )


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
