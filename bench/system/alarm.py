"""A bound on the time of what cannot be asked to stop: foreign code, and reads that never end."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

_AGAIN_S = 1.0


class Overdue(BaseException):
    """Raised where time is over; foreign code that handles every `Exception` does not hold it back."""


class Alarm:
    """Interrupts this thread, when time is over, by Overdue; in threads besides the main one it never goes off."""

    def __init__(self) -> None:
        self._is_main = threading.current_thread() is threading.main_thread()
        self._before: Any = None

    def __enter__(self) -> Alarm:
        if self._is_main:
            self._before = signal.signal(signal.SIGALRM, _interrupt)
        return self

    def start(self, seconds: float) -> None:
        """Go off after this time from now, and again until it is stopped."""
        if self._is_main:
            signal.setitimer(signal.ITIMER_REAL, seconds, _AGAIN_S)

    def stop(self) -> None:
        if self._is_main:
            signal.setitimer(signal.ITIMER_REAL, 0)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        if self._is_main:
            signal.signal(signal.SIGALRM, self._before)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise Overdue
