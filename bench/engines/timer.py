"""A timer finer than the event loop's: libuv rounds to whole milliseconds, which would show as lag."""

from __future__ import annotations

import asyncio
import ctypes
import os
import sys
import time
from collections.abc import Callable

_CLOCK_MONOTONIC = 1
_TFD_NONBLOCK = os.O_NONBLOCK
_TFD_TIMER_ABSTIME = 1


class _Timespec(ctypes.Structure):
    _fields_ = (("tv_sec", ctypes.c_long), ("tv_nsec", ctypes.c_long))


class _Itimerspec(ctypes.Structure):
    _fields_ = (("it_interval", _Timespec), ("it_value", _Timespec))


class Timer:
    """Calls `due` once at a time of CLOCK_MONOTONIC: by timerfd on Linux, by the loop's own timer elsewhere."""

    def __init__(self, loop: asyncio.AbstractEventLoop, due: Callable[[], None]) -> None:
        self._loop = loop
        self._due = due
        self._handle: asyncio.TimerHandle | None = None
        self._fd = -1
        if sys.platform == "linux":
            self._libc = ctypes.CDLL(None, use_errno=True)
            self._fd = self._libc.timerfd_create(_CLOCK_MONOTONIC, _TFD_NONBLOCK)
        if self._fd >= 0:
            loop.add_reader(self._fd, self._expired)

    def set(self, at_ns: int) -> None:
        """Call `due` at `at_ns`, or at once when that has passed; replaces what was set before."""
        if self._fd < 0:
            self.cancel()
            delay_s = max(0, at_ns - time.monotonic_ns()) / 1e9
            self._handle = self._loop.call_later(delay_s, self._due)
            return
        at = _Itimerspec(it_value=_Timespec(*divmod(max(1, at_ns), 1_000_000_000)))
        self._libc.timerfd_settime(self._fd, _TFD_TIMER_ABSTIME, ctypes.byref(at), None)

    def cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    def close(self) -> None:
        self.cancel()
        if self._fd >= 0:
            self._loop.remove_reader(self._fd)
            os.close(self._fd)
            self._fd = -1

    def _expired(self) -> None:
        try:
            os.read(self._fd, 8)
        except BlockingIOError:
            return  # it was set again in between
        self._due()
