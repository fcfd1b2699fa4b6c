"""A process that takes half a core at random times: `python -m tools.calibration.neighbour SEED SECONDS`.

Phases of work and of rest take turns; each is 1 s long in the mean, and of random length. In a phase of work it spins
for as long as it sleeps. It ends by itself after SECONDS.
"""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Iterator

MEAN_S = 1.0
_SPIN_S = 0.005


def phases(seed: int, within_s: float) -> Iterator[tuple[bool, float]]:
    """Whether it works, and for how many seconds, in turn; all together last `within_s`."""
    draw = random.Random(seed)
    left_s, working = within_s, True
    while left_s > 0:
        length_s = min(left_s, draw.expovariate(1 / MEAN_S))
        yield working, length_s
        left_s -= length_s
        working = not working


def disturb(length_s: float) -> None:
    """Take half a core for some seconds."""
    end_s = time.monotonic() + length_s
    while time.monotonic() < end_s:
        spin_until_s = time.monotonic() + _SPIN_S
        while time.monotonic() < spin_until_s:
            pass
        time.sleep(_SPIN_S)


def _main(seed: int, within_s: float) -> None:
    for working, length_s in phases(seed, within_s):
        (disturb if working else time.sleep)(length_s)


if __name__ == "__main__":
    _main(int(sys.argv[1]), float(sys.argv[2]))
