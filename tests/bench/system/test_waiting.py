from __future__ import annotations

import pytest

from bench.system.waiting import wait_until


def test_a_wait_ends_when_it_holds() -> None:
    answers = iter([False, False, True])
    assert wait_until(lambda: next(answers), 5.0, 0.001)
    assert list(answers) == []


def test_a_wait_ends_at_its_deadline_and_asks_once_at_least() -> None:
    asked: list[int] = []

    def never() -> bool:
        asked.append(1)
        return False

    assert not wait_until(never, 0.0)
    assert asked == [1]
    assert not wait_until(never, 0.05, 0.001)
    assert len(asked) > 2


def test_an_error_ends_a_wait() -> None:
    with pytest.raises(ZeroDivisionError):
        wait_until(lambda: bool(1 // 0), 5.0)
