"""Polling with a deadline."""

from __future__ import annotations

import time
from collections.abc import Callable

_EVERY_S = 0.02


def wait_until(holds: Callable[[], bool], within_s: float, every_s: float = _EVERY_S) -> bool:
    """Wait until `holds()` is true, at most `within_s` seconds; returns whether it came true.

    It is asked at once, and then every `every_s` seconds. What it raises ends the wait.
    """
    deadline_s = time.monotonic() + within_s
    while not holds():
        if time.monotonic() >= deadline_s:
            return False
        time.sleep(every_s)
    return True
