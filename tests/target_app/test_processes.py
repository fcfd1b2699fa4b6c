"""Other processes compute what this one would, one thing at a time, and leave nothing behind."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from typing import Any, TypeVar

import psutil
import pytest

from target_app.processes import Calculators, ProcessEndedError, calculators
from target_app.work import checksum

T = TypeVar("T")
LONG = 50_000_000
SHORT = 100_000


def children() -> set[psutil.Process]:
    """The calculators that this process has started, by their command line."""
    return {
        child for child in psutil.Process().children() if child.cmdline()[-2:] == ["-m", "target_app.work"]
    }


def run(task: Coroutine[Any, Any, T]) -> T:
    """The result of a task that leaves no process behind."""
    before = children()
    try:
        return asyncio.run(task)
    finally:
        assert children() == before


def test_answers_are_those_of_the_questions() -> None:
    """More at once than there are processors: they take turns, and no answer goes astray."""
    before = children()

    async def ask() -> list[int]:
        async with calculators() as running:
            answers = await asyncio.gather(*(running.checksum(n) for n in range(100)))
            assert 1 <= len(children() - before) <= (os.cpu_count() or 1)
            return answers

    assert run(ask()) == [checksum(n) for n in range(100)]


def test_nothing_is_started_before_it_is_needed_and_one_is_enough_for_one() -> None:
    before = children()

    async def started() -> list[int]:
        counts = []
        async with calculators() as running:
            counts.append(len(children() - before))
            for n in range(3):
                await running.checksum(n)
                counts.append(len(children() - before))
        return counts

    assert run(started()) == [0, 1, 1, 1]


def test_question_that_is_given_up_does_not_answer_the_next() -> None:
    before = children()

    async def give_up(running: Calculators) -> int:
        await running.checksum(0)
        (process,) = children() - before
        given_up = asyncio.create_task(running.checksum(LONG))
        await asyncio.sleep(0)  # the question is on its way
        given_up.cancel()
        with pytest.raises(asyncio.CancelledError):
            await given_up
        answer = await running.checksum(5)
        process.wait(10)
        return answer

    async def with_calculators() -> int:
        async with calculators() as running:
            return await give_up(running)

    assert run(with_calculators()) == checksum(5)


def test_process_that_dies_over_a_question_or_idle_costs_no_answer() -> None:
    before = children()

    async def lose_two() -> list[int]:
        async with calculators() as running:
            await running.checksum(0)
            (process,) = children() - before
            asked = asyncio.create_task(running.checksum(SHORT))
            await asyncio.sleep(0)
            process.kill()
            answers = [await asked]
            (idle,) = children() - before
            idle.kill()
            idle.wait(10)
            return [*answers, await running.checksum(5)]

    assert run(lose_two()) == [checksum(SHORT), checksum(5)]


def test_processes_that_die_over_the_same_question_are_an_error() -> None:
    before = children()

    async def lose_all() -> None:
        async with calculators() as running:
            asked = asyncio.create_task(running.checksum(LONG))
            killed: set[psutil.Process] = set()
            while not asked.done():
                for process in children() - before - killed:
                    killed.add(process)
                    process.kill()
                await asyncio.sleep(0.001)
            with pytest.raises(ProcessEndedError):
                await asked
            assert len(killed) == 2

    run(lose_all())
