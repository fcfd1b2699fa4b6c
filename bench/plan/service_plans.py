"""The plans that a service of one's own has without writing any: its scenarios under its setups."""

from __future__ import annotations

from collections.abc import Sequence

from bench.model.plan import Block, ClosedLoad, Plan

SERVERS = (
    ("uvicorn", "uvicorn-uvloop-h11", "uvicorn-asyncio-httptools", "uvicorn-asyncio-h11"),
    ("granian-1",),
    ("gunicorn-1",),
    ("hypercorn-1",),
)
"""The shipped setups that the plans measure where the service has none of its own: of each kind, the best to be had."""

ALL_SERVERS = "default"
"""The plan that measures all setups; the others measure one."""
NAMES = (ALL_SERVERS, "smoke", "history")

_USERS = 8
_MOST_MINUTES = 4.0
ANCHOR, ANCHOR_SCENARIO = "anchor", "ping"


def service_plans(setups: Sequence[str], scenarios: Sequence[str]) -> dict[str, Plan]:
    """By name: `default` measures all scenarios under all setups, `smoke` one setup for some seconds.

    `history` measures the first setup next to the anchor, for `bench history`.
    """
    lanes = len(setups) * len(scenarios)
    first, everything = tuple(setups[:1]), tuple(scenarios)
    load = ClosedLoad(_USERS, 1.5, 0.4)
    small = ClosedLoad(2, 0.6, 0.2)
    plans = (
        Plan(
            "default",
            "every scenario of the service under each of its setups: four minutes at most",
            (Block(tuple(setups), everything, ("native",), (load,), rounds=5),),
            minutes=min(_MOST_MINUTES, 0.4 + 0.15 * lanes),
        ),
        Plan(
            "smoke",
            f"every scenario under {first[0]}, for some seconds: shows that everything works",
            (Block(first, everything, ("native",), (small,), rounds=2),),
            minutes=min(0.4, 0.1 + 0.02 * len(scenarios)),
        ),
        Plan(
            "history",
            f"every scenario under {first[0]}, next to an anchor that no commit can touch, for `bench history`",
            (
                Block((ANCHOR,), (ANCHOR_SCENARIO,), ("native",), (load,), rounds=6),
                Block(first, everything, ("native",), (load,), rounds=6),
            ),
            minutes=min(_MOST_MINUTES, 0.6 + 0.15 * len(scenarios)),
        ),
    )
    return {plan.name: plan for plan in plans}
