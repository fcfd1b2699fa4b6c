"""What a worker writes of itself, held against what is done to it."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread
from sqlalchemy import text

from target_app.database import Database, open_database
from target_app.probe import run_probe
from target_app.settings import Settings
from tests.target_app.settings import settings_of

Lines = list[dict[str, Any]]


def settings(folder: Path, **more: object) -> Settings:
    given = {
        "database_url": f"sqlite:///{folder}/app.db",
        "bench": True,
        "probe_dir": folder / "probe",
    } | more
    return settings_of(**given)


def lines(folder: Path) -> Lines:
    path = folder / "probe" / f"{os.getpid()}.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def watched(
    folder: Path,
    act: Callable[[Database], Coroutine[Any, Any, None]],
    until: Callable[[Lines], bool],
    **more: object,
) -> Lines:
    """The lines of a probe beside which something is done, as soon as they say what they should."""

    async def run() -> Lines:
        chosen = settings(folder, **more)
        to_thread.current_default_thread_limiter().total_tokens = chosen.thread_tokens
        async with open_database(chosen) as database, run_probe(chosen, database), asyncio.timeout(20):
            acting = asyncio.create_task(act(database))
            while not until(lines(folder)):
                await asyncio.sleep(0.01)
            await acting  # to its end: what is cancelled half-way leaves connections behind
            return lines(folder)

    return asyncio.run(run())


async def nothing(_: Database) -> None:
    pass


def test_a_calm_worker_has_lines_in_order_and_nothing_in_use(tmp_path: Path) -> None:
    before_ns = time.monotonic_ns()
    found = watched(tmp_path, nothing, lambda found: len(found) >= 3, thread_tokens=7, pool_size=4)
    times = [before_ns, *(line["at_ns"] for line in found), time.monotonic_ns()]
    assert times == sorted(times)
    for line in found:
        assert (line["tokens"], line["tokens_busy"], line["tokens_waiting"]) == (7, 0, 0)
        assert (line["pool"], line["pool_busy"], line["pool_waiting"]) == (4, 0, 0)


def test_a_blocked_loop_writes_one_late_line_that_tells_the_whole_block(tmp_path: Path) -> None:
    blocked: list[int] = []

    async def block(_: Database) -> None:
        await asyncio.sleep(0)
        blocked.append(time.monotonic_ns())
        time.sleep(0.4)
        blocked.append(time.monotonic_ns())

    found = watched(tmp_path, block, lambda found: any(line["loop_lag_ms"] > 300 for line in found))
    (late,) = [line for line in found if line["loop_lag_ms"] > 300]
    assert late["at_ns"] >= blocked[1]
    assert not [line for line in found if blocked[0] < line["at_ns"] < blocked[1]]
    assert late["loop_lag_ms"] >= 400 - 50 - 1  # it slept for at most 50 ms of the block


def test_threads_at_their_limit_and_those_who_wait_are_counted(tmp_path: Path) -> None:
    def seen(found: Lines) -> bool:
        return any(line["tokens_waiting"] == 3 for line in found)

    async def crowd(_: Database) -> None:
        gate = asyncio.Event()
        loop = asyncio.get_running_loop()

        def hold() -> None:
            asyncio.run_coroutine_threadsafe(gate.wait(), loop).result()

        async with asyncio.TaskGroup() as group:
            for _turn in range(5):
                group.create_task(to_thread.run_sync(hold))
            while not seen(lines(tmp_path)):
                await asyncio.sleep(0.01)
            gate.set()

    found = watched(tmp_path, crowd, seen, thread_tokens=2)
    assert max(line["tokens_busy"] for line in found) == 2
    assert {line["tokens"] for line in found} == {2}


@pytest.mark.parametrize("way", ["async", "sync"])
def test_connections_that_are_out_and_those_who_wait_for_one_are_counted(tmp_path: Path, way: str) -> None:
    """Two of two are out; three more ask, of the async pool or, in threads, of the other."""

    def seen(found: Lines) -> bool:
        return any(line["pool_waiting"] == 3 for line in found)

    async def crowd(database: Database) -> None:
        def ask_in_thread() -> None:
            with database.reader_sync.connect() as connection:
                connection.execute(text("SELECT 1"))

        async def ask() -> None:
            async with database.reader.connect() as connection:
                await connection.execute(text("SELECT 1"))

        async with database.reader.connect(), database.reader.connect():
            with database.reader_sync.connect(), database.reader_sync.connect():
                askers = [ask() if way == "async" else to_thread.run_sync(ask_in_thread) for _ in range(3)]
                asking = asyncio.gather(*askers)
                while not seen(lines(tmp_path)):
                    await asyncio.sleep(0.01)
        await asking

    found = watched(tmp_path, crowd, seen, pool_size=2, pool_timeout_s=20)
    assert max(line["pool_busy"] for line in found) == 4
    assert {line["pool"] for line in found} == {2}


def test_collections_are_counted_by_generation_and_timed(tmp_path: Path) -> None:
    async def collect(_: Database) -> None:
        for _turn in range(5):
            gc.collect(2)
        gc.collect(1)

    gc.disable()
    try:
        found = watched(tmp_path, collect, lambda found: len(found) >= 2)
    finally:
        gc.enable()
    last = found[-1]
    assert last["collections"] == [0, 1, 5]
    pauses = [line["gc_pause_ms"] for line in found]
    assert last["gc_ms"] / 6 <= max(pauses) < last["gc_ms"]
    assert pauses[-1] == 0


def test_the_callback_goes_with_the_app(tmp_path: Path) -> None:
    before = list(gc.callbacks)
    watched(tmp_path, nothing, bool)
    assert gc.callbacks == before


@pytest.mark.parametrize(
    "more", [{"bench": False}, {"probe_dir": None}], ids=["out of bench mode", "without a folder"]
)
def test_nothing_is_written_where_nobody_asked(tmp_path: Path, more: dict[str, object]) -> None:
    before = list(gc.callbacks)

    async def run() -> None:
        chosen = settings(tmp_path, **more)
        async with open_database(chosen) as database, run_probe(chosen, database):
            assert gc.callbacks == before
            assert len(asyncio.all_tasks()) == 1

    asyncio.run(run())
    assert not (tmp_path / "probe").exists()
