"""Fisher's exact test: does the head hit more often than the base?

Our own: `scipy.stats` would add 143 MB and a second to `bench compare` (docs/architecture.md). The tests compare it
with enumeration and with SciPy's answers.
"""

from __future__ import annotations

import math


def p_more_often(base_hits: int, base_tries: int, head_hits: int, head_tries: int) -> float:
    """One-sided p against "the head hits more often", given the number of hits in both together.

    Source: Fisher, The logic of inductive inference, 1935 (his exact test of two binomials, by the hypergeometric
    distribution).
    """
    hits, tries = base_hits + head_hits, base_tries + head_tries
    most = min(hits, head_tries)
    log_all = log_ways(head_tries, tries)
    return min(
        1.0,
        sum(
            math.exp(log_ways(some, hits) + log_ways(head_tries - some, tries - hits) - log_all)
            for some in range(max(head_hits, head_tries - (tries - hits)), most + 1)
        ),
    )


def log_ways(chosen: int, among: int) -> float:
    """The logarithm of the binomial coefficient, which may be larger than any float."""
    return math.lgamma(among + 1) - math.lgamma(chosen + 1) - math.lgamma(among - chosen + 1)
