"""The names of a scenario's requests, as its check met them: a limit on a misspelt one ends the run before any load."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from difflib import get_close_matches

from bench.errors import UsageError, unknown
from bench.stats.conditions import parse_threshold, split_scope

_ALIKE = 0.75


def check_names(scenario: str, labels: Sequence[str], fail_if: Sequence[str]) -> None:
    """Raise UsageError where a limit is on a request that the check did not meet, but for a letter or two.

    A name that resembles no other passes, as a flow may send it in another session.
    """
    for request in _requests_of(scenario, fail_if):
        if request not in labels and get_close_matches(request, labels, n=1, cutoff=_ALIKE):
            raise unknown(f"request of '{scenario}'", request, labels)


def _requests_of(scenario: str, fail_if: Sequence[str]) -> Iterator[str]:
    """The requests of a scenario that limits are on."""
    for text in fail_if:
        scope = parse_threshold(text).scope
        if scope.startswith(scenario):
            with contextlib.suppress(UsageError):  # another scenario, whose name begins alike
                _, request = split_scope(scope, [scenario])
                yield from () if request is None else (request,)
