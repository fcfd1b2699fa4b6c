"""A server that ran before the measurement: what is known of it, and the ceiling on the rate at which it is asked."""

from __future__ import annotations

from dataclasses import dataclass

_AT_ONCE_SHARE = 0.1

BYSTANDER_SHARE = 0.25
"""Of a ceiling: the part for the bystander of a load, where it has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A server that is measured as it runs: nothing of it is started, stopped or pinned.

    `unread` says why its processes cannot be read, and is empty where they can. `affinity` are the CPUs that they may
    run on; empty where it runs `elsewhere`. `most_rps` is its ceiling, 0 for none.
    """

    elsewhere: bool = False
    unread: str = ""
    affinity: tuple[int, ...] = ()
    most_rps: float = 0.0


def burst_under(most_rps: float) -> int:
    """The requests that may leave at once under a ceiling: a tenth of a second's, and one at the least."""
    return max(1, int(most_rps * _AT_ONCE_SHARE))


def steady_rps(most_rps: float) -> float:
    """The rate that a ceiling allows for ever: with a burst, no second has more requests than the ceiling."""
    return most_rps - (burst_under(most_rps) - 1)
