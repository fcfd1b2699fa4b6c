"""The timer on both loops, by the kernel's timer and by the loop's own."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Callable, Coroutine

import pytest
import uvloop

from bench.engines.timer import Timer

MS = 1_000_000
Run = Callable[[Coroutine[None, None, None]], None]
LOOPS: dict[str, Run] = {"asyncio": asyncio.run, "uvloop": uvloop.run}


@pytest.fixture(params=list(LOOPS.values()), ids=list(LOOPS))
def run(request: pytest.FixtureRequest) -> Run:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(params=["linux", "darwin"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "linux" and sys.platform != "linux":
        pytest.skip("there is no timerfd here")
    monkeypatch.setattr(sys, "platform", request.param)
    return str(request.param)


class Alarm:
    """A timer that writes down when it fired."""

    def __init__(self) -> None:
        self.fired_ns: list[int] = []
        self.rang = asyncio.Event()
        self.timer = Timer(asyncio.get_running_loop(), self._ring)

    def _ring(self) -> None:
        self.fired_ns.append(time.monotonic_ns())
        self.rang.set()


async def pass_by(at_ns: int) -> None:
    """Let the loop go on until well after a time, by another alarm."""
    other = Alarm()
    other.timer.set(at_ns + 5 * MS)
    await asyncio.wait_for(other.rang.wait(), 5)
    other.timer.close()


def test_it_fires_once_and_not_before_its_time(run: Run, system: str) -> None:
    async def check() -> None:
        alarm = Alarm()
        for _ in range(5):
            alarm.rang.clear()
            due_ns = time.monotonic_ns() + 3 * MS + 123_456
            alarm.timer.set(due_ns)
            await asyncio.wait_for(alarm.rang.wait(), 5)
            # libuv counts whole milliseconds, which is why the kernel's timer is used where there is one
            assert alarm.fired_ns[-1] >= due_ns - (0 if system == "linux" else 2 * MS)
        await pass_by(due_ns)
        assert len(alarm.fired_ns) == 5
        alarm.timer.close()

    run(check())


@pytest.mark.parametrize("at_ns", [0, 1], ids=["zero", "long ago"])
def test_a_time_that_has_passed_is_now(at_ns: int, run: Run, system: str) -> None:
    async def check() -> None:
        alarm = Alarm()
        alarm.timer.set(at_ns)
        await asyncio.wait_for(alarm.rang.wait(), 5)
        alarm.timer.close()

    run(check())


@pytest.mark.parametrize(("first", "second"), [(60_000, 3), (3, 20)], ids=["by an earlier", "by a later"])
def test_a_time_is_replaced(first: int, second: int, run: Run, system: str) -> None:
    async def check() -> None:
        alarm = Alarm()
        now_ns = time.monotonic_ns()
        alarm.timer.set(now_ns + first * MS)
        alarm.timer.set(now_ns + second * MS)
        await asyncio.wait_for(alarm.rang.wait(), 5)
        await pass_by(now_ns + second * MS)
        assert len(alarm.fired_ns) == 1
        assert alarm.fired_ns[0] >= now_ns + (second - 2) * MS
        alarm.timer.close()

    run(check())


def test_it_is_silent_once_closed(run: Run, system: str) -> None:
    async def check() -> None:
        alarm = Alarm()
        due_ns = time.monotonic_ns() + 3 * MS
        alarm.timer.set(due_ns)
        alarm.timer.close()
        await pass_by(due_ns)
        assert alarm.fired_ns == []
        alarm.timer.close()

    run(check())


@pytest.mark.skipif(sys.platform != "linux", reason="there is no timerfd here")
def test_it_leaves_no_descriptor_open(run: Run) -> None:
    async def check() -> None:
        before = set(os.listdir("/proc/self/fd"))
        alarm = Alarm()
        alarm.timer.set(1)
        await asyncio.wait_for(alarm.rang.wait(), 5)
        alarm.timer.close()
        assert set(os.listdir("/proc/self/fd")) == before

    run(check())
