"""Clients that wait: each goes on when its time has come, and no sooner."""

from __future__ import annotations

import asyncio
import time

import pytest

from bench.engines.pauses import Pauses


class Waiting:
    def __init__(self, pauses: Pauses, over: list[tuple[Waiting, int]]) -> None:
        self.pauses = pauses
        self.over = over
        self.again_ns = 0

    def go_on(self, due_ns: int) -> None:
        assert time.monotonic_ns() >= due_ns
        self.over.append((self, due_ns))
        if self.again_ns:
            self.pauses.add(self, due_ns + self.again_ns)


async def until(over: list[tuple[Waiting, int]], count: int) -> None:
    async with asyncio.timeout(5):
        while len(over) < count:
            await asyncio.sleep(0.001)


def test_clients_go_on_in_the_order_of_their_times() -> None:
    async def run() -> None:
        pauses, over = Pauses(), list[tuple[Waiting, int]]()
        begin_ns = time.monotonic_ns()
        clients = [Waiting(pauses, over) for _ in range(6)]
        for client, after_ms in zip(clients, (30, 5, 20, 0, 5, 60), strict=True):
            pauses.add(client, begin_ns + after_ms * 1_000_000)
        await until(over, 6)
        assert [(due_ns - begin_ns) // 1_000_000 for _, due_ns in over] == [0, 5, 5, 20, 30, 60]
        assert {id(client) for client, _ in over} == set(map(id, clients))
        for client in clients:
            pauses.drop(client)

    asyncio.run(run())


def test_a_client_may_pause_again_at_once() -> None:
    async def run() -> None:
        pauses, over = Pauses(), list[tuple[Waiting, int]]()
        client = Waiting(pauses, over)
        client.again_ns = 2_000_000
        first_ns = time.monotonic_ns()
        pauses.add(client, first_ns)
        await until(over, 4)
        assert [due_ns - first_ns for _, due_ns in over[:4]] == [0, 2_000_000, 4_000_000, 6_000_000]
        pauses.drop(client)

    asyncio.run(run())


def test_a_client_that_is_dropped_is_not_called() -> None:
    async def run() -> None:
        pauses, over = Pauses(), list[tuple[Waiting, int]]()
        gone, there = Waiting(pauses, over), Waiting(pauses, over)
        now_ns = time.monotonic_ns()
        pauses.add(gone, now_ns + 1_000_000)
        pauses.add(there, now_ns + 20_000_000)
        pauses.drop(gone)
        await until(over, 1)
        pauses.drop(there)
        pauses.drop(there)
        assert [client for client, _ in over] == [there]

    asyncio.run(run())


def test_it_can_be_used_after_all_were_dropped() -> None:
    async def run() -> None:
        pauses, over = Pauses(), list[tuple[Waiting, int]]()
        client = Waiting(pauses, over)
        for count in (1, 2):
            pauses.add(client, time.monotonic_ns())
            await until(over, count)
            pauses.drop(client)

    asyncio.run(run())


@pytest.mark.parametrize("count", [0, 1])
def test_without_clients_there_is_nothing_to_end(count: int) -> None:
    pauses = Pauses()
    for _ in range(count):
        pauses.drop(Waiting(pauses, []))


def test_a_pause_of_no_time_leaves_the_loop_to_others() -> None:
    async def run() -> None:
        pauses, over = Pauses(), list[tuple[Waiting, int]]()
        eager = Eager(pauses, over)
        pauses.add(eager, time.monotonic_ns())
        await until(over, 3)
        eager.is_over = True

    asyncio.run(run())


class Eager(Waiting):
    """Pauses for no time, again and again."""

    is_over = False

    def go_on(self, due_ns: int) -> None:
        self.over.append((self, due_ns))
        assert len(self.over) < 100_000, "nobody else gets a turn"
        if not self.is_over:
            self.pauses.add(self, due_ns)


def test_all_may_go_on_before_their_time() -> None:
    async def run() -> None:
        pauses, over = Pauses(), list[tuple[Waiting, int]]()
        now_ns = time.monotonic_ns()
        clients = [Waiting(pauses, over) for _ in range(3)]
        for client in clients:
            pauses.add(client, now_ns + 3_600_000_000_000)
        pauses.end(now_ns)
        assert sorted(id(client) for client, _ in over) == sorted(map(id, clients))
        pauses.end(now_ns)
        assert len(over) == 3
        for client in clients:
            pauses.drop(client)

    asyncio.run(run())
