"""Hashes as they are kept, and the work that a login takes, whoever it is about."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from fastapi.testclient import TestClient

from bench.system.waiting import wait_until
from target_app import security
from target_app.security import Passwords, Signer
from tests.target_app.conftest import StartApp
from tests.target_app.settings import settings_of
from tests.target_app.test_auth import PASSWORD, new_user

SIGNER = Signer("a secret of more than thirty-two characters", 60)


def test_a_password_is_kept_as_an_argon2_hash(client: TestClient, database_path: Path) -> None:
    new_user(client, "ada")
    kept = database_path.read_bytes() + database_path.with_name("app.db-wal").read_bytes()
    assert b"$argon2id$v=19$m=65536,t=3,p=4$" in kept
    assert PASSWORD.encode() not in kept


def test_one_password_has_many_hashes_and_each_verifies() -> None:
    async def use() -> None:
        passwords = Passwords()
        hashes = [await passwords.hash("secret") for _ in range(2)]
        assert hashes[0] != hashes[1]
        assert [await passwords.verify("secret", hashed) for hashed in hashes] == [True, True]
        assert not await passwords.verify("Secret", hashes[0])
        assert not await passwords.verify("secret", None)

    asyncio.run(use())


def test_an_unknown_user_takes_the_same_work_and_none_of_it_on_the_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    verified: list[tuple[str, bool]] = []
    verify = security._argon2.verify

    def note(password: str, hashed: str) -> bool:
        verified.append((hashed.rpartition("$")[0].rpartition("$")[0], threading.current_thread() is main))
        return verify(password, hashed)

    main = threading.current_thread()
    known = security._argon2.hash("secret")
    monkeypatch.setattr(security._argon2, "verify", note)
    assert [asyncio.run(Passwords().verify("wrong", hashed)) for hashed in (known, None)] == [False, False]
    assert verified == [("$argon2id$v=19$m=65536,t=3,p=4", False)] * 2


def test_at_most_one_hash_a_core_is_made_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each takes 64 MiB; the others wait, though threads there are."""
    monkeypatch.setattr("target_app.security.os.cpu_count", lambda: 2)
    running, most, lock = 0, 0, threading.Lock()
    two_are_here = threading.Event()

    def hash_slowly(password: str) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            if running == 2:
                two_are_here.set()
        assert two_are_here.wait(timeout=10)
        with lock:
            running -= 1
        return password

    async def use() -> None:
        passwords = Passwords()
        await asyncio.gather(*(passwords.hash(str(number)) for number in range(8)))

    monkeypatch.setattr(security, "_argon2", type("Slow", (), {"hash": staticmethod(hash_slowly)}))
    asyncio.run(use())
    assert most == 2


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("", id="empty"),
        pytest.param(".", id="nothing sealed with nothing"),
        pytest.param(SIGNER.new_key(7)[:-1], id="cut off"),
        pytest.param("x" + SIGNER.new_key(7), id="changed"),
        pytest.param(
            Signer("another secret of thirty-two characters", 60).new_key(7), id="of another service"
        ),
        pytest.param("\u00e9.\u00e9", id="beyond ASCII"),
    ],
)
def test_a_key_that_was_not_made_here_is_told(key: str) -> None:
    assert SIGNER.key_owner(key) is None


def test_keys_made_here_are_known_and_all_different() -> None:
    keys = {SIGNER.new_key(7) for _ in range(100)}
    assert len(keys) == 100
    assert {SIGNER.key_owner(key) for key in keys} == {7}


def test_a_crowd_that_logs_in_is_bounded(monkeypatch: pytest.MonkeyPatch, start_app: StartApp) -> None:
    """While a hash is made and another waits, the rest are refused at once, and nothing else is held up."""
    monkeypatch.setattr("target_app.security.os.cpu_count", lambda: 1)
    client = start_app(waiting_hashes=1)
    go, hashing = threading.Event(), threading.Event()

    def hold(*_: object) -> bool:
        hashing.set()
        assert go.wait(20)
        return False

    def try_one() -> httpx2.Response:
        return client.post("/auth/token", data={"username": "ann", "password": PASSWORD})

    monkeypatch.setattr(security._argon2, "verify", hold)
    waiting = client.app.state.passwords._limiter  # type: ignore[attr-defined]
    with ThreadPoolExecutor(2) as pool:
        held = [pool.submit(try_one) for _ in range(2)]
        assert hashing.wait(20)
        assert wait_until(lambda: waiting.statistics().tasks_waiting == 1, 20)
        refused = [try_one() for _ in range(3)]
        alive = client.get("/health/live").status_code
        go.set()
    assert [(one.status_code, one.headers["retry-after"]) for one in refused] == [(503, "1")] * 3
    assert [one.result().status_code for one in held] == [401, 401]
    assert alive == 200


@pytest.mark.parametrize(("given", "most"), [({}, 8), ({"bench": True}, None), ({"waiting_hashes": 0}, 0)])
def test_in_bench_mode_there_is_no_bound_unless_one_is_set(
    given: dict[str, object], most: int | None
) -> None:
    assert settings_of(**given).most_waiting_hashes == most
