"""An alarm against code that does not end by itself."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Callable

import pytest

from bench.system.alarm import Alarm, Overdue


def compute() -> None:
    while True:
        pass


def hold_on() -> None:
    while True:
        with contextlib.suppress(Exception):
            time.sleep(60)


def limit(endless: Callable[[], None]) -> None:
    with Alarm() as alarm:
        alarm.start(0.05)
        endless()


@pytest.mark.parametrize("endless", [compute, hold_on])
def test_what_never_ends_is_interrupted(endless: Callable[[], None]) -> None:
    before = signal.getsignal(signal.SIGALRM)
    began_s = time.monotonic()
    with pytest.raises(Overdue):
        limit(endless)
    assert 0.05 <= time.monotonic() - began_s < 5
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_an_alarm_that_is_stopped_does_not_go_off() -> None:
    with Alarm() as alarm:
        alarm.start(0.05)
        alarm.stop()
        assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_thread_has_no_alarm() -> None:
    found = []

    def work() -> None:
        with Alarm() as alarm:
            alarm.start(0.01)
            found.append(signal.getitimer(signal.ITIMER_REAL))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == [(0, 0)]
