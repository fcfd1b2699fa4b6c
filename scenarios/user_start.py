"""Users who do something once, before the first of their sessions."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from scenarios import mistakes, seats
from scenarios.mistakes import ScenarioError
from scenarios.session import Jar, begin

if TYPE_CHECKING:
    from scenarios.model import Flow, StartFlow


class _User(NamedTuple):
    state: Any
    jar: Jar


class UserStart:
    """The sessions of users who start once: `on_start(rng)`, then `flow(rng, state)` for each session.

    The cookies of the start are in the jar of each session. The user's random numbers identify the user. A start that a
    wrong answer ends is made again by the next session.
    """

    def __init__(self, on_start: Callable[[Random], StartFlow], flow: Callable[..., Flow]) -> None:
        self._on_start = on_start
        self._flow = flow
        self._users: WeakKeyDictionary[Random, _User] = WeakKeyDictionary()

    def __call__(self, rng: Random) -> Flow:
        user = self._users.get(rng)
        return self._first(rng) if user is None else self._next(rng, user)

    def _first(self, rng: Random) -> Flow:
        jar = Jar(seats.find(rng).prefix)
        user = self._users[rng] = _User((yield from begin(self._on_start(rng), jar)), jar)
        yield from self._next(rng, user)

    def _next(self, rng: Random, user: _User) -> Flow:
        flow = self._flow(rng, user.state)
        if not hasattr(flow, "send"):
            raise ScenarioError(mistakes.not_a_flow(flow), mistakes.function_place(self._flow))
        return flow if user.jar.is_empty else begin(flow, user.jar.copy())
