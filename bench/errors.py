"""The few ways a run can fail; `bench.cli.main` prints them as one sentence and picks the exit status."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class BenchError(Exception):
    """Something failed while measuring; `status` is what the command exits with."""

    status = 1


class UsageError(BenchError):
    """The user asked for something that cannot be done."""

    status = 2


class ServerError(BenchError):
    """A server did not start, did not answer, or died."""


class EngineError(BenchError):
    """A load generator did not start or did not finish."""


class GateError(BenchError):
    """A gate could not measure: 2, since 1 says that the change is slower."""

    status = 2


def unknown(kind: str, name: str, known: Iterable[str]) -> UsageError:
    """`unknown setup 'uvicron'; did you mean 'uvicorn'?`"""
    names = sorted(known)
    close = get_close_matches(name, names, n=1)
    hint = f"did you mean '{close[0]}'?" if close else f"there are: {', '.join(names)}"
    return UsageError(f"unknown {kind} '{name}'; {hint}")
