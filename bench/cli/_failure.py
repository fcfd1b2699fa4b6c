"""Failures on the command line: how an unforeseen one is shown, and why a gate never ends with status 1 for one."""

from __future__ import annotations

import contextlib
import os
import traceback
from collections.abc import Iterator

from bench.errors import BenchError, GateError


def describe(error: Exception) -> str:
    """One line about an error that nobody foresaw."""
    return f"unexpected {type(error).__name__}: {error} (BENCH_DEBUG=1 shows where)"


@contextlib.contextmanager
def exit_2_on_failure() -> Iterator[None]:
    """Turn every failure into status 2: from a gate, status 1 says that a change is slower.

    Raises GateError in place of errors whose status would be 1. Errors with another status pass unchanged.
    """
    try:
        yield
    except BenchError as error:
        if error.status == 1:
            raise GateError(str(error)) from error
        raise
    except Exception as error:
        if os.environ.get("BENCH_DEBUG"):
            traceback.print_exc()
        raise GateError(describe(error)) from error
