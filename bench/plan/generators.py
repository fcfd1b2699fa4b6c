"""How many native generator processes a load is shared out to, and how many CPUs a plan wants for them."""

from __future__ import annotations

import math

from bench.model.plan import Load, OpenLoad, Plan
from bench.plan.order import cells

_PER_SECOND = 10_000.0
"""Sessions per second for one process: of one request each, a fifth to a half of what it can make."""
_FEWEST_USERS = 16
"""Of a process: with fewer, some processes would have twice the users of others."""
_SHARE_OF_CORES = 4
"""A native request costs a fifth to a third of the cheapest server's: a quarter of the cores keeps up with the rest."""


def split(load: Load, most: int) -> int:
    """The processes, `most` at most, that a load is shared out to.

    One for each 10,000 sessions per second, which are those of an open load at its peak, or of users who think; all of
    them where nobody knows the rate ahead, as long as each has 16 users.
    """
    if isinstance(load, OpenLoad):
        fitting = math.ceil(load.arrivals_per_s / _PER_SECOND)
    elif load.think_s:
        fitting = math.ceil(load.users / load.think_s / _PER_SECOND)
    else:
        fitting = load.users // _FEWEST_USERS
    return max(1, min(most, fitting))


def wanted_cpus(plan: Plan, cores: int) -> int:
    """The CPUs that the generators of a plan can use on a machine of so many cores.

    What is measured in slices is made by one process. A quarter of the cores is for loads of unknown rate, and half of
    them for others, as the server needs some, too.
    """
    if plan.processes:
        return plan.processes
    stretches = {cell.load for cell in cells(plan) if cell.engine == "native" and not cell.in_slices}
    return max((split(load, _most(load, cores)) for load in stretches), default=1)


def cpus_for_any_load(cores: int) -> int:
    """The CPUs for generators of loads whose rate nobody knows ahead, on a machine of so many cores."""
    return max(1, cores // _SHARE_OF_CORES)


def _most(load: Load, cores: int) -> int:
    knows_rate = isinstance(load, OpenLoad) or load.think_s > 0
    return cores // 2 if knows_rate else cpus_for_any_load(cores)
