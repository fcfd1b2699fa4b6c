"""A server that has just failed is left alone, and asked again by one question at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from target_app.breaker import Breaker, RestingError


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now_s = [100.0]
    monkeypatch.setattr("target_app.breaker.time.monotonic", lambda: now_s[0])
    return now_s


async def fails() -> None:
    raise OSError("gone")


async def answers() -> None:
    pass


def ask(breaker: Breaker, what: Callable[[], Awaitable[None]]) -> str:
    """What became of a question: `answered`, or the kind of error."""

    async def run() -> None:
        async with breaker.question():
            await what()

    try:
        asyncio.run(run())
    except Exception as error:
        return type(error).__name__
    return "answered"


def test_after_a_failure_nothing_is_asked_for_a_while(clock: list[float]) -> None:
    breaker = Breaker(1.0, 2.0, (OSError,))
    assert [ask(breaker, one) for one in (answers, fails, answers)] == ["answered", "OSError", "RestingError"]
    clock[0] += 1.9
    assert ask(breaker, answers) == "RestingError"
    clock[0] += 0.2
    assert [ask(breaker, answers) for _ in range(2)] == ["answered", "answered"]


def test_a_second_failure_begins_another_rest(clock: list[float]) -> None:
    breaker = Breaker(1.0, 2.0, (OSError,))
    ask(breaker, fails)
    clock[0] += 2.1
    assert ask(breaker, fails) == "OSError"
    clock[0] += 1.9
    assert ask(breaker, answers) == "RestingError"


def test_one_question_is_tried_while_the_others_are_refused(clock: list[float]) -> None:
    breaker = Breaker(1.0, 2.0, (OSError,))
    ask(breaker, fails)
    clock[0] += 2.1
    with breaker.guard(), pytest.raises(RestingError), breaker.guard():
        pass
    assert ask(breaker, answers) == "answered"


def test_another_kind_of_error_is_none_of_its_business(clock: list[float]) -> None:
    async def errs() -> None:
        raise LookupError

    breaker = Breaker(1.0, 2.0, (OSError,))
    assert [ask(breaker, one) for one in (errs, answers)] == ["LookupError", "answered"]


def test_what_takes_too_long_has_failed() -> None:
    breaker = Breaker(0.01, 60.0, (OSError,))
    assert [ask(breaker, lambda: asyncio.sleep(60)), ask(breaker, answers)] == [
        "TimeoutError",
        "RestingError",
    ]
