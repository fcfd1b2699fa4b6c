"""Numbers that are given once: over users, processes and things, anew for each server."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from random import Random

import pytest

from scenarios import seats, shares


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "shares"
    monkeypatch.setenv(shares.FOLDER, str(place))
    return place


def user(port: int = 1) -> Random:
    rng = Random()
    seats.take(rng, "127.0.0.1", port)
    return rng


def take(count: int) -> list[int]:
    rng = user()
    return [shares.take(rng, "rows") for _ in range(count)]


def test_users_of_a_server_count_together() -> None:
    assert [shares.take(user(), "rows") for _ in range(4)] == [0, 1, 2, 3]


def test_things_and_servers_are_counted_apart() -> None:
    assert [shares.take(user(port), of) for port in (1, 2) for of in ("rows", "others")] == [0] * 4
    assert shares.take(user(2), "rows") == 1


def test_user_without_a_server_counts_as_well() -> None:
    assert [shares.take(Random(), "rows") for _ in range(2)] == [0, 1]


def test_server_that_is_started_anew_begins_anew() -> None:
    take(3)
    shares.take(user(2), "rows")
    shares.reset("127.0.0.1", 1)
    assert take(2) == [0, 1]
    assert shares.take(user(2), "rows") == 1


def test_processes_count_together() -> None:
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        taken = [number for some in pool.map(take, [200] * 3, chunksize=1) for number in some]
    assert sorted(taken) == list(range(600))


def test_nothing_is_written_before_something_is_taken(folder: Path) -> None:
    shares.reset("127.0.0.1", 1)
    assert not folder.exists()
