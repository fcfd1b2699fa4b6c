"""A circuit breaker: whoever has just failed to answer is left alone for a while."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager


class RestingError(Exception):
    """Nothing was asked, as the last question had no answer a moment ago."""


class Breaker:
    """Guards questions to a server: one takes `deadline_s` at most, and after a failure none is asked for `rest_s`.

    After the rest a single question is tried, while the others are still refused. `failures` are the exceptions that
    count; a deadline that is missed is a TimeoutError.
    """

    def __init__(self, deadline_s: float, rest_s: float, failures: tuple[type[Exception], ...]) -> None:
        self._deadline_s = deadline_s
        self._rest_s = rest_s
        self._failures: tuple[type[Exception], ...] = (*failures, TimeoutError)
        self._rests_until_s = 0.0
        self._has_failed = False

    @asynccontextmanager
    async def question(self) -> AsyncIterator[None]:
        """Guard a question. Raises RestingError in place of it, TimeoutError at its deadline, and its own failure."""
        with self.guard():
            async with asyncio.timeout(self._deadline_s):
                yield

    @contextmanager
    def guard(self) -> Iterator[None]:
        """The same without a deadline, for what may take long for a good reason."""
        now_s = time.monotonic()
        if self._has_failed:
            if now_s < self._rests_until_s:
                raise RestingError
            self._rests_until_s = now_s + self._rest_s  # this one tries
        try:
            yield
        except self._failures:
            self._has_failed = True
            self._rests_until_s = time.monotonic() + self._rest_s
            raise
        self._has_failed = False
