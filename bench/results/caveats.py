"""The codes of caveats, the limits that more than one module knows, and which caveats make a record invalid."""

from __future__ import annotations

from collections.abc import Sequence

from bench.model.record import Caveat

GENERATOR_SHARE = 0.80
LAG_SHARE = 0.10
LAG_FLOOR_MS = 0.5
STEAL_SHARE = 0.02
OTHERS_SHARE = 0.10
SAMPLES_FOR_P99 = 1000
BYSTANDER_REQUESTS = 100
BYSTANDER_REQUESTS_OF_LANE = 20
STALLED_SHARE = 0.01
"""Of the measured part: a percentile of a hundred does not see less."""

OTHER_LOAD = "other-load"
STEAL = "steal"
GENERATOR_STALLED = "generator-stalled"
VICTIM_GROWS = "victim-grows"
CEILING = "ceiling"
NO_PROCESSES = "no-processes"
SAME_PROCESS = "same-process"
SERVER_NOT_SEEN = "server-not-seen"
MIXED = "mixed"
CHANGED = "changed"
WORKER_LOST = "worker-lost"
ROWS_MISSING = "rows-missing"
CLOCK_SKEW = "clock-skew"

INVALIDATING = frozenset(
    {
        *("errors", "rate-not-reached", "shed", "generator-saturated", "throttled", "one-cpu", CEILING),
        *(WORKER_LOST, ROWS_MISSING),
    }
)
"""Codes that make a record invalid: it is shown, hatched, and never ranked."""

NOT_QUIET = frozenset({OTHER_LOAD, STEAL, GENERATOR_STALLED, "throttled", "one-cpu"})
"""Codes that say that server or generator lacked part of the machine."""


def is_valid(caveats: Sequence[Caveat]) -> bool:
    """Whether a record with these caveats may be ranked."""
    return not any(caveat.code in INVALIDATING for caveat in caveats)
