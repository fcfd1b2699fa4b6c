from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from bench.machine.bare_app import BODY
from tools.calibration.burning_app import burning
from tools.calibration.faults import LOOP


def answers(turns: int) -> list[MutableMapping[str, Any]]:
    sent: list[MutableMapping[str, Any]] = []

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.disconnect"}

    asyncio.run(burning(turns)({"type": "http"}, receive, send))
    return sent


@pytest.mark.parametrize("turns", [0, 500])
def test_it_answers_as_the_bare_app_does_whatever_it_burns(turns: int) -> None:
    start, end = answers(turns)
    assert (start["status"], end["body"]) == (200, BODY)


def test_its_turns_are_those_of_the_faults() -> None:
    assert LOOP.splitlines()[0] == 'for _ in b"." * TURNS:'
