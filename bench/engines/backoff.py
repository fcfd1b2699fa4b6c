"""How long to leave a server alone that refuses or drops connections: each time longer, and never all at once."""

from __future__ import annotations

from random import Random

AT_ONCE = 8
"""Setbacks in a row after which a server is asked again at once: one that drops some requests still answers others, and
pauses between them would look like its stalls."""

_FIRST_NS = 20_000_000
_LONGEST_NS = 500_000_000
"""Not longer, as a server that comes back would seem to take so much longer for it."""
_MOST_DOUBLINGS = 10
_SPREAD = (0.5, 1.5)


def pause_ns(setbacks: int, rng: Random) -> int:
    """The pause after so many setbacks in a row: 20 ms, doubled each time up to half a second, half more or less."""
    doublings = min(setbacks - AT_ONCE - 1, _MOST_DOUBLINGS)
    if doublings < 0:
        return 0
    return int(min(_FIRST_NS << doublings, _LONGEST_NS) * rng.uniform(*_SPREAD))
